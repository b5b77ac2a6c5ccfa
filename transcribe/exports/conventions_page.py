"""`conventions.md`: how to read the transcripts of this study, with the signs that it has and no others."""

from collections.abc import Sequence

from transcribe.conventions import Conventions, mark_in
from transcribe.exports.layout import DRAFT_LINE, UNKNOWN_SPEAKER, UNVERIFIED
from transcribe.exports.manifest import Settings, TranscriptEntry
from transcribe.exports.page_signs import LABELS

_LABELS = LABELS | {
    "DATE": "a date, with month and year where they are kept",
    "AGE": "an age, with its five-year band where it is kept",
    "FRIEND": "a friend, of whom it is not known whose",
}
_LABELS_OF_LEVEL = {
    "team": {},
    "share": {"DATE": "a date, with its year where it is kept", "AGE": "an age, with ten years where they are kept"},
    "archive": {"DATE": "a date", "AGE": "an age"},
}

_PARTICIPANTS = """| `P01-PSW`, `P01-PIR` | a participant: pair, then role (PSW peer support worker, PIR person in \
recovery) |"""
_UNLINKED_PARTICIPANTS = """| `PSW-…`, `PIR-…` | the participant whose transcript it is: role (PSW peer \
support worker, PIR person in recovery) and a random number |
| `OBS-…-PSW`, `OBS-…-PIR` | the participants of an observed session |"""
_MARKS = (
    (
        ("[PERSON_1]",),
        "something identifying, replaced; the same mark is the same person or thing in the whole study",
    ),
    (("[P01-PIR]",), "a participant, by code, in whichever interview they are named"),
    (
        ("[P01-PIR-SISTER_1]", "[P01-PIR-FRIEND_1]"),
        "somebody by their relation to a participant, in whichever interview they are named",
    ),
    (("[AGE_1 45-49]",), "a mark with the coarser detail that was kept"),
)
_UNLINKED_MARKS = (
    (
        ("[PERSON_1]",),
        "something identifying, replaced; the same mark is the same person or thing within the transcripts of one "
        "participant, and **not** across participants",
    ),
    (("[PIR-…]",), "the participant whose transcript it is"),
    (
        ("[PIR-…-PSW]",),
        "their partner in the study, who has another number as participant: pairs cannot be told",
    ),
    (("[PIR-…-SISTER_1]", "[PIR-…-FRIEND_1]"), "somebody by their relation to a participant"),
)
_SHARE_MARKS = (
    (
        ("[AGE_1 40-49]", "[DATE_1 2019]"),
        "a mark with the coarser detail that was kept: ten years of an age, the year",
    ),
)

_TEXT = """# Conventions of these transcripts

**Level.** {level} Quality setting: {quality}. Models: {models}.

**Pseudonymised, not anonymous.** Names and other identifying details were found and replaced by a machine. It can \
miss some, and what people say about their lives can identify them to those who know them. Handle the transcripts \
as confidential and report anything identifying that you find.

## Layout
One paragraph per utterance: `SPEAKER: text [hh:mm:ss]`. The stamp is the **end** of the utterance in the recording, \
rounded down to the second; where people speak at once it repeats the later time, so that it never runs backwards. \
Exact times are in `turns.csv` (milliseconds). {paragraphs}

| speaker | who |
|---|---|
| `INT`, `INT-2` | interviewer |
{participants}
| `INTERP` | interpreter |
| `OTHER-1`, `OTHER-2` | somebody else, told apart by voice |
| `{unknown}`, `SPEAKER-1` | not known who |

## Marks
{brackets}

| mark | means |
|---|---|
{marks}
| {inaudible} | speech that could not be heard |
| `[withheld at participant's request 00:12:03-00:12:09]` | a stretch that was taken back |
| `[third party, not transcribed 00:12:03-00:12:09]` | people speaking who take no part in the study |

The last three are paragraphs of their own under `{unknown}`, flagged `event` in `turns.csv`.

An utterance flagged `unsupported` in `turns.csv` lies where hardly any speech was heard: mostly a soft "mm-hmm", at \
times something that the machine made up. Have it compared with the recording before you code it.
{labels}{sections}
## Who listens
What somebody says to show that they listen while another talks on ("mm-hmm", "yeah", "係呀") is a paragraph of its \
own, flagged `backchannel` in `turns.csv`. Where it falls into the other's sentence it stands after that paragraph and \
does not break it; `turns.csv` has its time. The machine leaves out many of them; do not count them.

## What was changed besides
QDA programs take `Word:` for a speaker and brackets for marks. A colon inside speech (not that of 10:30) became a \
comma, `[ ]` and `{{ }}` became `( )`; what looks like a sign of a transcript is parted by a space (`/ /`). No word \
was changed. Such utterances are flagged `repunctuated` in `turns.csv` and counted in `manifest.json`.

## Versions
A transcript's version, in its head, rises only when its own utterances change (words, speakers, times or signs); the \
release number, in `README.md` and `manifest.json`, when anything in this folder does. An utterance keeps its id \
(`turn` in `turns.csv`) from version to version. "Review. none" means that no person has yet compared the transcript \
with the recording.{draft}

## turns.csv
UTF-8 with BOM, CRLF. `pos0,pos1` are code points in the txt file counted from 0 after its BOM, end exclusive; `text` \
is that slice. A cell that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`, `@`) has a `'` before \
it that is not part of the text.
"""

