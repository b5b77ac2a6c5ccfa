"""The one place where redacted text is written: nothing else makes a `RedactedTranscript`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from transcribe.errors import ValidationError
from transcribe.records import (
    MarkSpan,
    RedactedTranscript,
    RedactedUtterance,
    RedactedWord,
    Redaction,
    RedactionList,
    Transcript,
    Utterance,
    UtteranceWord,
)
from transcribe.redaction.registry import MARK

_SPEAKER = re.compile(r"[A-Z][A-Z0-9_-]{0,15}")
_ROUND = str.maketrans("[]", "()")
"""Square brackets are for marks alone: one that was recognised in speech becomes a round one, of the same length."""
_SEG = re.compile(r"<(?=/?seg>)")
"""The other form of a mark (`conventions.mark_in`)."""


def _plain(text: str) -> str:
    """Speech that holds no mark, of the same length."""
    return _SEG.sub("(", text.translate(_ROUND))


def redact_transcript(transcript: Transcript, redactions: RedactionList) -> RedactedTranscript:
    """The transcript with every span of `redactions` replaced by its mark; of its words nothing but where they stand.

    Overlapping spans are united and get the mark of the longest. Offsets are code points of the new text. All other
    text stays as it is, except that square brackets become round ones. Raises `ValidationError` when the list is
    another recording's, names an unknown utterance, leaves an utterance's text or has a malformed mark: a redaction
    that cannot be applied must not be dropped.
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
            _redact(transcript.recording, utterance, by_utterance[utterance.id]) for utterance in transcript.utterances
        ),
        events=transcript.events,
    )


def _redact(recording: str, utterance: Utterance, redactions: Sequence[Redaction]) -> RedactedUtterance:
    where = f"{recording}: utterance {utterance.id}"
    if not _SPEAKER.fullmatch(utterance.speaker):
        raise ValidationError(f"{where}: the speaker label is not a code such as P01-PSW or INT")
    spans = _united(where, utterance.text, redactions)
    pieces: list[str] = []
    marks: list[MarkSpan] = []
    length = position = 0
    for start, end, chosen in spans:
        kept = _plain(utterance.text[position:start])
        begin = length + len(kept)
        length = begin + len(chosen.mark)
        pieces += [kept, chosen.mark]
        marks.append(MarkSpan(begin, length, chosen.mark, chosen.label, chosen.class_))
        position = end
    pieces.append(_plain(utterance.text[position:]))
    replaced = [(start, end) for start, end, _ in spans]
    return RedactedUtterance(
        id=utterance.id,
        speaker=utterance.speaker,
        language=utterance.language,
        start=utterance.start,
        end=utterance.end,
        text="".join(pieces),
        marks=tuple(marks),
        flags=utterance.flags,
        words=_words(utterance.words, replaced, marks),
    )


def _words(
    words: Sequence[UtteranceWord], replaced: Sequence[tuple[int, int]], marks: Sequence[MarkSpan]
) -> tuple[RedactedWord, ...]:
    """Where each word stands in the new text; those that meet in a mark are one."""
    found: list[RedactedWord] = []
    for word in words:
        if word.offset[0] == word.offset[1]:
            continue
        start = _moved(word.offset[0], replaced, marks, end=False)
        stop = _moved(word.offset[1], replaced, marks, end=True)
        if found and start < found[-1].offset[1]:
            last = found[-1]
            found[-1] = replace(
                last,
                start=min(last.start, word.start),
                end=max(last.end, word.end),
                probability=min(last.probability, word.probability),
                offset=(last.offset[0], max(last.offset[1], stop)),
                flags=tuple(dict.fromkeys((*last.flags, *word.flags))),
            )
        else:
            found.append(RedactedWord(word.start, word.end, word.probability, (start, stop), word.flags))
    return tuple(found)


def _moved(edge: int, replaced: Sequence[tuple[int, int]], marks: Sequence[MarkSpan], *, end: bool) -> int:
    """A word's start or end in the new text: one inside what is replaced is the mark's."""
    shift = 0
    for (start, stop), mark in zip(replaced, marks, strict=True):
        if (edge <= start) if end else (edge < start):
            break
        if (edge <= stop) if end else (edge < stop):
            return mark.end if end else mark.start
        shift = mark.end - stop
    return edge + shift


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
