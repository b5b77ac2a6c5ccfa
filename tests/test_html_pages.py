"""The pages to read: the text of the txt, explained, in one file that loads nothing; and both sides of a pair."""

import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, plain, small, transcript, utterance
from tests.page_samples import ASKED, GUIDE, bundle, interviews
from transcribe.conventions import Conventions
from transcribe.errors import ValidationError
from transcribe.exports import dyad_page, html_page, manifest, turns
from transcribe.exports.bundle import LabLists, build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.self_checks import check_bundle
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.study.guide import GuideQuestion
from transcribe.study.roster import RosterEntry
from transcribe.study_release import without_speech

PAGE = "transcripts/html/P01-PSW.html"
DYAD = "dyads/P01.html"


def tree(files: dict[str, bytes], path: str = PAGE) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(files[path].decode())


def texts(element: lxml.html.HtmlElement, css: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in element.cssselect(css)]


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


# The transcript


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
    from transcribe.exports import page_frame, page_signs
    from transcribe.exports.layout import Turn

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
    (laid,) = _laid(transcript(*many, one, duration=9001.0))
    started = time.perf_counter()
    data = html_page.write(laid, _settings())
    html_page.parse(data)
    assert time.perf_counter() - started < 5


# The pair


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
        "start · How did you come to this work?",
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


# What the checks refuse


def changed(files: dict[str, bytes], path: str, old: str, new: str) -> dict[str, bytes]:
    """The bundle with a file changed, its manifest agreeing."""
    text = files[path].decode()
    assert old in text
    rest = {name: data for name, data in files.items() if name != "manifest.json"}
    rest[path] = text.replace(old, new, 1).encode()
    found = replace(manifest.parse(files["manifest.json"]), files=manifest.file_entries(rest))
    return {**rest, "manifest.json": manifest.write(found)}


@pytest.mark.parametrize("path", [PAGE, DYAD])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("A good deal.", "A bad deal.", "differ"),
        ('data-end="30000"', 'data-end="30001"', "differ"),
        ('<b dir="ltr">P01-PSW:</b>', '<b dir="ltr">P01-PIR:</b>', "differ"),
        ('data-question="train"', 'data-question="start"', "differ"),
        ("</main>", '<img src="http://x.example/a.png"></main>', "not ours"),
        ("</main>", "<script>1</script></main>", "not ours"),
        ('"use strict";', '"use strict"; fetch("x");', "lacks"),
        ("</style>", "p { background: url(x) }</style>", "lacks"),
        ("<main", '<main onclick="x()"', "not ours"),
        ("</main>", "<!-- a note --></main>", "not ours"),
        ("default-src &#39;none&#39;", "default-src *", "lacks"),
        ("</aside>", '<a href="https://x.example">x</a></aside>', "leads nowhere"),
        ("</aside>", '<a href="#nowhere">x</a></aside>', "leads nowhere"),
        ("</aside>", '<b id="double"></b><b id="double"></b></aside>', "one id"),
    ],
)
def test_a_page_that_is_not_as_it_should_be_is_refused(path: str, old: str, new: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as raised:
        check_bundle(changed(bundle(), path, old, new))
    assert "deal" not in str(raised.value)


def test_an_utterance_lost_from_or_added_to_a_page_is_refused() -> None:
    files = bundle()
    for path in (PAGE, DYAD):
        lines = files[path].decode().split("\n")
        (lost,) = [line for line in lines if "A good deal." in line]
        for new in ("", f"{lost}\n{lost.replace('u0005', 'u0006')}"):
            with pytest.raises(ValidationError, match="differ"):
                check_bundle(changed(files, path, lost, new))


# Nobody's name


def leaks(tmp_path: Path, files: dict[str, bytes], frame: dict[str, bytes], *names: str) -> set[str]:
    for path in (path for path in files if path.endswith(".html")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(files[path])
    roster = [RosterEntry("", name, (), "friend", "", "") for name in names]
    return {leak.file for leak in find_leaks(tmp_path, roster, Registry(()), frame)}


def framed(items: list[CoderTranscript]) -> dict[str, bytes]:
    return build([without_speech(item) for item in items], [], OPTIONS)


@pytest.mark.parametrize(
    ("put", "where"),
    [
        (lambda text: text.replace("A good deal.", "A deal, Zebedee."), {PAGE, DYAD}),
        (lambda text: text.replace("A good deal.", "A deal, Z<i>(2.0)</i>ebe//dee."), {PAGE, DYAD}),
        (lambda text: text.replace("<title>", "<title>Zebedee "), {PAGE, DYAD}),
        (lambda text: re.sub(r'title="a p[a-z]*', 'title="Zebedee', text), {PAGE, DYAD}),
        (lambda text: text.replace('lang=""', 'lang="" data-x="Zebedee"'), {PAGE, DYAD}),
        (lambda text: text.replace("</style>", "/* Zebedee */</style>"), {PAGE, DYAD}),
        (lambda text: text.replace('"use strict";', '"use strict"; // Zebedee'), {PAGE, DYAD}),
        (lambda text: text.replace("</main>", "<!-- Zebedee --></main>"), {PAGE, DYAD}),
    ],
)
def test_a_known_name_is_found_wherever_it_stands(tmp_path: Path, put: Callable[[str], str], where: set[str]) -> None:
    files = {path: data for path, data in bundle().items() if path in (PAGE, DYAD)}
    assert leaks(tmp_path / "clean", files, framed(interviews()), "Zebedee") == set()
    spoilt = {path: put(data.decode()).encode() for path, data in files.items()}
    assert leaks(tmp_path / "spoilt", spoilt, framed(interviews()), "Zebedee") == where


def test_a_known_name_in_the_guide_is_found(tmp_path: Path) -> None:
    guide = (GuideQuestion("start", "", "How did Zebedee find you?"), *GUIDE[2:])
    files = build(interviews(), [], OPTIONS, lists=LabLists(guide, (), ASKED))
    found = leaks(tmp_path, files, framed(interviews()), "Zebedee")
    assert found == {PAGE, DYAD, "transcripts/html/P01-PIR.html"}


def test_words_of_the_page_itself_are_nobody_s_name(tmp_path: Path) -> None:
    names = ("Mark Sign", "Mark", "Will", "Grace", "May", "Page", "Art", "Search", "Guide", "Young Age", "Long", "Both")
    items = [*interviews(), small("P02-PSW")]
    files = build(items, [], OPTIONS, lists=LabLists(GUIDE, (), ASKED))
    assert leaks(tmp_path, files, framed(items), *names) == set()


def _laid(item: CoderTranscript) -> tuple[html_page.LaidOut, ...]:
    from transcribe.exports.bundle import number_versions

    return number_versions([item], None, OPTIONS)


def _settings() -> manifest.Settings:
    return manifest.parse(build([], [], OPTIONS)["manifest.json"]).settings
