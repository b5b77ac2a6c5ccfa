"""The codes by which people, pairs and recordings are known: they name folders, files and speakers."""

import re

from transcribe.records import Role

ROLES: tuple[Role, ...] = ("PSW", "PIR", "OBS")

_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,15}")
_PAIR = re.compile(r"[A-Z]{1,4}[0-9]{1,4}")
_INTERVIEWER = re.compile(r"INT(-[1-9][0-9]*)?")
_NUMBERED = re.compile(r"(?:SPEAKER|OTHER)-[0-9]+")
_UNNAMED = re.compile(r"rec-[0-9a-f]{10}")


def is_code(text: str) -> bool:
    """Whether `text` can be a person's code: `P01-PIR`, `INT`, `INT-2`; a speaker label that every program reads.

    It holds a digit unless it is `INT` or `INTERP`: a word of letters alone could be a name, and codes are published.
    """
    coded = text in ("INT", "INTERP") or any(c.isdigit() for c in text)
    return bool(_CODE.fullmatch(text)) and not text.endswith("-") and coded


def is_interviewer(text: str) -> bool:
    """Whether `text` is an interviewer's code: `INT`, `INT-2` …"""
    return is_code(text) and bool(_INTERVIEWER.fullmatch(text))


def is_person(text: str) -> bool:
    """Whether `text` is the code of one certain person: not `INTERP`, whoever interprets, `OTHER-n` or `SPEAKER-n`."""
    return is_code(text) and text != "INTERP" and not _NUMBERED.fullmatch(text)


def is_pair(text: str) -> bool:
    """Whether `text` is a pair's code: `P01`, `D1`, `HKSP0123`."""
    return bool(_PAIR.fullmatch(text))


def is_recording_id(text: str) -> bool:
    """Whether `text` can name a recording and its folder: a code, or `rec-` and ten digits of its sha256."""
    # On a disk that ignores case, this code would be the folder of earlier releases.
    return (is_code(text) and text != "RELEASES") or bool(_UNNAMED.fullmatch(text))


def unnamed_id(sha256: str) -> str:
    """The id of a recording of which pair or role is not known."""
    return f"rec-{sha256[:10]}"


def recording_id(pair: str, role: Role, session: int) -> str:
    """`P01-PSW`, `P01-PSW-S2`: the person's code, and the session from the second on."""
    return f"{pair}-{role}" + (f"-S{session}" if session > 1 else "")
