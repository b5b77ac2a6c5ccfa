"""How many words a finished text has."""

import re

from transcribe.conventions import speech_of
from transcribe.redaction.registry import MARK

_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\U00020000-\U0003ffff]")
_MARK = re.compile(rf"(?:{MARK.pattern})(?:['’][A-Za-z]{{1,2}}(?![^\W_]))?")
_PARTS = re.compile(r"\.{2,}|[…()]")
_WORD = re.compile(r"[^\W_]\S*")
"""From the first letter or digit between two spaces to the next space: each word once."""


def count_words(text: str) -> int:
    """The words of an utterance without signs; a mark with its `'s` is one, so is a Chinese or Japanese character (as
    Word counts). What dots or a parenthesis part is two: `well...yes`, `hello(laughs)`.
    """
    bare = _PARTS.sub(" ", _MARK.sub(" mark ", speech_of(text)))
    spaced, signs = _CJK.subn(" ", bare)
    return signs + len(_WORD.findall(spaced))
