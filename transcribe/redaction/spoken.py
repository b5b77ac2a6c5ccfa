"""All grammars for spoken text: what Presidio's patterns and the language model cannot see in an interview."""

from dataclasses import replace

from transcribe.redaction.spans import Found
from transcribe.redaction.spoken_contacts import find_contacts
from transcribe.redaction.spoken_dates import find_dates
from transcribe.redaction.spoken_ids import find_ids
from transcribe.redaction.spoken_names import find_names
from transcribe.redaction.spoken_places import find_places

SPOKEN_VERSION = "1"
"""Raised when a grammar changes, so that redaction runs again."""


_ACROSS = frozenset(("PHONE", "ID", "EMAIL", "ADDRESS", "DATE"))
_REACH = 80


def find_across(first: str, second: str) -> list[tuple[Found, Found]]:
    """What begins at the end of one utterance and goes on in the speaker's next: a number that a `Mm hmm` split.

    Each is given as its two parts, with offsets in `first` and in `second`.
    """
    head, tail = first[-_REACH:], second[:_REACH]
    joined = f"{head} {tail}"
    result = []
    for item in [*find_ids(joined), *find_contacts(joined), *find_dates(joined, ""), *find_places(joined)]:
        if item.entity_type in _ACROSS and item.start < len(head) and item.end > len(head) + 1:
            left = replace(item, start=item.start + len(first) - len(head), end=len(first))
            right = replace(item, start=0, end=item.end - len(head) - 1)
            result.append((left, right))
    return result


def find_spoken(text: str, previous: str = "") -> list[Found]:
    """Everything the grammars find in one utterance, sorted; `previous` is the text of the utterance before it.

    Spans may overlap. Offsets are code points. Left as it is: others' ages without `years old` (`he's nine`), a bare
    month or year, relative time.
    """
    result = [*find_ids(text), *find_contacts(text), *find_dates(text, previous)]
    result += [*find_names(text, previous), *find_places(text)]
    return sorted(set(result), key=lambda f: (f.start, f.end, f.entity_type, f.recognizer))
