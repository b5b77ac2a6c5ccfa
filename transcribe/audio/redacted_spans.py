"""Which stretches of a recording must not be heard in its redacted sound; pure.

Five kinds are silenced:

1. Every word that a redaction touches, from its times in the transcript, with `PADDING` on both sides.
2. The whole utterance, with `UTTERANCE_PADDING`, where it is not certain when the redacted words were said: the text
   of the redaction has no word under it, or a word has no length or lies outside the recording.
3. Every event of the transcript: what was withdrawn, voices without consent, whatever else has no text.
4. Speech of the mask that no word covers. It never became text, so nobody looked for a name in it: Whisper left out a
   sentence, or its words were taken out of the transcript. Pauses stay: a gap between words counts from `LONGEST_PAUSE`
   on, and is then silenced as a whole.
5. Two voices at once for `SHORTEST_OVERLAP` or more: Whisper writes one of them, so that the other was never checked.

What lies outside the mask is left as it is (breath, laughter, crying: what coders ask for sound for). Speech that the
mask has missed may be in there; the check of the finished file listens to it (`audio/redacted.py`). No rule finds a
single word that Whisper left out between two others, as it stretches its neighbours over it; that check alone does.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from transcribe.errors import WithheldError
from transcribe.intervals import joined, without
from transcribe.records import Diarization, Interval, Redaction, RedactionList, SpeechTurn, Transcript, Utterance

PADDING = 0.25
"""Seconds silenced before and after a redacted word or an event: what word times are uncertain by."""
UTTERANCE_PADDING = 1.0
"""Seconds silenced before and after an utterance whose word times cannot be trusted."""
LONGEST_PAUSE = 0.6
"""Seconds of the speech mask without a word that are a pause: its margins (2 × 0.15 s) and the gap it bridges (0.3 s).
Takes 3 to 8 % of the mask of our samples (quality draft): pauses, tails of words, a back-channel that Whisper had left
out; of far-field meetings 7 to 51 %: that much never became text."""
EDGE = 0.1
"""Seconds around a word that are taken for part of it."""
SHORTEST_OVERLAP = 0.3
"""Seconds: in less nobody is named, and diarisers let turns overlap by so much where voices change."""
SHORTEST_SOUND = 0.2
"""Seconds: what would be left between two silenced stretches is silenced, too, when it is shorter."""

_QUICK = 0.02
"""Seconds a letter: nobody speaks faster. Part of such a word's sound lies under its neighbours."""
_SLOW = 0.2
_SLOWEST = 1.0
"""A word longer than `_SLOWEST` and `_SLOW` a letter has been stretched over something else: it covers no speech."""
_BEYOND_END = 0.5
"""Seconds that times may pass the end of the recording by rounding of frames (`stages.TIME_SLACK`)."""


def spans_to_silence(
    transcript: Transcript, redactions: RedactionList, diarization: Diarization, duration: float
) -> tuple[Interval, ...]:
    """The stretches to be silenced: seconds within [0, duration), sorted, disjoint, half-open, on the 1 ms grid.

    Transcript and redactions are those of one level, `duration` (s) is the recording's. Raises `WithheldError`, naming
    the recording, when it cannot be said what is to be silenced: the redactions are another recording's or of another
    state of the transcript, or times are no times at all.
    """
    name = transcript.recording
    by_utterance = {utterance.id: utterance for utterance in transcript.utterances}
    if redactions.recording != name or len(by_utterance) != len(transcript.utterances):
        raise _stale(name)
    heard = [*diarization.speech, *((turn.start, turn.end) for turn in diarization.turns)]
    # A withdrawn stretch may reach beyond the recording's end; turned round or not a number, it says nothing.
    silent = [(event.start, event.end) for event in transcript.events]
    if not all(_is_time(*span, duration) for span in heard) or not all(start <= end for start, end in silent):
        raise _no_times(name)
    spans = padded(silent)
    for redaction in redactions.redactions:
        utterance = by_utterance.get(redaction.utterance)
        if utterance is None or not 0 <= redaction.start < redaction.end <= len(utterance.text):
            raise _stale(name)
        spans += _redacted(name, utterance, redaction, duration)
    spans += unchecked_speech(transcript, diarization.speech, duration)
    spans += voices_at_once(diarization.turns)
    return united(spans, duration)


def complement(spans: Sequence[Interval], duration: float) -> tuple[Interval, ...]:
    """What of [0, duration) lies in none of the sorted, disjoint spans."""
    return tuple(without([(0.0, duration)], spans))


def padded(spans: Iterable[Interval]) -> list[Interval]:
    """The spans with `PADDING` on both sides."""
    return [(start - PADDING, end + PADDING) for start, end in spans]


