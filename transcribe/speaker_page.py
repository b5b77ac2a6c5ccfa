"""`private/speakers.html`: every recording's voices on one page, for somebody who checks them. PRIVATE: quotes speech.

One file without scripts or anything from elsewhere. A strip shows who speaks when; below it stand what each voice says
and the commands that confirm or correct it.
"""

from collections.abc import Mapping, Sequence
from html import escape

from transcribe.intervals import clock, joined
from transcribe.records import Diarization
from transcribe.speaker_evidence import RecordingSpeakers, SpeakerEvidence

COLOURS = ("#1b6ca8", "#c1440e", "#4a7c2c", "#7b4ea3", "#8a6d1a", "#666666")
"""Of the voices in their order; told apart by people who do not see red and green alike, and every row has its name."""
STRIP_WIDTH = 1000
"""Units of the strip's drawing; the page stretches it to its own width."""
ROW_HEIGHT = 14
SHORTEST_GAP = 1.0
"""Seconds: shorter pauses are closed in the strip, for an hour has thousands of turns, and nobody sees more."""

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
.unsure h2::after { content: " – please check"; color: #b00020; font-weight: normal; }
svg { width: 100%; height: auto; background: #f3f3f1; border-radius: 3px; display: block; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; table-layout: fixed; }
th:nth-child(1), th:nth-child(2) { width: 7.5rem; } th:nth-child(3) { width: 30%; }
th { text-align: left; font-weight: 600; font-size: .85rem; color: #555; }
td, th { padding: .2rem .8rem .2rem 0; vertical-align: top; }
.voice { white-space: nowrap; } .dot { display: inline-block; width: .8em; height: .8em; border-radius: 2px; }
.time { color: #666; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { background: #f3f3f1; padding: .1rem .3rem; border-radius: 3px; white-space: nowrap; }
.warn { color: #b00020; } .quiet { color: #666; }
@media print { section { break-inside: avoid; } }
"""


def speaker_page(
    found: Sequence[RecordingSpeakers], turns: Mapping[str, Diarization], durations: Mapping[str, float]
) -> str:
    """The page. `turns` and `durations` (s) are by recording; those to be checked come first."""
    unsure = [item.recording for item in found if is_unsure(item)]
    summary = (
        f"{len(unsure)} of {len(found)} recordings need a look: {', '.join(unsure)}."
        if unsure
        else f"All voices of {len(found)} recordings are known."
    )
    ordered = sorted(found, key=lambda item: not is_unsure(item))
    sections = "\n".join(
        _section(item, turns.get(item.recording), durations.get(item.recording, 0.0)) for item in ordered
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Who is who</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Who is who</h1>\n"
        '<p class="warn">PRIVATE: this page quotes what participants said. It stays in private/.</p>\n'
        f"<p>{escape(summary)} Read the first lines of each voice, and listen at the times if they do not tell. "
        "STUDY in a command is the study folder.</p>\n"
        f"{sections}\n</body>\n</html>\n"
    )


def is_unsure(item: RecordingSpeakers) -> bool:
    """Whether a person should look: a voice with words of its own is nobody yet."""
    return any(speaker.standing == "unsure" and speaker.voice != "SPEAKER-0" for speaker in item.speakers)


def _section(item: RecordingSpeakers, diarization: Diarization | None, duration: float) -> str:
    colours = {speaker.voice: COLOURS[n % len(COLOURS)] for n, speaker in enumerate(item.speakers)}
    rows = "\n".join(_row(speaker, colours[speaker.voice]) for speaker in item.speakers)
    name = escape(item.recording)
    strip = _strip(diarization, colours, duration) if diarization is not None and duration > 0 else ""
    kind = ' class="unsure"' if is_unsure(item) else ""
    return (
        f"<section{kind}>\n<h2>{name}</h2>\n{strip}\n<table>\n"
        "<tr><th>voice</th><th>speaker</th><th>why</th><th>says</th></tr>\n"
        f"{rows}\n</table>\n"
        f'<p class="quiet">Right: <code>transcribe speakers STUDY --confirm {name}</code> &nbsp; '
        f"the other way round: <code>transcribe speakers STUDY --swap {name}</code></p>\n</section>"
    )


def _row(speaker: SpeakerEvidence, colour: str) -> str:
    who = f"{speaker.speaker}<br>likely {escape(speaker.likely)}" if speaker.likely else escape(speaker.speaker)
    quotes = "<br>".join(
        f'<span class="time">{clock(excerpt.start)}</span> {escape(excerpt.text)}' for excerpt in speaker.excerpts
    )
    return (
        f'<tr><td class="voice"><span class="dot" style="background:{colour}"></span> {escape(speaker.voice)}</td>'
        f'<td>{who}<br><span class="quiet">{escape(how_sure(speaker))}</span></td>'
        f'<td>{escape(speaker.evidence)}<br><span class="quiet">{clock(speaker.seconds)} of speech</span></td>'
        f"<td>{quotes or '<em>nothing of it is transcribed</em>'}</td></tr>"
    )


def _strip(diarization: Diarization, colours: Mapping[str, str], duration: float) -> str:
    """One row a voice, its turns as bars along the recording's time."""
    voices = [voice for voice in colours if any(turn.speaker == voice for turn in diarization.turns)]
    bars = []
    for row, voice in enumerate(voices):
        for start, end in joined(((t.start, t.end) for t in diarization.turns if t.speaker == voice), SHORTEST_GAP):
            x, width = STRIP_WIDTH * start / duration, max(0.5, STRIP_WIDTH * (end - start) / duration)
            bars.append(
                f'<rect x="{x:.1f}" y="{row * ROW_HEIGHT + 2}" width="{width:.1f}" height="{ROW_HEIGHT - 4}" '
                f'fill="{colours[voice]}"/>'
            )
    height = max(1, len(voices)) * ROW_HEIGHT
    return (
        f'<svg viewBox="0 0 {STRIP_WIDTH} {height}" role="img" '
        f'aria-label="who speaks when, 0:00:00 to {clock(duration)}">{"".join(bars)}</svg>'
    )


def how_sure(speaker: SpeakerEvidence) -> str:
    """The standing of a label, with its confidence where that says something."""
    told = speaker.standing == "confirmed" or speaker.confidence == 0
    return speaker.standing if told else f"{speaker.standing} {speaker.confidence:.2f}"
