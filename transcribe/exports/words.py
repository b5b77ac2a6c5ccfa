"""How many words a finished text has."""

import re

from transcribe.conventions import speech_of
from transcribe.redaction.registry import MARK

_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W_]\S*")
"""From the first letter or digit between two spaces to the next space: each word once."""


def count_words(text: str) -> int:
    """The words of an utterance without signs; a mark is one, a Chinese or Japanese character, too (as Word counts)."""
    bare = MARK.sub(" mark ", speech_of(text))
    spaced, signs = _CJK.subn(" ", bare)
    return signs + len(_WORD.findall(spaced))
