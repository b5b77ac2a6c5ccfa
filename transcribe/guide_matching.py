"""Which utterances of an interviewer ask a question of the guide, by their words: no model, the same answer every time.

A question is heard where a stretch of an utterance has most of its words and few others: preambles before it and
thanks after it cost nothing. Words count by what they tell (`function words` little, a word of many questions less than
a word of one) and are equal when they are nearly spelled alike (Jaro-Winkler, rapidfuzz), so that inflections and slips
of the recogniser do not matter. Chinese is compared character by character, traditional as simplified. The guide's
order is a weak hint: it settles what is doubtful, and forbids nothing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from transcribe.conventions import speech_of
from transcribe.exports.layout import Turn
from transcribe.redaction.chinese_words import is_han, simplified
from transcribe.redaction.registry import MARK
from transcribe.study.codes import is_interviewer
from transcribe.study.guide import GuideQuestion

ACCEPTED = 0.55
"""The confidence from which a question counts as asked, and `REPEATED` from which it counts as asked once more."""
REPEATED = 0.85
SURE = 0.8
"""From here on a match tells where in the guide the talk is."""

_ORDER = 0.08
"""How much the guide's order adds to a confidence at most, or takes from it."""
_WORDS = 0.75
"""The share of the words in a confidence; the rest is how alike the two texts are, sign by sign."""
_ALIKE = 0.88
_SHORTEST_ALIKE = 4
_LITTLE, _HAN, _TELLING = 0.2, 0.6, 1.0
"""Weights of a function word, of a Chinese character (a word has about two) and of other words."""
_LONGEST = 4
"""How many times as long as a question a stretch may be in which it is put."""
_ENOUGH = 2 * _TELLING
_DOUBT = 0.4
"""What a confidence loses without a telling word in common, less with one, nothing from two words on (`_ENOUGH`)."""

_WORDS_OF_FUNCTION = """
    a about ah all also am an and any are as at be been before but by can could did do does doing for from get got
    had has have having he her here him his how hm hmm i id if im in into is it its ive just kind like little made make
    may maybe me mhm mm mmm more most my no not now of oh ok okay on one or other our out own really say she should so
    some something sort tell than thank thanks that thats the their them then there theres these they thing things think
    this those to uh um up us very want was we well were what whats when where which who whom whose why will with would
    yeah yes you youd your youre yours yourself youve"""
_FUNCTION_WORDS = frozenset(_WORDS_OF_FUNCTION.split())
_FUNCTION_SIGNS = frozenset(
    "的了吗呢吧啊呀啦嘛是有在和跟就都也很这那个您你我他她它们么什怎为会说要给对到从上下来去以后时候一些点"
    "嘅㗎喇咩啲咁噉佢哋冇唔系咗嗰喺俾同埋样几先吓囉吖"
)
"""Of Mandarin and Cantonese, as `simplified` leaves them."""


@dataclass(frozen=True, slots=True)
class GuideMatch:
    """The turn that asks a question of the guide; `confidence` is 0 … 1."""

    turn: str
    question: str
    confidence: float


def match_questions(turns: Sequence[Turn], guide: Sequence[GuideQuestion]) -> tuple[GuideMatch, ...]:
    """Where the interviewer asks the questions, in the order of the turns; `guide` is what this participant is asked.

    A turn asks one question at most, a question is asked once, and again only where it is put in nearly the same words.
    """
    said = {
        number: words
        for number, turn in enumerate(turns)
        if is_interviewer(turn.speaker) and not turn.is_event and (words := _words(turn.text))
    }
    scores = _scores(said, guide)
    anchors = [pair for pair in _chosen(scores) if scores[pair] >= SURE]
    settled = {pair: _with_order(pair, score, anchors) for pair, score in scores.items()}
    return tuple(
        GuideMatch(turns[number].id, guide[question].id, round(settled[number, question], 2))
        for number, question in sorted(_chosen(settled))
    )


