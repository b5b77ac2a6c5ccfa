"""What a turn follows: the question it may answer, the utterances it goes on from, the number it helps to dictate."""

from collections.abc import Callable, Iterator, Sequence

from transcribe.records import Utterance
from transcribe.redaction.lexicon import is_kept
from transcribe.redaction.tokens import tokens, word_set

_ANSWERED = 25
"""Words of its own after which a speaker has answered, and is not heard with the question any more."""
_HEARD = 300
"""Characters of what others said last that an answer is heard with."""
_CHAIN = 8
_ASKING = word_set("who whos where when which your dob hkid id ni nino nhs")
"""Words of a question for who somebody is, which is none though all its words are ordinary (`What's your DOB?`)."""


def is_back_channel(text: str) -> bool:
    """Whether an utterance says nothing of its own: `Mm hmm`, `Okay, yeah`, or nothing at all."""
    words = tokens(text)
    return is_kept(words) and not any(word.fold in _ASKING for word in words)


def heard_before(utterances: Sequence[Utterance]) -> list[str]:
    """For each utterance, what the others said since its speaker's last answer: the question that it may answer.

    A question stays in force over back-channels and over a short start of the answer (`Um, sure.`), and over a speaker
    who repeats it. With one speaker only, nobody is told apart, and it is the utterance before.
    """
    if len({utterance.speaker for utterance in utterances}) < 2:
        return _before(utterances)
    speakers = list(dict.fromkeys(utterance.speaker for utterance in utterances))
    heard = dict.fromkeys(speakers, "")
    said = dict.fromkeys(speakers, 0)
    result = []
    for utterance in utterances:
        result.append(heard[utterance.speaker])
        if is_back_channel(utterance.text):
            continue
        words = len(utterance.text.split())
        said[utterance.speaker] += words
        if said[utterance.speaker] > _ANSWERED:
            heard[utterance.speaker] = ""
        for other in speakers:
            if other == utterance.speaker:
                continue
            if said[other] > 2:
                heard[other] = ""
            said[other] = 0
            heard[other] = f"{heard[other]} {utterance.text}".strip()[-_HEARD:]
    return result


def _before(utterances: Sequence[Utterance]) -> list[str]:
    result, previous = [], ""
    for utterance in utterances:
        result.append(previous)
        previous = previous if is_back_channel(utterance.text) else utterance.text
    return result


def continued(utterances: Sequence[Utterance]) -> Iterator[list[Utterance]]:
    """Utterances of one speaker that follow each other, directly or with others' back-channels between them."""
    chains: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        if not is_back_channel(utterance.text):
            for speaker in [s for s in chains if s != utterance.speaker]:
                yield from _long_enough(chains.pop(speaker))
        elif utterance.speaker not in chains:
            continue
        chain = chains.setdefault(utterance.speaker, [])
        chain.append(utterance)
        if len(chain) == _CHAIN:
            yield chain
            chains[utterance.speaker] = chain[-1:]
    for chain in chains.values():
        yield from _long_enough(chain)


def _long_enough(chain: list[Utterance]) -> Iterator[list[Utterance]]:
    if len(chain) > 1:
        yield chain


def dictations(utterances: Sequence[Utterance], is_dictated: Callable[[str], bool]) -> Iterator[list[Utterance]]:
    """Stretches of at least two utterances, whoever speaks, that are hardly more than digits; back-channels apart."""
    block: list[Utterance] = []
    for utterance in utterances:
        if is_dictated(utterance.text):
            block.append(utterance)
        elif not is_back_channel(utterance.text):
            if len(block) > 1:
                yield block
            block = []
    if len(block) > 1:
        yield block
