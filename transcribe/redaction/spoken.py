"""All grammars for spoken text: what Presidio's patterns and the language model cannot see in an interview."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transcribe.redaction.lexicon import FUNCTION_WORDS, kept_phrases, must_keep
from transcribe.redaction.listed_names import find_again
from transcribe.redaction.name_pairs import find_paired
from transcribe.redaction.numbers import digits_of, is_mostly_number
from transcribe.redaction.public_figures import public_figures
from transcribe.redaction.spans import Found, found
from transcribe.redaction.spelled_names import find_spelled, goes_on, is_asked
from transcribe.redaction.spoken_ages import find_ages
from transcribe.redaction.spoken_contacts import find_contacts, is_public_contact
from transcribe.redaction.spoken_dates import find_dates
from transcribe.redaction.spoken_ids import MIN_DIGITS, digit_runs, find_ids
from transcribe.redaction.spoken_names import TITLES, find_names
from transcribe.redaction.spoken_places import find_places
from transcribe.redaction.tokens import Token, tokens
from transcribe.redaction.uniqueness import find_unique

_ACROSS = frozenset(("PHONE", "ID", "EMAIL", "ADDRESS", "DATE", "URL"))
_REACH = 80
_MIDDLE = 160
"""Characters of an utterance between two others that a dictation runs through whole."""
_SURE = frozenset(
    f"grammar/{name}" for name in ("cue", "title", "relation", "name-answer", "listed", "word-name", "spelled")
)
_UNCUED = frozenset(("grammar/listed", "grammar/word-name", "grammar/capital"))
"""Grammars that a public figure's name meets, too: they ask for no cue that the speaker knows the person."""
_LISTED_PLACES = frozenset(("grammar/gazetteer", "grammar/name-or-place"))
_LISTED_ORGANISATIONS = frozenset(("grammar/organisation", "grammar/saint"))
_NAMED = frozenset(("PLACE", "ORG", "ADDRESS"))


def find_spoken(text: str, previous: str = "") -> list[Found]:
    """Everything the grammars find in one utterance, sorted; `previous` is what others said before it.

    Spans may overlap. Offsets are code points. Left as it is: relative time, vague dates, bands of age.
    """
    result = [*find_ids(text, previous), *find_contacts(text, previous), *find_dates(text, previous)]
    result += find_ages(text, previous)
    words = tokens(text)
    phrases, figures = list(kept_phrases(words)), public_figures(text, words)
    places = [
        f
        for f in [*find_places(text, previous), *find_unique(text, words)]
        if not (f.recognizer in _LISTED_PLACES and any(a <= f.start and f.end <= b for a, b in [*phrases, *figures]))
        and not (f.recognizer in _LISTED_ORGANISATIONS and _is_kept_name(text, f, phrases))
    ]
    contacts = [f for f in result if f.entity_type in ("EMAIL", "URL")]
    public = {(f.start, f.end) for f in contacts if is_public_contact(text[f.start : f.end])}
    result = [f for f in result if (f.start, f.end) not in public]
    other = [f for f in [*result, *places] if f.entity_type in _NAMED or f.entity_type in ("EMAIL", "URL")]
    for name in find_names(text, previous):
        # "Mother Teresa" holds the word of relation itself; a cue before the whole name speaks of an acquaintance.
        uncued = [(a, b) for a, b in figures if name.recognizer in _UNCUED or a < name.start]
        if any(a <= name.start and name.end <= b for a, b in [*phrases, *uncued]):
            continue
        # A list alone does not make a person of a place that is called like one (`Jordan`, `Chelsea`).
        inside = any(f.start <= name.start and name.end <= f.end for f in other)
        if not ((inside or _only_joins(name, words, places)) and name.recognizer == "grammar/listed"):
            result.append(name)
    paired = find_paired(text, words, [f for f in result if f.recognizer in _SURE])
    result += [f for f in paired if not any(a <= f.start and f.end <= b for a, b in [*phrases, *figures])]
    return _sorted([*result, *places])


def _is_kept_name(text: str, item: Found, phrases: Sequence[tuple[int, int]]) -> bool:
    """Whether an organisation is, but for its article, one that must be kept (a helpline), or part of such a phrase."""
    said = [t for t in tokens(text[item.start : item.end]) if t.fold != "the"]
    if not said or " ".join(t.fold for t in said) in must_keep():
        return True
    return any(a <= item.start + said[0].start and item.end <= b for a, b in phrases)


