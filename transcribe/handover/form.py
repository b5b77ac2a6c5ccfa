"""In which form a release is exported: which files, rendering and line ends (`transcribe export --format …`)."""

from dataclasses import dataclass, replace

from transcribe.conventions import Rendering
from transcribe.errors import UsageError
from transcribe.exports.bundle import BundleOptions
from transcribe.exports.bundle_files import RELEASED, all_formats
from transcribe.exports.manifest import Newline, Settings


@dataclass(frozen=True, slots=True)
class ExportForm:
    """What differs from the release; nothing by default.

    `formats` are names of `bundle_files`: the files of these alone are exported; empty: those of a release.
    `rendering` None: the study's. `redactions_coded`: `study.qdpx` has a coding for every redaction.
    """

    formats: tuple[str, ...] = ()
    rendering: Rendering | None = None
    newline: Newline = "lf"
    redactions_coded: bool = False

    def has(self, name: str) -> bool:
        """Whether files of a format are exported."""
        return name in (self.formats or RELEASED)

    def options(self, released: BundleOptions) -> BundleOptions:
        """How to build a bundle of this form: all that a release has, by which it can be checked, and what is asked."""
        return replace(
            released,
            rendering=self.rendering or released.rendering,
            newline=self.newline,
            redactions_coded=self.redactions_coded,
            formats=tuple(name for name in all_formats() if name in (*RELEASED, *self.formats)),
        )

    def is_as_released(self, settings: Settings) -> bool:
        """Whether the files are those of the release with these settings, to the byte."""
        same = (settings.rendering, settings.newline, settings.redactions_coded)
        return not self.formats and same == (self.rendering or same[0], self.newline, self.redactions_coded)


def read_formats(text: str) -> tuple[str, ...]:
    """The value of `--format`: names separated by commas. Raises `UsageError` naming those that there are."""
    known = all_formats()
    named = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in named if name not in known]
    if unknown or not named:
        wrong = f"there is no {', '.join(unknown)}" if unknown else "no format is named"
        raise UsageError(f"--format: {wrong}; there are: {', '.join(known)}")
    return tuple(name for name in known if name in named)
