"""Which person a voice is: a simple rule on who asks and who talks more; pure, no torch.

The manifest says whom to expect. In an interview the interviewer asks more of their sentences as questions and talks
less; in an observed session the peer support worker asks more. Both kinds of evidence are shares, so they do not
depend on the recording's length; their sum is the margin, and the margin is the confidence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.records import Recording, SpeakerRole, Utterance

INTERVIEWER = "INT"
NO_VOICE = "SPEAKER-0"
"""The label of words that no voice claims."""

SURE = 0.3
"""Below this confidence a voice keeps its `SPEAKER-n`."""
FULL_MARGIN = 0.5
"""The margin of evidence at which confidence is 1."""
TALK_WEIGHT = 0.4
"""How much the share of talk counts beside the share of questions: long answers are telling, but people differ."""
PRIOR_SENTENCES = 4
"""Sentences of neither kind that are added to both voices, so that three sentences do not decide."""

QUESTION_WORDS = (
    "what|when|where|which|who|whose|why|how|"
    "(?:can|could|would|will|do|does|did|are|is|was|were|have|has|should) (?:you|we|it|that|there|they|your)|"
    "(?:tell|talk) me|any other|anything else"
)
_QUESTION_START = re.compile(
    rf"^(?:(?:so|and|but|okay|ok|well|right|alright|um|uh|thanks|thank you|great|good|mm|now|then)\b[\s,.]*)*"
    rf"(?:{QUESTION_WORDS})\b",
    re.IGNORECASE,
)
_CHINESE_QUESTION = re.compile(r"[吗嗎呢]$|什么|什麼|怎么|怎麼|为什么|為什麼|哪|谁|誰|几时|幾時|多少|点解|點解|咩|乜")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")


@dataclass(frozen=True, slots=True)
class Talk:
    """What one voice contributes: counts only, no text."""

    voice: str
    words: int
    sentences: int
    questions: int

    @property
    def question_share(self) -> float:
        """Share of the sentences that ask, drawn towards 0 when there are few sentences."""
        return self.questions / (self.sentences + PRIOR_SENTENCES)


def expected_speakers(recording: Recording) -> tuple[str, ...]:
    """The speakers whom the manifest lets us expect: who asks first, then who answers.

    An interview has `INT` and the recording's person (who may have a code of another pair); an observed session the
    pair's two members.
    """
    if recording.role == "OBS":
        return (f"{recording.pair}-PSW", f"{recording.pair}-PIR")
    return (INTERVIEWER, recording.person)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks: it ends in a question mark, or begins like a question (Whisper may drop the mark)."""
    stripped = sentence.strip()
    bare = stripped.rstrip("。.!！ ")
    return (
        stripped.endswith(("?", "？")) or bool(_QUESTION_START.match(stripped)) or bool(_CHINESE_QUESTION.search(bare))
    )


def talk_of(voice: str, utterances: Sequence[Utterance]) -> Talk:
    """The counts of one voice over the utterances whose speaker it is."""
    own = [utterance for utterance in utterances if utterance.speaker == voice]
    sentences = [part for utterance in own for part in _SENTENCE_END.split(utterance.text) if part.strip()]
    return Talk(voice, sum(len(u.words) for u in own), len(sentences), sum(is_question(s) for s in sentences))


def assign_roles(recording: Recording, utterances: Sequence[Utterance]) -> tuple[SpeakerRole, ...]:
    """The role of every voice in `utterances` (whose speakers are still voices), sorted by voice.

    Only the two voices that talk most can be the two expected people; a third, and `SPEAKER-0`, keep their labels.
    When the evidence is thin (below `SURE`) both keep theirs, because a wrong name is worse than none.
    """
    voices = sorted({utterance.speaker for utterance in utterances}, key=_voice_order)
    talks = {voice: talk_of(voice, utterances) for voice in voices}
    known = [voice for voice in voices if voice != NO_VOICE]
    main = sorted(known, key=lambda voice: (-talks[voice].words, _voice_order(voice)))[:2]
    decided: dict[str, SpeakerRole] = {}
    if len(main) == 2:
        decided = {role.voice: role for role in _decide(recording, talks[main[0]], talks[main[1]])}
    elif main:
        decided = {main[0]: SpeakerRole(main[0], main[0], 0.0, "the only voice found, two people expected")}
    return tuple(decided.get(voice) or SpeakerRole(voice, voice, 0.0, _left_over(voice)) for voice in voices)


def _decide(recording: Recording, one: Talk, other: Talk) -> list[SpeakerRole]:
    """Roles of the two main voices: the one with the greater score asks."""
    interview = recording.role != "OBS"
    words = one.words + other.words
    balance = one.question_share - other.question_share
    if interview and words:
        balance += TALK_WEIGHT * (other.words - one.words) / words
    asks, answers = (one, other) if balance > 0 else (other, one)
    confidence = round(min(1.0, abs(balance) / FULL_MARGIN), 3)
    asker, answerer = expected_speakers(recording)
    return [
        SpeakerRole(
            talk.voice,
            speaker if confidence >= SURE else talk.voice,
            confidence,
            f"{talk.questions} of {talk.sentences} sentences ask, {round(100 * talk.words / max(1, words))} % of the words",
        )
        for talk, speaker in ((asks, asker), (answers, answerer))
    ]


def _left_over(voice: str) -> str:
    if voice == NO_VOICE:
        return "words that no voice claims"
    return "a voice beyond the two who talk most"


def _voice_order(voice: str) -> tuple[int, str]:
    """`SPEAKER-2` before `SPEAKER-10`."""
    number = voice.rpartition("-")[2]
    return (int(number), voice) if number.isdigit() else (0, voice)
