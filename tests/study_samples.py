"""Small studies for the tests of the files about the whole study."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.export_samples import OPTIONS, small, transcript, utterance
from transcribe.exports import manifest, turns
from transcribe.exports.bundle import BundleOptions, LabLists, build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.study_text import StudyText
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode

FORMATS = (*OPTIONS.formats, "coding-sheet")
EVERYTHING = replace(OPTIONS, formats=FORMATS)
LISTS = LabLists(
    guide=(
        GuideQuestion("q1", "PSW", "How did the day start?"),
        GuideQuestion("q1", "PIR", "How did your day start?"),
        GuideQuestion("q2", "", "What comes next?"),
    ),
    codes=(
        StarterCode("question", "", "Something is asked", "#4477aa"),
        StarterCode("=SUM(A1)", "talk", 'told & <"marked">'),
        StarterCode("answer", "question"),
    ),
    asked={"P01-PSW": {"u0001": "q1", "u0006": "q2"}},
)


def in_pair(item: CoderTranscript, pair: str) -> CoderTranscript:
    return replace(item, header=replace(item.header, pair=pair))


def session(item: CoderTranscript, number: int, month: str) -> CoderTranscript:
    return replace(item, header=replace(item.header, session=number, month=month))


def pairs() -> list[CoderTranscript]:
    """Two pairs: an interview of each of the first, a second session, an observed one; the second has one interview."""
    partner = transcript(
        utterance(1, "INT", 0.0, 2.0, "What comes next?"),
        utterance(2, "P01-PIR", 3.0, 9.0, "\u05e9\u05dc\u05d5\u05dd \u6211\u5011 [P01-PSW] and [P01-PIR-SISTER_1].",
                  "[P01-PSW]", "[P01-PIR-SISTER_1]", flags=("unsupported",)),
        recording="P01-PIR", role="PIR",
    )  # fmt: skip
    observed = transcript(
        utterance(1, "P01-PSW", 0.0, 4.0, "Shall we walk?"),
        utterance(2, "P01-PIR", 5.0, 6.0, "Yes."),
        utterance(3, "OTHER-1", 7.0, 8.0, "Hello."),
        recording="P01-OBS", role="OBS",
    )  # fmt: skip
    later = transcript(utterance(1, "P01-PSW", 1.0, 3.0, "Once more."), recording="P01-PSW-S2", duration=30.0)
    other = transcript(utterance(1, "P02-PSW", 1.0, 3.0, "Something else."), recording="P02-PSW")
    return [small(), partner, observed, session(later, 2, "2024-05"), in_pair(other, "P02")]


def bundle(
    items: Sequence[CoderTranscript] | None = None, options: BundleOptions = EVERYTHING, lists: LabLists = LISTS
) -> dict[str, bytes]:
    """All files of a bundle of the items, or of `pairs`."""
    return build(pairs() if items is None else items, [], options, lists=lists)


def study_text(files: Mapping[str, bytes]) -> StudyText:
    """What the files about a whole study are checked against."""
    found = manifest.parse(files["manifest.json"])
    rows = turns.parse(files["turns.csv"])
    by_name = {entry.id: tuple(row for row in rows if row.transcript == entry.id) for entry in found.transcripts}
    return StudyText(found.settings, found.transcripts, by_name)
