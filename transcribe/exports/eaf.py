"""`sync/<id>.eaf`: ELAN annotations, a tier per speaker (ELAN Annotation Format, schema EAFv3.0,
https://www.mpi.nl/tools/elan/EAFv3.0.xsd).

Written with the standard library: pympi-ling writes the clock and its own name into the file, to a path alone. No
media file is named, no author, and the date is fixed. Annotations of one tier may not overlap: what a speaker says over
their own utterance (two voices under one unsure label) stands in a further tier, `SPEAKER-0 (2)`, of the same
participant. An annotation of 0 ms has 1 ms.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from transcribe.exports.layout import LaidOut, Turn, title_lines
from transcribe.exports.times import end_of

_DATE = "1980-01-01T00:00:00+00:00"
"""As in the docx: the format wants a date, and the same transcript has to give the same bytes."""
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
_TYPE = "utterance"


def write(laid: LaidOut) -> bytes:
    """The file, UTF-8 with LF; annotations are numbered in the order of turns.csv, `a1` first."""
    root = ET.Element(
        "ANNOTATION_DOCUMENT", {"AUTHOR": "", "DATE": _DATE, "FORMAT": "3.0", "VERSION": "3.0", _XSI: _SCHEMA}
    )
    header = ET.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    ET.SubElement(header, "PROPERTY", {"NAME": "transcript"}).text = " ".join(title_lines(laid.header))
    ET.SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"}).text = str(len(laid.turns))
    slots = _add_times(root, laid.turns)
    for name, speaker, turns in _tiers(laid.turns):
        parent = ET.SubElement(root, "TIER", {"LINGUISTIC_TYPE_REF": _TYPE, "PARTICIPANT": speaker, "TIER_ID": name})
        for number, turn in turns:
            annotation = ET.SubElement(
                ET.SubElement(parent, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                {
                    "ANNOTATION_ID": f"a{number + 1}",
                    "TIME_SLOT_REF1": slots[number, False],
                    "TIME_SLOT_REF2": slots[number, True],
                },
            )
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = turn.text
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": _TYPE, "TIME_ALIGNABLE": "true"},
    )
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode").encode() + b"\n"


def _add_times(root: ET.Element, turns: tuple[Turn, ...]) -> dict[tuple[int, bool], str]:
    """The ids of the time slots of each turn's start (False) and end (True); ELAN wants slots in the order of time."""
    points = [(turn.start_ms, number, False) for number, turn in enumerate(turns)]
    points += [(end_of(turn), number, True) for number, turn in enumerate(turns)]
    order = ET.SubElement(root, "TIME_ORDER")
    slots: dict[tuple[int, bool], str] = {}
    for place, (ms, number, is_end) in enumerate(sorted(points), start=1):
        slots[number, is_end] = f"ts{place}"
        ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{place}", "TIME_VALUE": str(ms)})
    return slots


def _tiers(turns: tuple[Turn, ...]) -> Iterator[tuple[str, str, list[tuple[int, Turn]]]]:
    """Name, speaker and numbered turns of each tier, speakers in the order in which they first speak."""
    tiers: dict[str, list[list[tuple[int, Turn]]]] = {}
    for number, turn in enumerate(turns):
        mine = tiers.setdefault(turn.speaker, [])
        free = next((tier for tier in mine if end_of(tier[-1][1]) <= turn.start_ms), None)
        if free is None:
            mine.append([(number, turn)])
        else:
            free.append((number, turn))
    for speaker, mine in tiers.items():
        for place, tier in enumerate(mine, start=1):
            yield speaker if place == 1 else f"{speaker} ({place})", speaker, tier
