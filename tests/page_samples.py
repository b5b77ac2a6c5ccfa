"""A pair with interview guide, for the tests of pages: what was asked of both, of one, and of neither."""

from dataclasses import replace

import lxml.html

from tests.export_samples import OPTIONS, transcript, utterance
from transcribe.exports.bundle import LabLists, build
from transcribe.exports.layout import CoderTranscript
from transcribe.study.guide import GuideQuestion

GUIDE = (
    GuideQuestion("start", "PSW", "How did you come to this work?"),
    GuideQuestion("start", "PIR", "How did you come to the service?"),
    GuideQuestion("day", "", "What does a usual day look like?"),
    GuideQuestion("train", "PSW", "What did the training leave open?"),
    GuideQuestion("money", "", "Does money play a part?"),
)


def interviews() -> list[CoderTranscript]:
    """`P01-PSW`, asked `start` and `train`, `P01-PIR`, asked `start` and `day`, and a session of the two."""
    psw = transcript(
        utterance(1, "INT", 0.0, 4.0, "The recorder is on."),
        utterance(2, "INT", 5.0, 9.0, "So how did you come to this work?"),
        utterance(
            3, "P01-PSW", 9.5, 20.0, "Through [PERSON_1], in [PLACE_1 Kowloon].", "[PERSON_1]", "[PLACE_1 Kowloon]"
        ),
        utterance(4, "INT", 21.0, 24.0, "And the training, what did it leave open?"),
        utterance(5, "P01-PSW", 24.5, 30.0, "A good deal."),
    )
    pir = transcript(
        utterance(1, "INT", 0.0, 4.0, "How did you come to the service?"),
        utterance(2, "P01-PIR", 5.0, 9.0, "I was told by [P01-PSW].", "[P01-PSW]"),
        utterance(3, "INT", 330.0, 334.0, "What does a usual day look like?"),
        utterance(4, "P01-PIR", 335.0, 350.0, "我等巴士，然後飲茶。"),
        recording="P01-PIR",
        role="PIR",
        duration=400.0,
    )
    session = transcript(utterance(1, "P01-PSW", 0.0, 4.0, "You made it."), recording="P01-OBS", role="OBS")
    return [psw, pir, session]


PAGE = "transcripts/html/P01-PSW.html"
DYAD = "dyads/P01.html"

ASKED = {"P01-PSW": {"u0002": "start", "u0004": "train"}, "P01-PIR": {"u0001": "start", "u0003": "day"}}


def bundle(*, guide: bool = True, draft: bool = False, level: str = "team") -> dict[str, bytes]:
    """The files of the pair; the interviews are drafts where `draft`, and have no pair beyond the level `team`."""
    items = interviews()
    if draft:
        items = [replace(item, header=replace(item.header, draft=True)) for item in items]
    if level != "team":
        items = [replace(item, header=replace(item.header, pair="", month="")) for item in items]
    lists = LabLists(GUIDE, (), ASKED) if guide else LabLists()
    return build(items, [], replace(OPTIONS, level=level), lists=lists)


def tree(files: dict[str, bytes], path: str = PAGE) -> lxml.html.HtmlElement:
    """A page of a bundle."""
    return lxml.html.document_fromstring(files[path].decode())


def texts(element: lxml.html.HtmlElement, css: str) -> list[str]:
    """The texts of the elements that a CSS selector finds, each in one line."""
    return [" ".join(found.text_content().split()) for found in element.cssselect(css)]
