"""From the tokens of a window to segments of words on the recording's timeline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

from whisper.timing import WordTiming, merge_punctuations

from transcribe.recognition.hypothesis import Hypothesis
from transcribe.recognition.script import words_in_script
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.windows import MAX_SILENCE, Window, spans_near, voiced_within
from transcribe.records import UNSUPPORTED, Interval, Segment, Word, to_milliseconds_grid

_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_SENTENCE_END = ".。!！?？"
_LONGEST_MEDIAN = 0.7
_EDGE = 0.1
"""Seconds by which a word may reach beyond the speech mask: what alignment and mask are uncertain by."""
_LEAST_VOICED = 0.1
_LEAST_VOICED_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Sound:
    """What word times are checked against: a recording's length (s) and its speech mask, sorted and disjoint."""

    seconds: float
    mask: tuple[Interval, ...]


def text_tokens(hypothesis: Hypothesis, vocabulary: Vocabulary) -> list[int]:
    """The hypothesis without timestamp tokens; none for a window that the model holds for silence."""
    return [] if hypothesis.is_silence else [token for token in hypothesis.tokens if token < vocabulary.eot]


def window_segments(
    window: Window,
    hypothesis: Hypothesis,
    starts: Sequence[float],
    language: str,
    vocabulary: Vocabulary,
    sound: Sound,
) -> list[Segment]:
    """The segments of one window, ids 0 …; none when it has no text.

    `starts` (s) are those of `word_times.token_starts`. Segments are cut where the model set two timestamps and at
    long silences. Words are openai-whisper's: with their leading space, punctuation joined to its word. A segment
    begins and ends with its words.
    """
    tokens = text_tokens(hypothesis, vocabulary)
    if not tokens:
        return []
    words = _timed_words(hypothesis, tokens, starts, language, vocabulary)
    segments: list[Segment] = []
    last = 0
    done = 0
    for end_token in _segment_ends(hypothesis, vocabulary):
        chosen: list[WordTiming] = []
        while last < len(words) and done < end_token:
            done += len(words[last].tokens)
            chosen.append(words[last])
            last += 1
        for part in _unbroken(_placed([word for word in chosen if word.word], window, sound)):
            texts = words_in_script([word.text for word in part], language)
            placed = tuple(replace(word, text=text) for word, text in zip(part, texts, strict=True))
            text = "".join(texts)
            if text.strip():
                segments.append(
                    Segment(
                        id=len(segments),
                        start=placed[0].start,
                        end=placed[-1].end,
                        language=language,
                        text=text,
                        words=placed,
                        avg_logprob=round(hypothesis.avg_logprob, 4),
                        compression_ratio=round(hypothesis.compression_ratio, 4),
                        temperature=hypothesis.temperature,
                    )
                )
    return segments


def _unbroken(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """Words cut where the silence between two is longer than a window keeps: no segment reaches over that."""
    parts: list[list[Word]] = []
    for word in words:
        if parts and word.start - parts[-1][-1].end <= MAX_SILENCE:
            parts[-1].append(word)
        else:
            parts.append([word])
    return [tuple(part) for part in parts]


def _segment_ends(hypothesis: Hypothesis, vocabulary: Vocabulary) -> list[int]:
    """How many text tokens precede the end of each segment."""
    ends: list[int] = []
    count = 0
    for i, token in enumerate(hypothesis.tokens):
        if token < vocabulary.eot:
            count += 1
        elif i and hypothesis.tokens[i - 1] >= vocabulary.timestamp_begin:
            ends.append(count)
    return [*ends, count]


def _timed_words(
    hypothesis: Hypothesis, tokens: list[int], starts: Sequence[float], language: str, vocabulary: Vocabulary
) -> list[WordTiming]:
    """Words with times in the window; a word whose text was joined to its neighbour's is left empty."""
    probabilities = [
        probability
        for token, probability in zip(hypothesis.tokens, hypothesis.probabilities, strict=True)
        if token < vocabulary.eot
    ]
    texts, groups = vocabulary.tokenizer(language).split_to_word_tokens([*tokens, vocabulary.eot])
    words: list[WordTiming] = []
    first = 0
    for text, group in zip(texts[:-1], groups[:-1], strict=True):
        last = first + len(group)
        words.append(WordTiming(text, list(group), starts[first], starts[last], fmean(probabilities[first:last])))
        first = last
    _shorten_at_sentence_ends(words)
    merge_punctuations(words, _PREPENDED, _APPENDED)
    return words


def _shorten_at_sentence_ends(words: Sequence[WordTiming]) -> None:
    """Bounds words around the end of a sentence to twice the median, as openai-whisper does: pauses lie there."""
    lengths = [word.end - word.start for word in words if word.end > word.start]
    longest = 2 * min(_LONGEST_MEDIAN, median(lengths)) if lengths else 0.0
    for previous, word in pairwise(words):
        if word.end - word.start > longest:
            if word.word in _SENTENCE_END:
                word.end = word.start + longest
            elif previous.word in _SENTENCE_END:
                word.start = word.end - longest


def _placed(words: Sequence[WordTiming], window: Window, sound: Sound) -> tuple[Word, ...]:
    """Words on the recording's timeline: edges drawn in to the speech mask, in order, within the recording."""
    latest = math.floor(sound.seconds * 1000) / 1000
    placed: list[Word] = []
    earliest = 0.0
    for word in words:
        start, end = _drawn_in(*window.on_recording(word.start, word.end), sound.mask)
        start = min(max(to_milliseconds_grid(start), earliest), latest)
        end = min(max(to_milliseconds_grid(end), start), latest)
        earliest = start
        voiced = voiced_within(sound.mask, start - _EDGE, end + _EDGE)
        supported = voiced >= max(_LEAST_VOICED_SECONDS, _LEAST_VOICED * (end - start))
        flags = () if supported else (UNSUPPORTED,)
        placed.append(Word(word.word, start, end, round(word.probability, 4), flags))
    return tuple(placed)


def _drawn_in(start: float, end: float, mask: Sequence[Interval]) -> Interval:
    """The span without the silence that it reaches into; as it is where the mask knows of no speech under it."""
    near = spans_near(mask, start, end)
    held = [(min(end, last) - max(start, first), first, last) for first, last in near]
    if not held:
        return start, end
    _, first, last = max(held)
    return max(start, first - _EDGE), min(end, last + _EDGE)
