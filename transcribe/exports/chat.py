"""`sync/<id>.cha`: the transcript in CHAT, for CLAN (TalkBank, "Tools for Analyzing Talk, Part 1: The CHAT
Transcription Format", https://talkbank.org/manuals/CHAT.html).

One main line per utterance, ended by one terminator and a bullet with start and end in ms; `+<` begins one that
overlaps another speaker's line before it. Speakers have three letters, whose labels `@Participants` tells. Between
words only commas are left: a sentence end inside an utterance is one, too. What CHAT has a sign for is written so:

    a redaction, what was taken back        www, and what it is in %exp
    what could not be heard                 xxx
    a pause                                 (2.0) (.) (..) (...)
    an uncertain word, some                 word [?]   <two words> [?]
    a cut-off word, a sound                 &+wor   &=laughs

Words stay as they are, but for characters that CHAT would read as code, and digits, which it would have spelled out:
they are written full width (`10:30` as `１０：３０`); `www` said aloud is `www@k`. Emoji lose what chooses between
pictures of them. The language is not known here: `und`. How words are made is in `chat_words`.

TalkBank's own validator (in batchalign 0.10.7) finds nothing wrong but where one label speaks over itself (E704).
"""

from collections.abc import Iterable, Iterator
from itertools import product
from string import ascii_uppercase, digits

from transcribe.conventions import Conventions, without_signs
from transcribe.exports.chat_words import MARK_PLACE, Line, chat_line
from transcribe.exports.layout import EVENT_WORDS, UNVERIFIED, LaidOut, Turn, title_lines
from transcribe.exports.times import end_of

BULLET = "\x15"
"""What stands on both sides of a bullet's times: a control character, the only one in any file of ours."""
_ROLES = ("PSW", "PIR")
_INAUDIBLE = (UNVERIFIED, f"[{EVENT_WORDS['inaudible']} ")


def write(laid: LaidOut, conventions: Conventions) -> bytes:
    """The file, UTF-8 with LF."""
    labels = dict.fromkeys(turn.speaker for turn in laid.turns) or {"INT": None}
    codes = speaker_codes(labels)
    people = ", ".join(f"{codes[label]} {label} {_role(label)}" for label in labels)
    lines = ["@UTF8", "@Begin", "@Languages:\tund", f"@Participants:\t{people}"]
    lines += [f"@ID:\tund|study|{codes[label]}|||||{_role(label)}|||" for label in labels]
    lines += [f"@Media:\t{laid.header.recording}, audio"] if laid.turns else []
    lines += [f"@Comment:\t{line}" for line in title_lines(laid.header)]
    before: Turn | None = None
    for turn in laid.turns:
        said, explained = _main_line(turn, conventions)
        overlaps = before is not None and before.speaker != turn.speaker and turn.start_ms < end_of(before)
        bullet = f"{BULLET}{turn.start_ms}_{end_of(turn)}{BULLET}"
        lines.append(f"*{codes[turn.speaker]}:\t{'+< ' if overlaps else ''}{said} {bullet}")
        lines += [f"%exp:\t{', '.join(explained)}"] if explained else []
        before = turn
    return "".join(f"{line}\n" for line in [*lines, "@End"]).encode()


def _main_line(turn: Turn, conventions: Conventions) -> tuple[str, list[str]]:
    """The words and the terminator of a turn, and what its `www` stand for."""
    if turn.is_event:
        return ("xxx .", []) if turn.text.startswith(_INAUDIBLE) else ("www .", [turn.text])
    pieces, cursor = [], 0
    for start, end in turn.marks:
        pieces += [turn.text[cursor:start].replace(MARK_PLACE, " "), MARK_PLACE]
        cursor = end
    pieces.append(turn.text[cursor:].replace(MARK_PLACE, " "))
    line: Line = chat_line("".join(pieces), conventions.uncertain == "parentheses")
    # In their brackets, by which whoever checks the file knows a mark, whatever the convention.
    return f"{line.words} {line.terminator}", [without_signs(turn.text[start:end]) for start, end in turn.marks]


def _role(label: str) -> str:
    """One of the roles that CHAT has."""
    if label == "INT" or label.startswith("INT-"):
        return "Investigator"
    if label.startswith("SPEAKER-"):
        return "Unidentified"
    return "Other" if label.startswith(("OTHER", "INTERP")) else "Participant"


def speaker_codes(labels: Iterable[str]) -> dict[str, str]:
    """A code of three letters and digits for each label, no two alike: `INT`, `PSW` for `P01-PSW`, `SP0` for
    `SPEAKER-0`; where those are taken, the next that is free.
    """
    codes: dict[str, str] = {}
    for label in sorted(set(labels)):
        codes[label] = next(code for code in _candidates(label) if code not in codes.values())
    return codes


def _candidates(label: str) -> Iterator[str]:
    if label == "INTERP":
        yield "ITP"
    parts = label.split("-")
    yield from (part for part in (parts[-1], parts[0]) if part in _ROLES)
    plain = "".join(sign for sign in label if sign not in "-_")
    if plain[-1].isdigit() and len(plain) > 3:
        yield plain[:2] + plain[-1]
    if len(plain) >= 3:
        yield plain[:3]
    signs = digits + ascii_uppercase
    yield from ("".join(code) for code in product(label[0] + ascii_uppercase, signs, signs))
