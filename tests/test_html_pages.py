"""A transcript to read: the text of the txt, explained, in one file that loads nothing."""

import base64
import hashlib
import time
from html.parser import HTMLParser

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, plain, small, transcript, utterance
from tests.page_samples import DYAD, PAGE, bundle, texts, tree
from transcribe.conventions import Conventions
from transcribe.exports import html_page, manifest, page_frame, page_signs, turns
from transcribe.exports.bundle import LabLists, build, number_versions
from transcribe.exports.layout import Turn
from transcribe.exports.self_checks import check_bundle
from transcribe.study.guide import GuideQuestion


class Spoken(HTMLParser):
    """What is said in a page, as Python's own parser reads it."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "text") in attrs:
            self.texts.append("")
            self._depth = 1
        elif self._depth:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(self._depth - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.texts[-1] += data


def test_the_page_holds_the_lines_of_the_txt_and_the_rows_of_turns_csv() -> None:
    files = build([small()], [], OPTIONS)
    found = html_page.parse(files[PAGE])
    assert "\n".join(found.lines) == files["transcripts/txt/P01-PSW.txt"].decode("utf-8-sig")
    rows = turns.parse(files["turns.csv"])
    assert [(t.id, t.speaker, t.start_ms, t.end_ms, t.text, t.flags) for t in found.turns] == [
        (row.turn, row.speaker, row.start_ms, row.end_ms, row.text, row.flags) for row in rows
    ]
    check_bundle(files)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_whatever_is_said_is_read_back_to_the_code_point_by_two_parsers(said: list[str]) -> None:
    utterances = [utterance(n, "P01-PSW", n * 1.0, n + 0.9, text) for n, text in enumerate(said, 1)]
    files = build([transcript(*utterances)], [], OPTIONS)
    check_bundle(files)
    rows = [row.text for row in turns.parse(files["turns.csv"])]
    assert [turn.text for turn in html_page.parse(files[PAGE]).turns] == rows
    assert Spoken(files[PAGE]).texts == rows


def test_markup_that_is_said_stays_speech() -> None:
    said = '<script>alert("x")</script> & <b>bold</b> &amp; \' <!-- --> <img src=x onerror=alert(1)>'
    found = tree(build([plain(said)], [], OPTIONS))
    assert found.cssselect(".text")[0].text_content() == said.replace("-->", "->")
    assert len(found.cssselect("script")) == 1
    assert not found.cssselect("img")
    assert not list(found.iter(lxml.html.etree.Comment))


def test_the_page_forbids_everything_but_its_own_style_and_script() -> None:
    for files, path in ((build([small()], [], OPTIONS), PAGE), (bundle(), DYAD)):
        found = tree(files, path)
        (policy,) = [meta.get("content") for meta in found.cssselect("meta[http-equiv]")]
        told = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert told["default-src"] == told["base-uri"] == told["form-action"] == "'none'"
        for tag in ("script", "style"):
            digests = {
                f"'sha256-{base64.b64encode(hashlib.sha256(e.text.encode()).digest()).decode()}'"
                for e in found.cssselect(tag)
            }
            assert set(told[f"{tag}-src"].split()) == digests
        assert not found.xpath("//*[@style or @src or @srcset or @onclick or @onload or @action]")
        assert all(link.startswith(("#", "../transcripts/html/")) for link in found.xpath("//@href"))


def test_marks_and_signs_are_explained_where_they_stand_and_only_those_that_are_there() -> None:
    item = transcript(
        utterance(
            1, "P01-PSW", 1.0, 9.0, "My [P01-PIR-SISTER_1] met [AGE_1 45-49].", "[P01-PIR-SISTER_1]", "[AGE_1 45-49]"
        )
    )
    found = tree(build([item], [], OPTIONS))
    titles = {mark.text_content(): mark.get("title") for mark in found.cssselect(".text mark")}
    assert titles["[P01-PIR-SISTER_1]"] == "somebody by relation to P01-PIR, sister"
    assert titles["[AGE_1 45-49]"] == "an age, of which 45-49 was kept"
    legend = texts(found, ".legend li")
    assert [line.partition(" ")[0] for line in legend] == ["[P01-PIR-SISTER_1]", "[AGE_1"]
    assert not any("speech that could not be heard" in line or "somebody else spoke" in line for line in legend)
    everything = " ".join(texts(tree(build([small()], [], OPTIONS)), ".legend li"))
    for meaning in ("speech that could not be heard", "said while somebody else spoke", "a place", "a person"):
        assert meaning in everything


@pytest.mark.parametrize(
    ("conventions", "text", "signs"),
    [
        (Conventions(), "So (2.0) he //said// [?lobster?] (.) x", ["(2.0)", "//", "//", "[?", "?]", "(.)"]),
        (Conventions(pause="dots"), "So (..) he (2.0)", ["(..)"]),
        (Conventions(pause="ellipsis"), "So (...) he (..)", ["(...)"]),
        (Conventions(pause="none", overlap="none", uncertain="none"), "So (2.0) // [?a?]", []),
        (Conventions(overlap="brackets", redaction="seg"), "So [he said] <seg>PERSON_1</seg>", ["[", "]"]),
        (Conventions(uncertain="parentheses"), "So (lobster?) (not)", ["(", "?)"]),
    ],
)
def test_the_signs_of_every_convention_are_told_from_speech(
    conventions: Conventions, text: str, signs: list[str]
) -> None:
    pieces = tuple(page_signs.pieces(text, page_signs.pattern(conventions)))
    assert "".join(piece.text for piece in pieces) == text
    shown = page_frame.ShownTurn(Turn("u1", "INT", 0, 1, 0, text), pieces, "u1", "#u1", ())
    element = page_frame.turn_element(shown, {"INT": "int"}, "")
    found = lxml.html.fragment_fromstring(str(element))
    assert [sign.text_content() for sign in found.cssselect("i")] == signs
    assert found.text_content() == f"INT: {text} [00:00:00]"
    assert len(found.cssselect("mark")) == ("<seg>" in text)


def test_questions_of_the_guide_are_headings_and_navigation_and_no_part_of_the_text() -> None:
    found = tree(bundle())
    links = {link.text: link.get("href") for link in found.cssselect("nav a")}
    assert links == {
        "start · How did you come to this work?": "#u0002",
        "train · What did the training leave open?": "#u0004",
    }
    assert found.get_element_by_id("u0002").get("data-section") == "start · How did you come to this work?"
    assert texts(found, "nav ul.quiet li") == [
        "day · What does a usual day look like?",
        "money · Does money play a part?",
    ]
    assert "usual day" not in found.cssselect("main")[0].text_content()
    assert not tree(bundle(guide=False)).cssselect("nav")


def test_each_speaker_has_label_colour_and_share() -> None:
    found = tree(bundle())
    assert [line.get("class") for line in found.cssselect(".speakers li")] == ["int", "psw"]
    assert texts(found, ".speakers li") == [
        "INT 41 % of the talk",
        "P01-PSW 59 % of the talk",
    ]
    widths = [int(bar.get("width")) for bar in found.cssselect(".speakers rect")]
    assert 998 <= sum(widths) <= 1000


def test_languages_and_directions_are_told() -> None:
    item = transcript(
        utterance(1, "P01-PSW", 1.0, 2.0, "我哋去飲茶，[PERSON_1]。", "[PERSON_1]"),
        utterance(2, "P01-PSW", 3.0, 4.0, "[PERSON_1] \u05e9\u05dc\u05d5\u05dd", "[PERSON_1]"),
        utterance(3, "P01-PSW", 5.0, 6.0, "Plain, e\u0301."),
    )
    spoken = tree(build([item], [], OPTIONS)).cssselect(".text")
    assert [(text.get("lang"), text.get("dir")) for text in spoken] == [
        ("zh-Hant", "ltr"),
        ("he", "rtl"),
        (None, "ltr"),
    ]
    guide = (GuideQuestion("r", "", "你點樣形容？"), GuideQuestion("d", "", "How was it?"))
    asked = build([item], [], OPTIONS, lists=LabLists(guide, (), {"P01-PSW": {"u0001": "r", "u0003": "d"}}))
    assert [line.get("lang") for line in tree(asked).cssselect("nav li")] == ["zh-Hant", "en"]
    simplified = tree(build([plain("我们去说话")], [], OPTIONS)).cssselect(".text")
    assert simplified[0].get("lang") == "zh-Hans"


def test_a_draft_is_told_loudly_and_a_transcript_without_words_is_a_page() -> None:
    found = tree(bundle(draft=True))
    assert texts(found, "header p.draft") == ["DRAFT, not for coding"]
    assert "DRAFT" in found.cssselect("style")[-1].text
    assert not tree(bundle()).cssselect("p.draft")
    empty = tree(build([transcript()], [], OPTIONS))
    assert texts(empty, "main p") == ["START OF INTERVIEW", "END OF INTERVIEW"]
    assert not empty.cssselect(".legend, .speakers, nav")
    check_bundle(build([transcript()], [], OPTIONS))


def test_flags_are_quiet_and_explained() -> None:
    item = transcript(utterance(1, "P01-PSW", 1.0, 2.0, "Mm hmm.", flags=("backchannel", "unsupported")))
    found = tree(build([item], [], OPTIONS))
    assert found.get_element_by_id("u0001").get("data-flags") == "backchannel unsupported"
    assert html_page.UNSUPPORTED_NOTE in texts(found, ".legend p")
    assert html_page.LISTENING_NOTE in texts(found, ".legend p")


def test_long_transcripts_are_written_fast() -> None:
    many = [utterance(n, "P01-PSW", n * 2.0, n * 2 + 1.9, "Then we went on, you know. " * 3) for n in range(1, 1500)]
    one = utterance(1500, "P01-PSW", 3001.0, 9000.0, "word " * 20_000)
    (laid,) = number_versions([transcript(*many, one, duration=9001.0)], None, OPTIONS)
    settings = manifest.parse(build([], [], OPTIONS)["manifest.json"]).settings
    started = time.perf_counter()
    data = html_page.write(laid, settings)
    html_page.parse(data)
    assert time.perf_counter() - started < 5
