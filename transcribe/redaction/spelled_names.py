"""Names spelled aloud: `S-I-U M-I-N-G`, `k a r m a n`, `J for Juliet`, `A N double N A`."""

import re
from collections.abc import Iterator
from itertools import groupby

from transcribe.redaction.abbreviations import abbreviations, are_abbreviations, is_row_of_abbreviations
from transcribe.redaction.lexicon import is_kept
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import tokens, word_set

_LETTER = r"[A-Za-z](?![\w'’])"
_UNIT = (
    rf"(?:(?:(?:double|treble|triple|capital|small|another)\s+)*{_LETTER}"
    r"(?:,?\s+(?:for|as in|like in)\s+(?:an?\s+)?[A-Za-z]{2,})?)"
)
_BETWEEN = (
    r"(?:[^\S\n]*[-.,–/][^\S\n]*|[^\S\n]+)"
    r"(?:(?:then|and then|uh|um|er|erm|and|or|plus|new word|space|dash|hyphen|sorry|no)\b[ ,]*){0,3}"
)
"""What may stand between two letters; never the end of a line."""
_JOINS = re.compile(r"\b(?:and|or|then|plus)\b|[,/;]|[.?!](?=\s)", re.IGNORECASE)
_SPELLED = re.compile(rf"(?<![\w'’])(?:{_UNIT}{_BETWEEN})+{_UNIT}", re.IGNORECASE)
_SPELL_CUE = re.compile(
    r"\b(?:spel(?:l|ls|led|t|ling)|letters?|written|name(?:'s| is)?|called|surname|initials?(?: are)?)\b[^.?!]{0,40}$",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\bspel(?:l|t|led|ling)\b", re.IGNORECASE)
_GOES_ON = 2
"""Letters on either side of a change of turns that make one spelling of both."""
_AFTER_I = word_set("""
    am was went had have did do think thought mean know said can could would will just got get felt used want need like
    love told go see saw came left started never really still also guess suppose live work
    ended tried moved left asked took gave met hated stayed struggled cried feel hate remember lost found make made
    """)
_AFTER_A = word_set("few lot bit while week month year day long couple little good bad friend really third second")
"""After these an `I` or `a` at the end of letters is a word, even where a spelling was asked for."""


def find_spelled(text: str, previous: str = "") -> Iterator[Found]:
    """Letters one by one that spell a name; after a word such as `spelled`, or the question, two letters will do.

    Not: abbreviations, one (`p t s d`) or several (`c b t and then e m d r`), nor the `I` with which one goes on.
    """
    asked = is_asked(previous)
    for match in _SPELLED.finditer(text):
        cued = asked or bool(_SPELL_CUE.search(text[: match.start()]))
        if not list(_spelled_parts(text, *match.span(), cued)):
            continue
        start, end = _without_pronouns(text, *match.span(), cued)
        for a, b in _spelled_parts(text, start, end, cued):
            if _is_spelled(text[a:b], cued):
                yield found(a, b, "PERSON", "grammar/spelled", 0.7)


def is_asked(text: str) -> bool:
    """Whether somebody is asked to spell."""
    return bool(_ASKED.search(text))


def goes_on(part: str, asked: bool) -> bool:
    """Whether what one turn says of a spelling that began in another is clearly part of it."""
    words = tokens(part)
    return asked or sum(len(word.text) == 1 for word in words) >= _GOES_ON


def _without_pronouns(text: str, start: int, end: int, cued: bool) -> tuple[int, int]:
    """A chain of letters without an `I` or `a` at its ends that begins or ends a clause of words."""
    first = re.match(r"[AaIi]\b[\s,.]*(?=\w\b)", text[start:end])
    begins = bool(re.search(r"(?:^|[.?!\n])\s*$", text[:start]))
    if first and not cued and (text[start] in "ai" or begins) and " " in first.group():
        rest = _letters(text[start + first.end() : end])
        start += first.end() if is_row_of_abbreviations(rest) else 0
    last = re.search(r"(?P<gap>[\s,.–-]+(?:(?:and|or|then|so|um|uh)\s+)*)(?P<letter>[AaIi])$", text[start:end])
    follows = re.match(r"[ \t]+(?P<word>[A-Za-z]{2,})", text[end:])
    if last and follows:
        sentence = bool(re.search(r"[.?!]\s", last["gap"]))
        after = _AFTER_I if last["letter"] in "Ii" else _AFTER_A
        if sentence or follows["word"].casefold() in after:
            end = start + last.start()
    return start, end


def _spelled_parts(text: str, start: int, end: int, cued: bool) -> Iterator[tuple[int, int]]:
    """What of a chain may spell a name: all of it, or what is left between known abbreviations."""
    pieces, position = [], start
    for join in [*_JOINS.finditer(text, start, end), None]:
        stop = join.start() if join else end
        if letters := _letters(text[position:stop]):
            pieces.append((position, position + len(text[position:stop].rstrip()), letters))
        position = join.end() if join else end
    known = [len(letters) > 1 and are_abbreviations([letters]) for _, _, letters in pieces]
    if all(known) or is_row_of_abbreviations("".join(letters for _, _, letters in pieces)):
        return
    if cued or not any(k and len(piece[2]) > 2 for k, piece in zip(known, pieces, strict=True)):
        yield start, end
        return
    for unknown, group in groupby(zip(known, pieces, strict=True), key=lambda row: not row[0]):
        spans = [piece for _, piece in group]
        if unknown:
            yield spans[0][0] + len(text[spans[0][0] :]) - len(text[spans[0][0] :].lstrip()), spans[-1][1]


def _letters(text: str) -> str:
    """The letters said one by one in a text, without the words that make them clear."""
    plain = re.sub(r"\b(?:for|as in|like in)\s+(?:an?\s+)?[A-Za-z]{2,}", " ", text, flags=re.IGNORECASE)
    return "".join(t.fold for t in tokens(plain) if len(t.fold) == 1 and t.fold.isalpha())


def _is_spelled(text: str, cued: bool) -> bool:
    """Whether letters one by one spell a name: no known abbreviation, no stuttered `I, I, I`, no `M.M. H.M.`."""
    explained = len(re.findall(r"\b(?:for|as in|like in)\b", text, re.IGNORECASE))
    plain = re.sub(r"\b(?:for|as in|like in)\s+(?:an?\s+)?[A-Za-z]{2,}", " ", text, flags=re.IGNORECASE)
    letters = _letters(text)
    if len(letters) < 2 or set(letters) <= set("mhu") or len(set(letters)) == 1 or letters.isdigit():
        return False
    if set(letters) <= set("ai") or re.fullmatch(r"(?:[ai])?(\w)\1*(?:[ai])?", letters):
        return False
    if letters in abbreviations() or is_kept(tokens(letters)):
        return False
    if explained >= 2 or (explained and cued):
        return True
    if cued and len(letters) >= 3:
        return True
    hyphened = bool(re.search(r"[A-Za-z]\s*-\s*[A-Za-z]", plain))
    doubled = bool(re.search(r"\b(?:double|treble|triple|capital)\b", plain, re.IGNORECASE))
    return len(letters) >= (3 if hyphened or doubled else 4) and (doubled or len(set(letters) - set("ai")) >= 2)
