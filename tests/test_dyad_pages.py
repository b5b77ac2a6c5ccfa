"""Both interviews of a pair on one page: by question, by time, and what only one of them has."""

from dataclasses import replace

import pytest

from tests.export_samples import OPTIONS, transcript, utterance
from tests.page_samples import ASKED, DYAD, GUIDE, PAGE, bundle, interviews, texts, tree
from transcribe.errors import ValidationError
from transcribe.exports import dyad_page
from transcribe.exports.bundle import LabLists, build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.self_checks import check_bundle


def test_pairs_with_both_interviews_have_a_page() -> None:
    files = bundle()
    assert [path for path in files if path.startswith("dyads/")] == [DYAD]
    check_bundle(files)
    alone = build([interviews()[0], interviews()[2]], [], OPTIONS)
    assert not any(path.startswith("dyads/") for path in alone)
    hidden = bundle(level="share")
    assert not any(path.startswith("dyads/") for path in hidden)
    assert PAGE in hidden
    check_bundle(alone)


def test_what_both_said_to_a_question_stands_side_by_side() -> None:
    found = tree(bundle(), DYAD)
    assert texts(found, "main section > h2") == [
        "Before the first question",
        "start",
        "day · What does a usual day look like?",
        "train · What did the training leave open?",
        "Asked in neither interview, or not found",
        "Observed sessions of the pair",
    ]
    start = found.get_element_by_id("q-start")
    assert texts(start, "h3") == [
        "P01-PSW How did you come to this work?",
        "P01-PIR How did you come to the service?",
    ]
    assert [turn.get("id") for turn in start.cssselect(".turn")] == [
        "P01-PSW.u0002",
        "P01-PSW.u0003",
        "P01-PIR.u0001",
        "P01-PIR.u0002",
    ]
    assert texts(found.get_element_by_id("before"), ".none") == [dyad_page.NOTHING_SAID]
    assert texts(found.get_element_by_id("q-day"), ".none") == [dyad_page.NOT_FOUND]
    assert texts(found.get_element_by_id("q-train"), ".none") == [dyad_page.NOT_IN_GUIDE]
    assert texts(found.get_element_by_id("missing"), "li") == ["money · Does money play a part?"]
    assert texts(found, "nav li") == [
        "Before the first question only PSW",
        "start · How did you come to this work? / How did you come to the service?",
        "day · What does a usual day look like? only PIR",
        "train · What did the training leave open? only PSW",
        "Not asked, or not found",
        "Observed sessions",
    ]


def test_every_link_of_a_pair_s_page_leads_to_an_utterance() -> None:
    files = bundle()
    found = tree(files, DYAD)
    links = found.xpath("//@href")
    assert "../transcripts/html/P01-OBS.html" in links
    assert "../transcripts/html/P01-PIR.html#u0004" in links
    for link in links:
        path, _, anchor = link.removeprefix("../").partition("#")
        assert not anchor or tree(files, path or DYAD).get_element_by_id(anchor) is not None


def test_without_a_guide_the_interviews_stand_side_by_side_by_time() -> None:
    found = tree(bundle(guide=False), DYAD)
    assert texts(found, "main section > h2")[:2] == ["00:00:00 to 00:05:00", "00:05:00 to 00:10:00"]
    assert dyad_page.NO_GUIDE in found.cssselect("header")[0].text_content()
    assert texts(found.get_element_by_id("t1"), ".none") == [dyad_page.NOTHING_SAID]
    check_bundle(bundle(guide=False))
    unmatched = build(interviews(), [], OPTIONS, lists=LabLists(GUIDE))
    assert dyad_page.NO_QUESTION in tree(unmatched, DYAD).cssselect("header")[0].text_content()


def test_a_second_session_stands_below_the_first_under_its_id() -> None:
    first, other, _ = interviews()
    again = transcript(utterance(1, "INT", 0.0, 4.0, "Where were we?"), recording="P01-PSW-S2")
    files = build([first, other, again], [], OPTIONS, lists=LabLists(GUIDE, (), ASKED))
    assert texts(tree(files, DYAD), "#before h4") == ["P01-PSW", "P01-PSW-S2"]
    check_bundle(files)


def test_pairs_that_cannot_name_two_files_are_refused() -> None:
    def pair(code: str) -> list[CoderTranscript]:
        psw, pir, _ = interviews()
        named = [(psw, f"{code}x-PSW"), (pir, f"{code}y-PIR")]
        return [
            CoderTranscript(replace(item.header, pair=code, recording=name), replace(item.transcript, recording=name))
            for item, name in named
        ]

    with pytest.raises(ValidationError, match=r"manifest\.csv"):
        build([*pair("p01"), *[replace(i, header=replace(i.header, pair="P01")) for i in interviews()]], [], OPTIONS)
    with pytest.raises(ValidationError, match=r"manifest\.csv"):
        build([replace(item, header=replace(item.header, pair="../x")) for item in interviews()], [], OPTIONS)
