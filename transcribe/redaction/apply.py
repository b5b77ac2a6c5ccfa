"""The one place where redacted text is written: nothing else makes a `RedactedTranscript`.

Words that were said while another spoke stand between two `//` (Dresing and Pehl), so that all files made from the
text have the sign. It never stands in a mark: a run of such words that holds part of one encloses the whole.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from transcribe.errors import ValidationError
from transcribe.overlap import OVERLAP
from transcribe.records import (
    MarkSpan,
    RedactedTranscript,
    RedactedUtterance,
    Redaction,
    RedactionList,
    Transcript,
    Utterance,
)
from transcribe.redaction.registry import MARK

_SPEAKER = re.compile(r"[A-Z][A-Z0-9_-]{0,15}")
_ROUND = str.maketrans("[]", "()")
"""Square brackets are for marks alone: one that was recognised in speech becomes a round one, of the same length."""
OVERLAP_SIGN = "//"
_SLASHES = re.compile(r"/(?=/)")
"""Slashes that a recogniser wrote side by side (a web address) are parted, so that the sign means one thing."""


def without_overlap_signs(text: str) -> str:
    """A finished text as a detector or a search should read it: `Janet //Lau//` is one name."""
    return text.replace(OVERLAP_SIGN, "")


def redact_transcript(
    transcript: Transcript, redactions: RedactionList, *, overlap_signs: bool = True
) -> RedactedTranscript:
    """The transcript with every span of `redactions` replaced by its mark, and with no words or probabilities.

    Overlapping spans are united and get the mark of the longest. Offsets of `MarkSpan` are code points of the new text.
    All other text stays as it is, except that square brackets become round ones, and that `//` in recognised speech
    becomes `/ /`; without `overlap_signs` the text is the same but for the signs. Raises `ValidationError` when the
    list is another recording's, names an unknown utterance, leaves an utterance's text or has a malformed mark: a
    redaction that cannot be applied must not be dropped.
    """
    if redactions.recording != transcript.recording:
        raise ValidationError(f"{transcript.recording}: the redactions are those of {redactions.recording}")
    by_utterance: dict[str, list[Redaction]] = {utterance.id: [] for utterance in transcript.utterances}
    if len(by_utterance) != len(transcript.utterances):
        raise ValidationError(
            f"{transcript.recording}: two utterances have one id; delete transcript.json and run again"
        )
    for redaction in redactions.redactions:
        if redaction.utterance not in by_utterance:
            raise ValidationError(f"{transcript.recording}: a redaction names an utterance that does not exist")
        by_utterance[redaction.utterance].append(redaction)
    return RedactedTranscript(
        recording=transcript.recording,
        utterances=tuple(
            _redact(transcript.recording, utterance, by_utterance[utterance.id], overlap_signs)
            for utterance in transcript.utterances
        ),
        events=transcript.events,
    )


def _redact(recording: str, utterance: Utterance, redactions: Sequence[Redaction], signs: bool) -> RedactedUtterance:
    where = f"{recording}: utterance {utterance.id}"
    if not _SPEAKER.fullmatch(utterance.speaker):
        raise ValidationError(f"{where}: the speaker label is not a code such as P01-PSW or INT")
    spans = _united(where, utterance.text, redactions)
    edges = sorted(edge for run in _overlaps(utterance, spans) for edge in run) if signs else []
    pieces: list[str] = []
    marks: list[MarkSpan] = []
    length = position = 0
    for start, end, chosen in spans:
        kept = _kept(utterance, position, start, edges)
        begin = length + len(kept)
        length = begin + len(chosen.mark)
        pieces += [kept, chosen.mark]
        marks.append(MarkSpan(begin, length, chosen.mark, chosen.label, chosen.class_))
        position = end
    pieces.append(_kept(utterance, position, len(utterance.text), edges))
    return RedactedUtterance(
        id=utterance.id,
        speaker=utterance.speaker,
        language=utterance.language,
        start=utterance.start,
        end=utterance.end,
        text="".join(pieces),
        marks=tuple(marks),
        flags=utterance.flags,
    )


def _kept(utterance: Utterance, start: int, end: int, edges: Iterable[int]) -> str:
    """What stays of `[start, end)` of the text, a sign at each of `edges` that lies in it or at its ends."""
    cuts = [start, *(edge for edge in edges if start <= edge <= end), end]
    return OVERLAP_SIGN.join(_plain(utterance, a, b) for a, b in pairwise(cuts))


def _plain(utterance: Utterance, start: int, end: int) -> str:
    text = utterance.text[start:end].translate(_ROUND)
    # Documents have no words: their slashes are their own, and stay.
    if not utterance.words:
        return text
    text = _SLASHES.sub("/ ", text)
    return f"{text} " if text.endswith("/") and utterance.text[end : end + 1] == "/" else text


def _overlaps(utterance: Utterance, marked: Sequence[tuple[int, int, Redaction]]) -> list[tuple[int, int]]:
    """The runs of words that were said while another spoke (code points), each with the whole of every mark it meets.

    Runs with nothing but white space between them are one.
    """
    runs: list[tuple[int, int]] = []
    for word in utterance.words:
        if OVERLAP not in word.flags or word.offset[0] == word.offset[1]:
            continue
        met = [(start, end) for start, end, _ in marked if start < word.offset[1] and word.offset[0] < end]
        begin, stop = min([word.offset[0], *(a for a, _ in met)]), max([word.offset[1], *(b for _, b in met)])
        if runs and not utterance.text[runs[-1][1] : begin].strip():
            runs[-1] = (runs[-1][0], max(runs[-1][1], stop))
        else:
            runs.append((begin, stop))
    return runs


def _united(where: str, text: str, redactions: Sequence[Redaction]) -> list[tuple[int, int, Redaction]]:
    """Disjoint spans in order, each with the redaction whose mark it gets; spans that only touch stay two."""
    result: list[tuple[int, int, Redaction]] = []
    for redaction in sorted(redactions, key=lambda r: (r.start, -r.end, r.entity, r.mark)):
        if not 0 <= redaction.start < redaction.end <= len(text):
            raise ValidationError(f"{where}: a redaction lies outside the text")
        if not MARK.fullmatch(redaction.mark):
            raise ValidationError(f"{where}: a redaction has no proper mark")
        if result and redaction.start < result[-1][1]:
            start, end, chosen = result[-1]
            longer = redaction.end - redaction.start > chosen.end - chosen.start
            result[-1] = (start, max(end, redaction.end), redaction if longer else chosen)
        else:
            result.append((redaction.start, redaction.end, redaction))
    return result
