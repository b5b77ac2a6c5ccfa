"""What a bundle's checks refuse of its pages, and that no name known to the key passes through them."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.export_samples import OPTIONS, small
from tests.page_samples import ASKED, DYAD, GUIDE, PAGE, bundle, interviews
from transcribe.errors import ValidationError
from transcribe.exports import manifest
from transcribe.exports.bundle import LabLists, build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.self_checks import check_bundle
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.study.guide import GuideQuestion
from transcribe.study.roster import RosterEntry
from transcribe.study_release import without_speech


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
