"""Whether a word is the name of a medicine, by its ending."""

import re

_STEMS = re.compile(
    r"(?:azepam|zolam|ridone|apine|azine|oxetine|triptyline|ipramine|opram|traline|piprazole|prazole|conazole|cillin|mycin"
    r"|cycline|oxacin|enadine|atadine|statin|sartan|dipine|olol|thiazide|profen|oxicam|cortisone|predniso\w+|barbital"
    r"|codeine|morphine|codone|methoprim|peridol|zosin|gliptin|formin|parin|triptan|setron|amol|anon|ynon|oxen|ophen|ovate|steroid)s?$"
)
"""Stems of the international non-proprietary names of medicines (WHO, "The use of stems")."""


def is_medicine(word: str) -> bool:
    """Whether a folded word ends in a stem of medicines: `clonazepam`, `sertraline`. Brand names are on a list."""
    return bool(_STEMS.search(word))
