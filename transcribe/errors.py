"""Every error a user can meet, each with the exit code that the process ends with.

The message of an error is shown to the lab as it is: it says what is wrong and what to do, names a recording by
its id and never quotes transcript text, a name, or an original file name: the recording's row in the manifest has that.
"""

EXIT_OK = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_DEPENDENCY = 4
EXIT_ENGINE = 5
EXIT_VALIDATION = 6
EXIT_WITHHELD = 7
EXIT_SOME_FAILED = 8
EXIT_INTERRUPTED = 130


class TranscribeError(Exception):
    """Base of all errors that are told to the user; the message says what to do."""

    exit_code = EXIT_BUG

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(TranscribeError):
    """A command line, setting, manifest or folder that cannot be used."""

    exit_code = EXIT_USAGE


class InputError(TranscribeError):
    """A media file that cannot be read or holds no usable sound."""

    exit_code = EXIT_INPUT


class DependencyError(TranscribeError):
    """A missing program, package, device or model; the message holds the command that mends it."""

    exit_code = EXIT_DEPENDENCY


class EngineError(TranscribeError):
    """Whisper, pyannote or another engine failed on a recording."""

    exit_code = EXIT_ENGINE


class ValidationError(TranscribeError):
    """Something that was produced failed its own check; nothing of it was published."""

    exit_code = EXIT_VALIDATION


class WithheldError(TranscribeError):
    """Privacy cannot be guaranteed, so nothing reaches the coders."""

    exit_code = EXIT_WITHHELD


class CorruptFileError(ValidationError):
    """A file of the study does not hold what its format says."""
