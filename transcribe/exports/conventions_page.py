"""`conventions.md`: how to read the transcripts of this study."""

from collections.abc import Sequence

from transcribe.exports.layout import DRAFT_LINE, UNKNOWN_SPEAKER
from transcribe.exports.manifest import Settings, TranscriptEntry

_LABELS = {
    "PERSON": "a person",
    "PLACE": "a place",
    "ORG": "an organisation",
    "ADDRESS": "an address",
    "PHONE": "a telephone number",
    "EMAIL": "an e-mail address",
    "URL": "a web address",
    "ID": "a number or code that identifies somebody",
    "DATE": "a date, with month and year where they are kept",
    "AGE": "an age, with its five-year band where it is kept",
    "CLINICIAN": "a clinician",
    "FRIEND": "a friend, of whom it is not known whose",
    "HOSPITAL": "a hospital",
    "SCHOOL": "a school",
    "EMPLOYER": "an employer",
    "SERVICE": "a service",
}
_LABELS_OF_LEVEL = {
    "team": {},
    "share": {"DATE": "a date, with its year where it is kept", "AGE": "an age, with ten years where they are kept"},
    "archive": {"DATE": "a date", "AGE": "an age"},
}

_PARTICIPANTS = """| `P01-PSW`, `P01-PIR` | a participant: pair, then role (PSW peer support worker, PIR person in \
recovery) |"""
_MARKS = """| `[PERSON_1]` | something identifying, replaced; the same mark is the same person or thing in the whole \
study |
| `[P01-PIR]` | a participant, by code, in whichever interview they are named |
| `[P01-PIR-SISTER_1]`, `[P01-PIR-FRIEND_1]` | somebody by their relation to a participant, in whichever \
interview they are named |
| `[AGE_1 45-49]` | a mark with the coarser detail that was kept |"""
_UNLINKED_PARTICIPANTS = """| `PSW-…`, `PIR-…` | the participant whose transcript it is: role (PSW peer \
support worker, PIR person in recovery) and a random number |
| `OBS-…-PSW`, `OBS-…-PIR` | the participants of an observed session |"""
_UNLINKED_MARKS = """| `[PERSON_1]` | something identifying, replaced; the same mark is the same person or thing \
within the transcripts of one participant, and **not** across participants |
| `[PIR-…]` | the participant whose transcript it is |
| `[PIR-…-PSW]` | their partner in the study, who has another number as participant: pairs cannot be told |
| `[PIR-…-SISTER_1]`, `[PIR-…-FRIEND_1]` | somebody by their relation to a participant |"""
_SHARE_MARKS = """
| `[AGE_1 40-49]`, `[DATE_1 2019]` | a mark with the coarser detail that was kept: ten years of an age, the year |"""

_TEXT = """# Conventions of these transcripts

**Level.** {rendering}: words as the speech recogniser heard them, nothing corrected. It tends to leave out some \
fillers (um, uh) and false starts; do not count them. Quality setting: {quality}. Models: {models}.

**Pseudonymised, not anonymous.** Names and other identifying details were found and replaced by a machine. It can \
miss some, and what people say about their lives can identify them to those who know them. Handle the transcripts \
as confidential and report anything identifying that you find.

## Layout
One paragraph per utterance: `SPEAKER: text [hh:mm:ss]`. The stamp is the **end** of the utterance in the recording, \
rounded down to the second; where people speak at once it repeats the later time, so that it never runs backwards. \
Exact times are in `turns.csv` (milliseconds) and `sync/*.vtt`.

| speaker | who |
|---|---|
| `INT`, `INT-2` | interviewer |
{participants}
| `INTERP` | interpreter |
| `OTHER-1`, `OTHER-2` | somebody else, told apart by voice |
| `{unknown}`, `SPEAKER-1` | not known who |

## Marks
Square brackets hold nothing but marks and stamps.

| mark | means |
|---|---|
{marks}
| `[inaudible 00:12:03-00:12:09]` | speech that could not be heard |
| `[withheld at participant's request 00:12:03-00:12:09]` | a stretch that was taken back |
| `[third party, not transcribed 00:12:03-00:12:09]` | people speaking who take no part in the study |

The last three are paragraphs of their own under `{unknown}`, flagged `event` in `turns.csv`.

An utterance flagged `unsupported` in `turns.csv` lies where hardly any speech was heard: mostly a soft "mm-hmm", at \
times something that the machine made up. Have it compared with the recording before you code it.
{labels}
## Who speaks at once
`//Words//` between double slashes were said while another person spoke, too. They stand where two people are heard at \
once and words of both are known, as far as a machine can tell, give or take a word; where the words of only one were \
heard, nothing is marked. Slashes side by side in speech (a web address) are parted: `/ /`.

What somebody says to show that they listen while another talks on ("mm-hmm", "yeah", "係呀") is a paragraph of its \
own, flagged `backchannel` in `turns.csv`. Where it falls into the other's sentence it stands after that paragraph and \
does not break it; `turns.csv` has its time. The machine leaves out many of them; do not count them.

## What was changed besides
QDA programs take `Word:` for a speaker and brackets for marks. A colon inside speech (not that of 10:30) became a \
comma, `[ ]` and `{{ }}` became `( )`; no word was changed. Such utterances are flagged `repunctuated` in `turns.csv` \
and counted in `manifest.json`.

## Versions
A transcript's version, in its head, rises only when its own utterances change (words, speakers or times); the \
release number, in `README.md` and `manifest.json`, when anything in this folder does. An utterance keeps its id \
(`turn` in `turns.csv`, cue name in the vtt) from version to version. "Review. none" means that no person has yet \
compared the transcript with the recording.{draft}

## turns.csv
UTF-8 with BOM, CRLF. `pos0,pos1` are code points in the txt file counted from 0 after its BOM, end exclusive; `text` \
is that slice. A cell that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`, `@`) has a `'` before \
it that is not part of the text.
"""


def write(settings: Settings, transcripts: Sequence[TranscriptEntry]) -> bytes:
    """The file, UTF-8 with LF."""
    present = sorted({redaction.label for entry in transcripts for redaction in entry.redactions})
    known = _LABELS | _LABELS_OF_LEVEL[settings.level]
    labels = "".join(f"- `{label}`: {known[label]}\n" for label in present if label in known)
    is_draft = any(entry.draft for entry in transcripts)
    return _TEXT.format(
        rendering=f"Machine {settings.rendering}",
        quality=settings.quality or "not stated",
        models=", ".join(settings.models) or "not stated",
        unknown=UNKNOWN_SPEAKER,
        participants=_PARTICIPANTS if settings.level == "team" else _UNLINKED_PARTICIPANTS,
        marks=_marks(settings.level),
        labels=f"\nLabels in this release:\n\n{labels}" if labels else "",
        draft=f' Transcripts headed "{DRAFT_LINE}" were made to try things out and will be replaced.'
        if is_draft
        else "",
    ).encode()


def _marks(level: str) -> str:
    if level == "team":
        return _MARKS
    return _UNLINKED_MARKS + (_SHARE_MARKS if level == "share" else "")
