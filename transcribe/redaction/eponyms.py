"""Names that diseases, signs, tests and scales bear: `Murphy's sign`, `Beck Depression Inventory`."""

import re

_EPONYM = re.compile(
    r"(?:['’]s)?(?:(?:,| and| or) \w+(?:['’]s)?)?[ -](?:(?:\w+[ -])?(?:syndrome|disease|disorder|sign|palsy)"
    r"|(?:depression|anxiety|mania|rating|hopelessness|suicide|intelligence|cognitive|memory|personality|postnatal"
    r"|esteem|pain|sleepiness|coma|burnout|social|sleep)[ -](?:\w+[ -]){0,2}(?:inventory|scale|index"
    r"|test|questionnaire|interview|schedule|examination|checklist)|test|scale|inventory|criteria|method|reflex"
    r"|score"
    r"|man(?:o?eu|eu)ver|questionnaire|index|model|therapy|technique|effect|bodies|cells|dementia|contracture|lymphoma"
    r"|tube|collar|procedure|correlation|coefficient|law|rule)\b",
    re.IGNORECASE,
)
"""After such a word's name stands a disease, test or method, not a person (`Murphy's sign`, `Parkinson's disease`)."""


def is_eponym(text: str, end: int) -> bool:
    """Whether what ends there names a disease, sign, test or scale with the words that follow."""
    return _EPONYM.match(text, end) is not None
