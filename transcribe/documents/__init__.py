"""Text that exists already, older transcripts and field notes, de-identified with the study's registry."""
