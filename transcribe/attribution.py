"""Who said what: recognised words and speaker turns become utterances; pure, no torch.

Rules, in this order:
1. A word belongs to the voice whose exclusive turn it overlaps most; a word in no turn to the nearest turn within
   `NEAR` seconds; else to nobody (`SPEAKER-0`).
2. Recognisers and diarisers disagree by a few tenths of a second about where a turn begins. A change of voice that
   falls inside a sentence moves to the sentence's end if that is at most two words and `EDGE` seconds away and there
   is no pause at the change. With one, up to two words still go to the next voice when they begin a sentence after a
   longer pause ("… a voucher?" — "Yes," – "it's …"). A single word of another voice inside a sentence joins it.
3. A new utterance begins when the voice or the language changes, after a pause of `SENTENCE_PAUSE` at a sentence's
   end, and after a pause of `LONG_PAUSE` anywhere.
4. Voices get their people's labels later, over the whole study (`transcribe.diarization.roles`).
"""

import dataclasses
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcribe.diarization.roles import NO_VOICE
from transcribe.records import (
    Diarization,
    Recognition,
    SpeakerRole,
    SpeechTurn,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)

ATTRIBUTION_VERSION = 2
"""Raised whenever the same words and turns would give another transcript."""

NEAR = 1.0
"""Seconds from a turn within which a word outside all turns still belongs to it."""
EDGE = 0.7
"""Seconds around a change of voice within which a word may change hands."""
EDGE_WORDS = 2
"""Words that may change hands at a change of voice."""
REAL_PAUSE = 0.4
"""A silence (s) that shows a change of voice to be where the diariser says, unless there is a longer one nearby."""
EDGE_AFTER_PAUSE = 1.2
"""Seconds before a change of voice within which a word after a pause, at a sentence's beginning, may change hands."""
SENTENCE_PAUSE = 1.5
LONG_PAUSE = 4.0

UNSUPPORTED = "unsupported"
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSING = "\"'”’)]」』）"
_FIRST_CJK = "⺀"
"""From this code point on scripts write words without spaces between them (Korean does, and its words bring theirs)."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word with what its segment knows, and whether a space parts it from the word before."""

    word: Word
    language: str
    spaced: bool


def attribute(recognition: Recognition, diarization: Diarization) -> Transcript:
    """The transcript of one recording, its speakers still voices: every recognised word once, in their order.

    The order of the diarisation's turns plays no part. Words of nothing but white space are left out.
    """
    spoken = list(_spoken_words(recognition))
    words = [item.word for item in spoken]
    voices = smooth(words, word_voices(words, diarization.exclusive))
    return Transcript(recognition.recording, tuple(_utterances(spoken, voices)))


def name_speakers(transcript: Transcript, roles: Sequence[SpeakerRole]) -> Transcript:
    """The transcript with its voices replaced by the speakers that `roles` gives them, all of them."""
    labels = {role.voice: role.speaker for role in roles}
    named = tuple(dataclasses.replace(u, speaker=labels[u.speaker]) for u in transcript.utterances)
    return dataclasses.replace(transcript, utterances=named, speakers=tuple(roles))


def word_voices(words: Sequence[Word], turns: Sequence[SpeechTurn]) -> list[str]:
    """The voice of each word by the turns alone (rule 1). `turns` may come in any order and must not overlap."""
    ordered = sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))
    starts = [turn.start for turn in ordered]
    return [_voice_of(word, ordered, starts) for word in words]


def _voice_of(word: Word, turns: Sequence[SpeechTurn], starts: Sequence[float]) -> str:
    voice, best = NO_VOICE, (0.0, -NEAR)
    # From the last turn that may be near enough back to the first: turns do not overlap, so their ends are in order.
    for turn in reversed(turns[: bisect_right(starts, word.end + NEAR)]):
        if turn.end < word.start - NEAR:
            break
        overlap = max(0.0, min(turn.end, word.end) - max(turn.start, word.start))
        distance = max(turn.start - word.end, word.start - turn.end, 0.0)
        if (overlap, -distance) >= best:
            voice, best = turn.speaker, (overlap, -distance)
    return voice


