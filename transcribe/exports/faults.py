"""What the checks of a finished bundle say when one fails: that it is no fault of the lab's."""

from transcribe.errors import ValidationError


def fault(where: str, check: str) -> ValidationError:
    """The error for a check that failed; `where` is a transcript, an utterance or a file, `check` quotes nothing."""
    return ValidationError(f"{where}: {check}; nothing was published. This is a fault of the program: report it")
