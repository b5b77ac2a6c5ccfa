"""The pages in a real browser, where Chromium is installed: the script runs under the page's own policy, and finds."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.export_samples import OPTIONS, transcript, utterance
from tests.page_samples import bundle
from transcribe.exports.bundle import build

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

PAGE = "transcripts/html/P01-PSW.html"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def dom(tmp_path: Path, text: str) -> str:
    """The page's markup, opened at `u0002`, after its script has run and 20 seconds have passed for it."""
    path = tmp_path / "page.html"
    path.write_text(text, "utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1200,800",
        "--virtual-time-budget=20000",
        "--dump-dom",
        f"{path.as_uri()}#u0002",
    ]
    return subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode()


def told(tmp_path: Path, text: str, steps: str) -> object:
    """What `steps`, the body of an async function, return in the page; its policy is taken off to let them run."""
    driver = (
        "<script>(async () => { const wait = (ms) => new Promise((done) => setTimeout(done, ms));"
        "const search = async (text) => { const box = document.querySelector('#search-box'); box.value = text;"
        "box.dispatchEvent(new Event('input')); await wait(400);"
        "return document.querySelector('output').textContent; };"
        "const painted = () => [...CSS.highlights.get('hits')].map((range) => range.toString());"
        f"const found = await (async () => {{ {steps} }})().catch(String);"
        "document.body.append(Object.assign(document.createElement('pre'),"
        "{ id: 'told', textContent: JSON.stringify(found) })); })();</script></body>"
    )
    shown = dom(tmp_path, POLICY.sub("", text).replace("</body>", driver))
    match = re.search(r'<pre id="told">(.*?)</pre>', shown, re.DOTALL)
    assert match is not None
    return json.loads(unescape(match[1]))


def nasty() -> str:
    item = transcript(
        utterance(1, "P01-PSW", 1.0, 5.0, "Café CAFÉ cafe\u0301 cafe", over="CAFÉ"),
        utterance(2, "INT", 6.0, 9.0, "Don’t say [PERSON_1] 飲茶 \U00020000 x.", "[PERSON_1]"),
        utterance(3, "P01-PSW", 10.0, 12.0, "we were going home", times={0: (10.0, 10.1), 1: (11.9, 12.0)}),
    )
    return build([item], [], OPTIONS)[PAGE].decode()


def test_the_page_s_own_policy_lets_its_script_run(tmp_path: Path) -> None:
    for path in (PAGE, "dyads/P01.html"):
        shown = dom(tmp_path, bundle()[path].decode())
        assert 'id="search-box"' in shown
        assert shown.count('type="checkbox"') == len(re.findall(r"<li class=[^>]*data-speaker", shown)) > 0


def test_search_ignores_case_accents_and_signs_and_counts(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        nasty(),
        "const all = [];"
        "for (const text of ['CAFE', 'don\\'t', '飲', '\\u{20000}', 'person_1', 'cafe cafe', 'we were', 'zebra', '']) {"
        "all.push([await search(text), painted()]); } return all;",
    )
    assert found == [
        ["1 of 4", ["Café", "CAFÉ", "cafe\u0301", "cafe"]],
        ["1 of 1", ["Don’t"]],
        ["1 of 1", ["飲"]],
        ["1 of 1", ["\U00020000"]],
        ["1 of 1", ["PERSON_1"]],
        ["1 of 2", ["Café //CAFÉ", "cafe\u0301 cafe"]],
        ["1 of 1", ["we (.) were"]],
        ["no hit", []],
        ["", []],
    ]


def test_next_and_previous_go_round_and_change_no_text(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        nasty(),
        "const before = document.querySelector('main').textContent; const all = [await search('cafe')];"
        "const [previous, next] = document.querySelectorAll('.bar button');"
        "for (const button of [next, next, next, next, previous]) {"
        "button.click(); all.push(document.querySelector('output').textContent); }"
        "return [all, document.querySelector('.turn.hit').id, document.querySelector('main').textContent === before];",
    )
    assert found == [["1 of 4", "2 of 4", "3 of 4", "4 of 4", "1 of 4", "4 of 4"], "u0001", True]


def test_a_speaker_is_filtered_out_of_page_and_search_and_a_link_brings_them_back(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        nasty(),
        "const tick = document.querySelector('.speakers li[data-speaker=INT] input');"
        "const shown = () => [...document.querySelectorAll('.turn')]"
        ".filter((turn) => turn.offsetHeight > 0).map((turn) => turn.id);"
        "const say = () => document.querySelector('.partial').hidden || document.querySelector('.partial').textContent;"
        "const all = [[shown(), say()]]; tick.click(); all.push([shown(), say(), await search('person')]);"
        "dispatchEvent(new Event('hashchange')); all.push([shown(), say()]); return all;",
    )
    assert found == [
        [["u0001", "u0002", "u0003"], True],
        [["u0001", "u0003"], "Only 2 of 3 utterances are shown.", "no hit"],
        [["u0001", "u0002", "u0003"], True],
    ]


def test_a_long_transcript_is_searched_to_its_end(tmp_path: Path) -> None:
    many = [utterance(n, "P01-PSW", n * 2.0, n * 2 + 1.9, "Then we went on, you know. " * 3) for n in range(1, 1500)]
    one = utterance(1500, "P01-PSW", 3001.0, 9000.0, "wörd " * 20_000)
    text = build([transcript(*many, one, duration=9001.0)], [], OPTIONS)[PAGE].decode()
    found = told(
        tmp_path,
        text,
        "return [await search('e'), await search('word')];",
    )
    assert found == [f"1 of {1499 * 3 * 3}", "1 of 20000"]
