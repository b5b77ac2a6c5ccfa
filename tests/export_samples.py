"""Small redacted transcripts for the tests of exports and releases."""

from transcribe.exports.bundle import BundleOptions
from transcribe.exports.layout import CoderTranscript, ExportHeader
from transcribe.records import Event, MarkSpan, RedactedTranscript, RedactedUtterance, Role

OPTIONS = BundleOptions("0.1.0", "standard", ("whisper-base",))


def utterance(
    number: int, speaker: str, start: float, end: float, text: str, *marks: str, flags: tuple[str, ...] = ()
) -> RedactedUtterance:
    """An utterance; each of `marks` is marked where it first stands in `text`."""
    spans = tuple(
        MarkSpan(text.index(mark), text.index(mark) + len(mark), mark, mark.strip("[]").split("_")[0], "direct")
        for mark in marks
    )
    return RedactedUtterance(f"u{number:04d}", speaker, "en", start, end, text, spans, flags)


def transcript(
    *utterances: RedactedUtterance,
    recording: str = "P01-PSW",
    role: Role = "PSW",
    duration: float = 60.0,
    draft: bool = False,
    events: tuple[Event, ...] = (),
) -> CoderTranscript:
    header = ExportHeader(recording, "P01", role, "2024-03", duration, draft=draft)
    return CoderTranscript(header, RedactedTranscript(recording, utterances, events))


def small(recording: str = "P01-PSW", *, draft: bool = False) -> CoderTranscript:
    """What the layout has to cope with, in seven paragraphs."""
    return transcript(
        utterance(1, "INT", 0.0, 4.25, "Thank you for coming. How did the day start?"),
        utterance(
            2,
            "P01-PSW",
            4.5,
            20.0,
            "Well, //[PERSON_1] called// me from [PLACE_1 Kowloon] at 10:30.",
            "[PERSON_1]",
            "[PLACE_1 Kowloon]",
        ),
        utterance(3, "INT", 6.0, 6.4, "//Mm hmm.//", flags=("backchannel",)),
        utterance(4, "P01-PSW", 21.0, 30.0, "She said: Listen: come [now] & <bring> {it}."),
        utterance(5, "P01-PSW", 36.5, 40.0, "=SUM of it, 我們 👩‍👩‍👧 e\u0301t\u00e9, \u05e9\u05dc\u05d5\u05dd."),
        utterance(6, "INT", 41.0, 42.0, 'And "then"?'),
        recording=recording,
        draft=draft,
        events=(Event("inaudible", 31.0, 36.4),),
    )


def plain(text: str = "It went well.", recording: str = "P01-PSW") -> CoderTranscript:
    """One utterance."""
    return transcript(utterance(1, "P01-PSW", 1.0, 3.0, text), recording=recording)
