"""The coder bundle: one module per file format; all of them pure functions of `RedactedTranscript`s."""
