"""Who asks and who talks more, in counts without words: evidence of who leads a conversation. Pure, no torch.

In an interview the interviewer asks and talks less; in an observed session the peer support worker asks, and who talks
more says nothing. How probable it is that one voice is the one who asks, and another the one who answers:

1. Questions: the probability that one voice asks at a higher rate than the other, given how often each did. It is the
   normal approximation of the log odds ratio with 1/2 added to every count (Haldane 1956, Anscombe 1956).
2. That the right person is the one who asks is itself true only `ASKS_IS_RIGHT` of the time, however sure 1. is: the
   probability is mixed accordingly, so that no number of sentences gives a greater confidence than the rule deserves.
3. In an interview, the share of talk is added as further log odds.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.records import Recording, Utterance

ASKS_IS_RIGHT = {"interview": 0.95, "session": 0.9}
"""How often the one who asks more is the interviewer, or the peer support worker. A judgement, not a measurement: peer
support is mutual, so less for sessions."""
PRIOR_SENTENCES = 4
"""Sentences that do not ask, added to both voices, so that three sentences do not decide."""
TALK_LOG_ODDS = 4.0
"""Log odds per unit of difference in the share of talk: 27 % against 73 % of many words are odds of 6 to 1."""
PRIOR_WORDS = 100
"""Words shared evenly that are added to both voices together, so that one long answer does not decide."""

_WH = "what|when|where|which|who|whose|why|how"
_AUXILIARY = "is|are|was|were|am|do|does|did|can|could|would|will|have|has|had|should"
_NOT_PERSON = "(?!(?:i|you|he|she|it|we|they|this|that|there)\\b)"
QUESTION_STARTS = (
    rf"(?:{_WH}) (?:{_AUXILIARY}|about|kind|sort)|(?:{_WH})'s|why not|how come|"
    rf"(?:how|what|which|whose) {_NOT_PERSON}\w+ (?:{_AUXILIARY})|"
    rf"(?:{_AUXILIARY}) (?:you|we|it|that|there|they|your)|"
    "(?:tell|talk) me|any other|anything else"
)
_OPENERS = "so|and|but|okay|ok|well|right|alright|um|uh|thanks|thank you|great|good|mm|now|then"
_QUESTION_START = re.compile(rf"^(?:(?:{_OPENERS})\b[\s,.]*)*(?:{QUESTION_STARTS})\b", re.IGNORECASE)
_WH_START = re.compile(rf"^(?:(?:{_OPENERS})\b[\s,.]*)*(?:{_WH})\b", re.IGNORECASE)
_CHINESE_QUESTION = re.compile(r"[吗嗎呢]$|什么|什麼|怎么|怎麼|为什么|為什麼|哪|谁|誰|几时|幾時|多少|点解|點解|咩|乜")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")
ECHO_WORDS = 2
"""An English question of so many words that begins with no question word ("Really?", "A year?") echoes what was just
said; it shows that somebody listens, not who leads."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What one voice contributes: counts only, no text. `foreign` words are not in the voice's commonest language."""

    voice: str
    words: int
    sentences: int
    questions: int
    foreign: int = 0


def is_question(sentence: str) -> bool:
    """Whether a sentence asks for something: it ends in a question mark and is more than an echo, or begins like a
    question (Whisper may drop the mark)."""
    stripped = sentence.strip()
    if _CHINESE.search(stripped):
        return stripped.endswith(("?", "？")) or bool(_CHINESE_QUESTION.search(stripped.rstrip("。.!！ ")))
    if stripped.endswith("?"):
        return len(stripped.split()) > ECHO_WORDS or bool(_WH_START.match(stripped))
    return bool(_QUESTION_START.match(stripped))


def talk_of(voice: str, utterances: Sequence[Utterance]) -> Talk:
    """The counts of one voice over the utterances whose speaker it is."""
    own = [utterance for utterance in utterances if utterance.speaker == voice]
    sentences = [part for utterance in own for part in _SENTENCE_END.split(utterance.text) if part.strip()]
    by_language = Counter[str]()
    for utterance in own:
        by_language[utterance.language] += len(utterance.words)
    words = by_language.total()
    foreign = words - max(by_language.values(), default=0)
    return Talk(voice, words, len(sentences), sum(is_question(s) for s in sentences), foreign)


def probability_asks(recording: Recording, one: Talk, other: Talk) -> float:
    """The probability (0 … 1) that `one` is the person expected to ask, and `other` the one expected to answer."""
    right = ASKS_IS_RIGHT["session" if recording.role == "OBS" else "interview"]
    more = _probability_asks_more(one, other)
    log_odds = logit(right * more + (1 - right) * (1 - more))
    if recording.role != "OBS":
        log_odds += TALK_LOG_ODDS * (other.words - one.words) / (other.words + one.words + PRIOR_WORDS)
    return 1 / (1 + math.exp(-log_odds))


def _probability_asks_more(one: Talk, other: Talk) -> float:
    """The probability that `one` asks more of its sentences than `other` does."""
    cells = [(talk.questions + 0.5, talk.sentences - talk.questions + PRIOR_SENTENCES + 0.5) for talk in (one, other)]
    (asked, told), (other_asked, other_told) = cells
    difference = math.log(asked * other_told / (told * other_asked))
    error = math.sqrt(sum(1 / count for cell in cells for count in cell))
    return 0.5 * (1 + math.erf(difference / error / math.sqrt(2)))


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
