"""Recognition: OpenAI's Whisper weights with this project's own batched decoding and word times.

Nothing is imported here, so that `transcribe.recognition.windows` stays free of torch.
"""
