"""What the files about the whole study are made from: the manifest's entries and the rows of turns.csv.

They hold all that coders may know, so that a file of the study can also be made from a release's own files, when
nothing can be made anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from transcribe.exports import turns
from transcribe.exports.layout import ExportHeader
from transcribe.exports.manifest import Settings, TranscriptEntry
from transcribe.exports.turns import TurnRow
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode


@dataclass(frozen=True, slots=True)
class StudyText:
    """All transcripts of a bundle, in the order of their ids; `rows` by id, in the order of the txt."""

    settings: Settings
    transcripts: tuple[TranscriptEntry, ...]
    rows: Mapping[str, tuple[TurnRow, ...]]
    guide: tuple[GuideQuestion, ...] = ()
    codes: tuple[StarterCode, ...] = ()

    def text(self, entry: TranscriptEntry) -> str:
        """A transcript's txt without its BOM, in whose code points rows have their positions."""
        newline = turns.NEWLINES[self.settings.newline]
        return turns.render(header_of(entry, self.settings), self.rows[entry.id], newline)


def header_of(entry: TranscriptEntry, settings: Settings) -> ExportHeader:
    """The head of a transcript, from what the manifest says."""
    return ExportHeader(
        recording=entry.id,
        pair=entry.pair,
        role=entry.role,
        month=entry.month,
        duration=entry.duration_ms / 1000,
        version=entry.version,
        review=entry.review,
        draft=entry.draft,
        rendering=settings.rendering,
        session=entry.session,
    )