def united(spans: Iterable[Interval], duration: float) -> tuple[Interval, ...]:
    """Spans within the recording, outwards to the next millisecond, joined; also with its ends where they are near."""
    inside = [(max(start, 0.0), min(end, duration)) for start, end in spans if start < duration and end > 0]
    grid = [(math.floor(start * 1000) / 1000, math.ceil(end * 1000) / 1000) for start, end in inside]
    stretched = [
        (0.0 if start < SHORTEST_SOUND else start, duration if duration - end < SHORTEST_SOUND else end)
        for start, end in grid
    ]
    return tuple(joined(stretched, SHORTEST_SOUND))


def audible_letters(transcript: Transcript, spans: Sequence[Interval]) -> int:
    """How many characters of the transcript's words remain to be heard."""
    return sum(
        len(word.text)
        for utterance in transcript.utterances
        for word in utterance.words
        if not any(start < word.end and word.start < end for start, end in spans)
    )


def unchecked_speech(transcript: Transcript, speech: Sequence[Interval], duration: float) -> list[Interval]:
    """The stretches of the mask between words that are too long for a pause; what is said in them is nowhere written.

    A word without plausible times covers nothing.
    """
    words = [
        (word.start - EDGE, word.end + EDGE)
        for utterance in transcript.utterances
        for word in utterance.words
        if _is_time(word.start, word.end, duration) and word.end - word.start <= _SLOWEST + _SLOW * len(word.text)
    ]
    covered = joined(words)
    gaps = pairwise([-math.inf, *(edge for span in covered for edge in span), math.inf])
    free = list(gaps)[::2]
    found = []
    first = 0
    for start, end in joined(speech):
        while free[first][1] <= start:
            first += 1
        for index in range(first, len(free)):
            if free[index][0] >= end:
                break
            piece = (max(start, free[index][0]), min(end, free[index][1]))
            if piece[1] - piece[0] > LONGEST_PAUSE - 2 * EDGE:
                found.append(piece)
    return found


def voices_at_once(turns: Sequence[SpeechTurn]) -> list[Interval]:
    """Where turns of different voices overlap for `SHORTEST_OVERLAP` or more."""
    ordered = sorted(turns, key=lambda turn: turn.start)
    shared: list[Interval] = []
    for number, turn in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other.start >= turn.end:
                break
            if other.speaker != turn.speaker:
                shared.append((other.start, min(turn.end, other.end)))
    return [(start, end) for start, end in joined(shared) if end - start >= SHORTEST_OVERLAP]


def _redacted(name: str, utterance: Utterance, redaction: Redaction, duration: float) -> list[Interval]:
    """Where a redaction's words were said, padded; the whole utterance when that is not certain."""
    words = utterance.words
    touched = [n for n, word in enumerate(words) if word.offset[0] < redaction.end and word.offset[1] > redaction.start]
    held = {position for n in touched for position in range(*words[n].offset)}
    text = range(redaction.start, redaction.end)
    bare = any(position not in held and not utterance.text[position].isspace() for position in text)
    spans = [_said(utterance, number, duration) for number in touched]
    if bare or not touched or None in spans:
        return [_whole(name, utterance, duration)]
    return padded(filter(None, spans))


def _said(utterance: Utterance, number: int, duration: float) -> Interval | None:
    """When a word was said, with its neighbours where it is too short to have been said; None: nobody knows."""
    words = utterance.words
    word = words[number]
    trusted = _is_time(word.start, word.end, duration) and word.end > word.start and "unsupported" not in word.flags
    if not trusted or utterance.text[slice(*word.offset)] != word.text:
        return None
    if word.end - word.start >= _QUICK * sum(sign.isalnum() for sign in word.text):
        return word.start, word.end
    before = words[number - 1].start if number else word.start - UTTERANCE_PADDING
    after = words[number + 1].end if number + 1 < len(words) else word.end + UTTERANCE_PADDING
    if not (math.isfinite(before) and math.isfinite(after)):
        return None
    return min(before, word.start), max(after, word.end)


def _whole(name: str, utterance: Utterance, duration: float) -> Interval:
    """The utterance and whatever of its words lies outside of it; raises `WithheldError` when it has no times."""
    if not _is_time(utterance.start, utterance.end, duration):
        raise _no_times(name)
    times = [time for word in utterance.words for time in (word.start, word.end) if math.isfinite(time)]
    start, end = min([utterance.start, *times]), max([utterance.end, *times])
    return start - UTTERANCE_PADDING, end + UTTERANCE_PADDING


def _is_time(start: float, end: float, duration: float) -> bool:
    """Whether a span lies on the recording's timeline; false for what is no number."""
    return 0 <= start <= end <= duration + _BEYOND_END


def _stale(name: str) -> WithheldError:
    return WithheldError(f"{name}: its redactions are not those of its transcript; no sound is given: run again")


def _no_times(name: str) -> WithheldError:
    return WithheldError(f"{name}: when something was said in it is not known; its sound cannot be redacted")