def _chosen(scores: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Turn and question, the surest first: each turn once, each question again only if it is `REPEATED`."""
    turns: set[int] = set()
    questions: set[int] = set()
    found = []
    for pair, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        turn, question = pair
        if turn not in turns and score >= (REPEATED if question in questions else ACCEPTED):
            found.append(pair)
            turns.add(turn)
            questions.add(question)
    return found


def _with_order(pair: tuple[int, int], score: float, anchors: Sequence[tuple[int, int]]) -> float:
    """The score, a little more where the sure matches lie before and behind it as in the guide, else less."""
    others = [(turn, question) for turn, question in anchors if turn != pair[0] and question != pair[1]]
    if not others:
        return score
    agree = sum((turn < pair[0]) == (question < pair[1]) for turn, question in others)
    return min(1.0, max(0.0, score + _ORDER * (2 * agree / len(others) - 1)))


class _Question:
    """A question's words, each with its weight."""

    def __init__(self, words: Sequence[str], rarity: Mapping[str, float]) -> None:
        self.words, self.text = words, " ".join(words)
        self.weights = {word: _weight(word) * rarity[word] for word in words}
        self.telling = {word: 0.0 if _weight(word) == _LITTLE else _weight(word) for word in words}
        self.total = sum(self.weights.values())

    def confidence(self, covered: Collection[str], precision: float, likeness: float) -> float:
        """From which of its words a stretch has, how much of the stretch is the question's, and how alike they are."""
        recall = sum(self.weights[word] for word in covered) / self.total if covered else 0.0
        mean = 2 * recall * precision / (recall + precision)
        doubt = _DOUBT * max(0.0, 1 - sum(self.telling[word] for word in covered) / _ENOUGH)
        return (_WORDS * mean + (1 - _WORDS) * likeness) * (1 - doubt)


def _scores(said: Mapping[int, Sequence[str]], guide: Sequence[GuideQuestion]) -> dict[tuple[int, int], float]:
    """How likely each turn asks each question, without the order; what is hopeless is left out."""
    listed = [_words(question.text) for question in guide]
    counts = Counter(word for words in listed for word in set(words))
    rarity = {word: count**-0.5 for word, count in counts.items()}
    questions = [_Question(words, rarity) for words in listed]
    alike: dict[str, frozenset[str]] = {}
    found: dict[tuple[int, int], float] = {}
    for turn, words in said.items():
        for word in words:
            if word not in alike:
                alike[word] = frozenset(other for other in rarity if _same(word, other))
        for number, question in enumerate(questions):
            score = _score(words, question, alike, rarity)
            if score >= ACCEPTED - _ORDER:
                found[turn, number] = score
    return found


def _score(
    words: Sequence[str], question: _Question, alike: Mapping[str, frozenset[str]], rarity: Mapping[str, float]
) -> float:
    """The best stretch of an utterance: the harmonic mean of how much of the question it has, and how much of it is
    the question's; with a share for how alike the texts are.
    """
    met = question.weights.keys() & frozenset[str]().union(*(alike[word] for word in words))
    if question.confidence(met, 1.0, 1.0) < ACCEPTED - _ORDER:
        return 0.0
    hits = [alike[word] & met for word in words]
    costs = [_weight(word) * max((rarity[other] for other in alike[word]), default=1.0) for word in words]
    longest = _LONGEST * len(question.words)
    best = 0.0
    for first in (place for place, hit in enumerate(hits) if hit):
        covered: set[str] = set()
        own = whole = 0.0
        for last in range(first, min(first + longest, len(words))):
            whole += costs[last]
            if not hits[last]:
                continue
            own += costs[last]
            covered |= hits[last]
            if question.confidence(covered, own / whole, 1.0) > best:
                likeness = fuzz.ratio(" ".join(words[first : last + 1]), question.text) / 100
                best = max(best, question.confidence(covered, own / whole, likeness))
    return best


def _weight(word: str) -> float:
    if word in _FUNCTION_WORDS or word in _FUNCTION_SIGNS:
        return _LITTLE
    return _HAN if is_han(word[0]) else _TELLING


def _same(word: str, other: str) -> bool:
    if word == other:
        return True
    if min(len(word), len(other)) < _SHORTEST_ALIKE:
        return False
    return JaroWinkler.similarity(word, other) >= _ALIKE


_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")


def _words(text: str) -> tuple[str, ...]:
    """What is compared: words without case, punctuation and marks, Chinese characters simplified, each a word."""
    plain = unicodedata.normalize("NFKC", MARK.sub(" ", speech_of(text))).casefold()
    spaced = "".join(f" {sign} " if is_han(sign) else sign for sign in simplified(_APOSTROPHE.sub("", plain)))
    return tuple(re.findall(r"[^\W_]+", spaced))
