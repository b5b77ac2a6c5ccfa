"""All grammars for spoken text: what Presidio's patterns and the language model cannot see in an interview."""

from transcribe.redaction.spans import Found
from transcribe.redaction.spoken_contacts import find_contacts
from transcribe.redaction.spoken_dates import find_dates
from transcribe.redaction.spoken_ids import find_ids
from transcribe.redaction.spoken_names import find_names
from transcribe.redaction.spoken_places import find_places

SPOKEN_VERSION = "1"
"""Raised when a grammar changes, so that redaction runs again."""


def find_spoken(text: str, previous: str = "") -> list[Found]:
    """Everything the grammars find in one utterance, sorted; `previous` is the text of the utterance before it.

    Spans may overlap. Offsets are code points. Left as it is: others' ages without `years old` (`he's nine`), a bare
    month or year, relative time.
    """
    result = [*find_ids(text), *find_contacts(text), *find_dates(text, previous)]
    result += [*find_names(text, previous), *find_places(text)]
    return sorted(set(result), key=lambda f: (f.start, f.end, f.entity_type, f.recognizer))
