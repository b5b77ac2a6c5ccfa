"""Names spelled aloud: `S-I-U M-I-N-G`, `k a r m a n`, `J for Juliet`, `A N double N A`."""

import re
from collections.abc import Iterator

from transcribe.redaction.lexicon import is_kept
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import fold, tokens, word_set

_LETTER = r"[A-Za-z](?![\w'’])"
_UNIT = (
    rf"(?:(?:(?:double|treble|triple|capital|small|another)\s+)*{_LETTER}"
    r"(?:,?\s+(?:for|as in|like in)\s+(?:an?\s+)?[A-Za-z]{2,})?)"
)
_BETWEEN = (
    r"(?:\s*[-.,–]\s*|\s+)(?:(?:then|and then|uh|um|er|erm|and|new word|space|dash|hyphen|sorry|no)\b[\s,]*){0,3}"
)
_SPELLED = re.compile(rf"(?<![\w'’])(?:{_UNIT}{_BETWEEN})+{_UNIT}", re.IGNORECASE)
_SPELL_CUE = re.compile(
    r"\b(?:spel(?:l|ls|led|t|ling)|letters?|written|name(?:'s| is)?|called|surname|initials?(?: are)?)\b[^.?!]{0,40}$",
    re.IGNORECASE,
)
_ABBREVIATIONS = word_set("""
    ptsd adhd ocd bpd nhs hkid cbt dbt act ect emdr ecg eeg mri ct ssri snri hiv aids copd ibs gp cpn ngo ok tv dvd usb
    pcr bbc phd msc mba ceo gcse dna uti uk usa us eu un hk hksar mtr icu aed ae nicu er or bmi bp iq eq asd add aa na
    lgbt lgbtq mtf ftm pms pmdd pip esa dla udc wfh fyi asap diy pc it hr pr ppe rna cctv gps atm id pin sos vip ymca
    abc abcd xyz
    """)
"""Abbreviations that are spelled although they name nobody."""


def find_spelled(text: str, previous: str = "") -> Iterator[Found]:
    """Letters one by one that spell a name; after a word such as `spelled`, or the question, two letters will do."""
    asked = bool(re.search(r"\bspel(?:l|t|led|ling)\b", previous, re.IGNORECASE))
    for match in _SPELLED.finditer(text):
        cued = asked or bool(_SPELL_CUE.search(text[: match.start()]))
        if _is_spelled(match.group(), cued):
            yield found(match.start(), match.end(), "PERSON", "grammar/spelled", 0.7)


def _is_spelled(text: str, cued: bool) -> bool:
    """Whether letters one by one spell a name: no known abbreviation, no stuttered `I, I, I`, no `M.M. H.M.`."""
    explained = len(re.findall(r"\b(?:for|as in|like in)\b", text, re.IGNORECASE))
    plain = re.sub(r"\b(?:for|as in|like in)\s+(?:an?\s+)?[A-Za-z]{2,}", " ", text, flags=re.IGNORECASE)
    letters = "".join(t.fold for t in tokens(plain) if len(t.fold) == 1)
    if len(letters) < 2 or set(letters) <= set("mhu") or len(set(letters)) == 1 or letters.isdigit():
        return False
    if set(letters) <= set("ai") or re.fullmatch(r"(?:[ai])?(\w)\1*(?:[ai])?", letters):
        return False
    if fold(letters) in _ABBREVIATIONS or is_kept(tokens(letters)):
        return False
    if explained >= 2 or (explained and cued):
        return True
    if cued and len(letters) >= 3:
        return True
    hyphened = bool(re.search(r"[A-Za-z]\s*-\s*[A-Za-z]", plain))
    doubled = bool(re.search(r"\b(?:double|treble|triple|capital)\b", plain, re.IGNORECASE))
    return len(letters) >= (3 if hyphened or doubled else 4) and (doubled or len(set(letters) - set("ai")) >= 2)