def _only_joins(name: Found, words: Sequence[Token], places: Sequence[Found]) -> bool:
    """Whether a name is nothing but places and what joins them: `Tai Wai to Yuen` of `from Tai Wai to Yuen Long`.

    Any other word in it may be a surname: `Chan Tai Wai` is a person whole.
    """
    listed = [f for f in places if f.recognizer == "grammar/gazetteer"]
    return all(
        word.fold in FUNCTION_WORDS or any(f.start <= word.start and word.end <= f.end for f in listed)
        for word in words
        if name.start <= word.start and word.end <= name.end
    )


def names_said(text: str, items: Sequence[Found]) -> frozenset[str]:
    """Folded words of the names that grammars found in a text: each may be said again alone, without any cue."""
    result: set[str] = set()
    for item in items:
        if item.entity_type == "PERSON" and item.recognizer in _SURE:
            words = [t.fold for t in tokens(text[item.start : item.end]) if t.fold not in TITLES]
            result |= {"".join(words)} if all(len(word) == 1 for word in words) else set(words)
    return frozenset(word for word in result if len(word) > 2)


def find_names_again(text: str, known: frozenset[str], items: Sequence[Found]) -> list[Found]:
    """The names of `known` in a text, where `items` do not name a place or cover them already."""
    return [
        name
        for name in find_again(text, tokens(text), known)
        if not any(f.start <= name.start and name.end <= f.end for f in items)
    ]


def find_across(*texts: str) -> list[tuple[tuple[int, Found], ...]]:
    """What utterances of one speaker that follow each other say together: a number that a `Mm hmm` split.

    Each is given in its parts: the index of the utterance and the span there. A long utterance is looked at near its
    ends only.
    """
    pieces: list[tuple[int, int, str]] = []
    for index, text in enumerate(texts):
        if index == 0:
            pieces.append((index, max(0, len(text) - _REACH), text[-_REACH:]))
        elif index == len(texts) - 1:
            pieces.append((index, 0, text[:_REACH]))
        elif len(text) <= _MIDDLE:
            pieces.append((index, 0, text))
        else:
            return [
                *find_across(*texts[: index + 1]),
                *(tuple((i + index, f) for i, f in parts) for parts in find_across(*texts[index:])),
            ]
    joined = " ".join(piece for _, _, piece in pieces)
    items = [*find_ids(joined), *find_contacts(joined), *find_dates(joined, ""), *find_places(joined)]
    spans = [f for f in items if f.entity_type in _ACROSS] + list(find_spelled(joined))
    result: dict[tuple[tuple[int, Found], ...], None] = {}
    for item in spans:
        parts, begin = [], 0
        for index, offset, piece in pieces:
            start, end = max(item.start, begin), min(item.end, begin + len(piece))
            if start < end and piece[start - begin : end - begin].strip():
                parts.append((index, replace(item, start=start - begin + offset, end=end - begin + offset)))
            begin += len(piece) + 1
        asked = item.recognizer != "grammar/spelled" or is_asked(joined)
        if len(parts) > 1 and all(goes_on(texts[i][f.start : f.end], asked) for i, f in parts):
            result[tuple(parts)] = None
    return list(result)


def find_dictated(texts: Sequence[str]) -> Iterator[tuple[int, Found]]:
    """Digits in utterances that are hardly more than digits, whoever says them: dictated in turns and repeated.

    Yields the index of the utterance and the span. `Nine one two three. – Nine one two three? – Yes, four five.` is one
    number although no utterance holds enough of it.
    """
    digits = "".join(digits_of(text) for text in texts)
    if len(digits) < MIN_DIGITS:
        return
    for index, text in enumerate(texts):
        for start, end in digit_runs(text):
            yield index, found(start, end, "PHONE", "grammar/dictated", 0.7)


def is_dictated(text: str) -> bool:
    """Whether an utterance is hardly more than digits."""
    return is_mostly_number(text)


def _sorted(items: Sequence[Found]) -> list[Found]:
    return sorted(set(items), key=lambda f: (f.start, f.end, f.entity_type, f.recognizer))