def smooth(words: Sequence[Word], voices: Sequence[str]) -> list[str]:
    """`voices` with changes of voice moved to sentence ends and single-word islands joined (rule 2)."""
    changed = list(voices)
    for number in range(1, len(words)):
        before, after = changed[number - 1], changed[number]
        if before == after or NO_VOICE in (before, after) or ends_sentence(words[number - 1]):
            continue
        target = _sentence_boundary(words, changed, number)
        if target is not None and target < number:
            changed[target:number] = [after] * (number - target)
        elif target is not None:
            changed[number:target] = [before] * (target - number)
    for number in range(1, len(words) - 1):
        before, own, after = changed[number - 1 : number + 2]
        inside = not ends_sentence(words[number - 1]) and not ends_sentence(words[number])
        close = _gap(words, number) < REAL_PAUSE and _gap(words, number + 1) < REAL_PAUSE
        if before == after != own and NO_VOICE not in (before, own) and inside and close:
            changed[number] = before
    return changed


def ends_sentence(word: Word) -> bool:
    """Whether the word's text ends a sentence, closing quotes aside."""
    return word.text.strip().rstrip(_CLOSING).endswith(SENTENCE_ENDS)


def _gap(words: Sequence[Word], number: int) -> float:
    """Seconds of silence before word `number`."""
    return words[number].start - words[number - 1].end


def _sentence_boundary(words: Sequence[Word], voices: Sequence[str], number: int) -> int | None:
    """Where the change before word `number` belongs: the nearest sentence boundary within reach, earlier first."""
    moment = (words[number - 1].end + words[number].start) / 2
    pause = _gap(words, number)
    for steps in range(1, EDGE_WORDS + 1):
        earlier, later = number - steps, number + steps
        if (
            earlier > 0
            and ends_sentence(words[earlier - 1])
            and voices[earlier - 1] == voices[number - 1] == voices[earlier]
            and moment - words[earlier].start <= _reach(pause, _gap(words, earlier))
        ):
            return earlier
        if (
            pause < REAL_PAUSE
            and later <= len(words)
            and ends_sentence(words[later - 1])
            and all(voice == voices[number] for voice in voices[number:later])
            and words[later - 1].end - moment <= EDGE
        ):
            return later
    return None


def _reach(pause: float, pause_before: float) -> float:
    """Seconds that a change may move back over words, given the silence at it and the one before those words."""
    if pause_before > max(pause, REAL_PAUSE):
        return EDGE_AFTER_PAUSE
    return EDGE if pause < REAL_PAUSE else 0.0


def _spoken_words(recognition: Recognition) -> Iterator[_Spoken]:
    """The words in order, none beginning before the one before it: recognisers' times may step back, a reader's not.

    A word starts with a space if it did so for the recogniser, or if a segment starts with it and the script puts
    spaces between words.
    """
    last, reached = "", 0.0
    for segment in recognition.segments:
        first = True
        for word in segment.words:
            text = word.text.strip()
            if not text:
                continue
            spaced = word.text[0].isspace() or last[-1:].isspace()
            if first and last and not spaced:
                spaced = max(last.strip()[-1], text[0]) < _FIRST_CJK
            reached = max(reached, word.start)
            placed = dataclasses.replace(word, start=reached, end=max(reached, word.end))
            yield _Spoken(placed, segment.language, spaced)
            last, first = word.text, False


def _utterances(spoken: Sequence[_Spoken], voices: Sequence[str]) -> Iterator[Utterance]:
    starts = [n for n in range(len(spoken)) if n == 0 or _starts_utterance(spoken, voices, n)]
    for count, (start, end) in enumerate(pairwise([*starts, len(spoken)]), start=1):
        yield _utterance(f"u{count:04d}", voices[start], spoken[start:end])


def _starts_utterance(spoken: Sequence[_Spoken], voices: Sequence[str], number: int) -> bool:
    before, now = spoken[number - 1], spoken[number]
    pause = now.word.start - before.word.end
    return (
        voices[number] != voices[number - 1]
        or now.language != before.language
        or pause >= LONG_PAUSE
        or (pause >= SENTENCE_PAUSE and ends_sentence(before.word))
    )


def _utterance(identifier: str, voice: str, spoken: Sequence[_Spoken]) -> Utterance:
    text = ""
    words: list[UtteranceWord] = []
    for item in spoken:
        clean = " ".join(item.word.text.split())
        text += " " if item.spaced and text else ""
        offset = (len(text), len(text) + len(clean))
        text += clean
        word = item.word
        words.append(UtteranceWord(clean, word.start, word.end, word.probability, offset, word.flags))
    flags = (UNSUPPORTED,) if all(UNSUPPORTED in word.flags for word in words) else ()
    return Utterance(
        identifier,
        voice,
        spoken[0].language,
        words[0].start,
        max(word.end for word in words),
        text,
        tuple(words),
        flags,
    )
