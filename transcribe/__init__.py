"""Confidential interviews in, coding-ready de-identified transcripts out, on one machine without a network."""

__version__ = "0.1.0"
