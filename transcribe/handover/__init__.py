"""Hand-overs: a checked copy of a release, at a level, with redacted audio where agreed, on record."""
