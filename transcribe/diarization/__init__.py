"""Who spoke when: pyannote.audio behind `transcribe.engines.Diarizer`, and which person a voice is.

Importing this package loads neither torch nor pyannote: `pyannote_pipeline` and `campplus` do, `roles` does not.
"""