_LEVELS = {
    "verbatim": "Machine verbatim: words as the speech recogniser heard them, nothing corrected. It tends to leave out "
    "some fillers (um, uh) and false starts; do not count them.",
    "clean": "Machine clean verbatim: words as the speech recogniser heard them, nothing corrected, without fillers, "
    "stutters, and signs of pauses and overlaps (see below).",
}
_CLEAN = """
## What is left out
Fillers (`um`, `uh`, `er`, `erm`; `ah`, `hm`, `mm` inside a sentence; 呃 and 嗯 where commas part them from the \
sentence), in English and in Chinese with English in it; a small word that is said twice or more in a row (`I, I \
went`, `the the`); a beginning that is broken off before its word (`wor- word`, `th-the`). The commas and spaces that \
were theirs go with them, and the next word takes over the capital letter.

Everything else stays: negations, numbers, `no, no`, `very, very`, `you know`, `like`, `I mean`, `mm-hmm`, half \
sentences, repeated phrases, and an utterance that is nothing but a filler. Pauses and who speaks at once are not \
shown; marks, and words that were hard to hear, are.
"""


def write(settings: Settings, transcripts: Sequence[TranscriptEntry]) -> bytes:
    """The file, UTF-8 with LF."""
    present = sorted({redaction.label for entry in transcripts for redaction in entry.redactions})
    known = _LABELS | _LABELS_OF_LEVEL[settings.level]
    labels = "".join(f"- `{label}`: {known[label]}\n" for label in present if label in known)
    is_draft = any(entry.draft for entry in transcripts)
    conventions = settings.conventions
    return _TEXT.format(
        level=_LEVELS[settings.rendering],
        quality=settings.quality or "not stated",
        models=", ".join(settings.models) or "not stated",
        paragraphs=_paragraphs(conventions),
        unknown=UNKNOWN_SPEAKER,
        participants=_PARTICIPANTS if settings.level == "team" else _UNLINKED_PARTICIPANTS,
        brackets=_brackets(settings),
        marks=_marks(settings.level, conventions),
        inaudible=f"`{UNVERIFIED}`" if conventions.inaudible == "unv" else "`[inaudible 00:12:03-00:12:09]`",
        labels=f"\nLabels in this release:\n\n{labels}" if labels else "",
        sections="".join(_sections(settings)),
        draft=f' Transcripts headed "{DRAFT_LINE}" were made to try things out and will be replaced.'
        if is_draft
        else "",
    ).encode()


def _paragraphs(conventions: Conventions) -> str:
    size = conventions.paragraph_words
    if not size:
        return "However long an utterance is, it is one paragraph."
    return (
        f"What somebody other than an interviewer says in more than {size} words is parted at ends of sentences into "
        "paragraphs of about that length: `u0012` in `turns.csv`, then `u0012-2`, `u0012-3`."
    )


def _brackets(settings: Settings) -> str:
    conventions = settings.conventions
    if conventions.overlap == "brackets" and settings.rendering == "verbatim":
        return "What was replaced stands in `<seg>` and `</seg>`; other square brackets are explained below."
    if conventions.redaction == "seg":
        return (
            "What was replaced stands in `<seg>` and `</seg>`. Square brackets hold no speech but what is said below."
        )
    return "Square brackets hold marks and stamps" + (
        ", and words that were hard to hear." if conventions.uncertain == "brackets" else ", and nothing else."
    )


def _marks(level: str, conventions: Conventions) -> str:
    rows = _MARKS if level == "team" else (*_UNLINKED_MARKS, *(_SHARE_MARKS if level == "share" else ()))
    shown = [(", ".join(f"`{mark_in(conventions, mark)}`" for mark in marks), means) for marks, means in rows]
    return "\n".join(f"| {marks} | {means} |" for marks, means in shown)


def _sections(settings: Settings) -> list[str]:
    """What the study's own choices of signs mean."""
    conventions = settings.conventions
    sections = [_uncertain(conventions)] if conventions.uncertain != "none" else []
    if settings.rendering == "clean":
        return [*sections, _CLEAN]
    sections += [_pauses(conventions)] if conventions.pause != "none" else []
    sections += [_overlaps(conventions)] if conventions.overlap != "none" else []
    return sections


def _uncertain(conventions: Conventions) -> str:
    sign = "`[?word?]`" if conventions.uncertain == "brackets" else "`(word?)`"
    return f"""
## Words that were hard to hear
{sign}: the recogniser gave a probability below {conventions.uncertain_below:g} to what it wrote. Many such words \
are wrong, and most wrong words are not marked: a sign says where to listen again, no sign says nothing. What was \
replaced, and what people say while they listen, is never marked.
"""


def _pauses(conventions: Conventions) -> str:
    sign = {
        "seconds": "`(2.4)`: nothing is said for 2.4 s, rounded down, between two words of an utterance; shown",
        "dots": "`(..)`: nothing is said between two words of an utterance, a dot for each full second; shown",
        "ellipsis": "`(...)`: nothing is said between two words of an utterance; shown",
    }[conventions.pause]
    short = conventions.short_pause_from
    shorter = f" A shorter one, from {short:g} s on, is `(.)`." if 0 < short < conventions.pause_from else ""
    return f"""
## Pauses
{sign} from {conventions.pause_from:g} s on.{shorter} The times of words are those of the recogniser, give or \
take some tenths of a second. Between two utterances no pause is shown: `turns.csv` has their times.
"""


def _overlaps(conventions: Conventions) -> str:
    slashes = conventions.overlap == "slashes"
    sign = "`//Words//` between double slashes" if slashes else "`[Words]` in square brackets"
    space = "" if slashes else " Before a capital letter or a number a space follows the bracket."
    return f"""
## Who speaks at once
{sign} were said while another person spoke, too. They stand where two people are heard at once and words of both are \
known, as far as a machine can tell, give or take a word; where the words of only one were heard, nothing is \
marked.{space}
"""
