"""The release check through the command line: what is withheld, the way out, and what others may see of it."""

import json
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY, FakeDetector, raising
from transcribe.engines import PiiCandidate
from transcribe.records import Transcript
from transcribe.redaction.key import open_key
from transcribe.redaction.tokens import tokens
from transcribe.release_check import recall
from transcribe.release_check.canaries import Canary, make_canaries
from transcribe.release_check.masking import PLACEHOLDER


@dataclass(frozen=True)
class Hesitant(FakeDetector):
    """Finds Doris only where a mark stands in the same utterance."""

    fingerprint: str = "hesitant"

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        doris = replace(self, name="Doris")
        marked = [replace(t, utterances=tuple(u for u in t.utterances if PLACEHOLDER in u.text)) for t in transcripts]
        return FakeDetector.detect(self, transcripts) + FakeDetector.detect(doris, marked)


@dataclass(frozen=True)
class Endless(FakeDetector):
    """Finds one more word in every utterance that holds a mark."""

    fingerprint: str = "endless"

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        found = FakeDetector.detect(self, transcripts)
        for t in transcripts:
            for u in t.utterances:
                words = [w for w in tokens(u.text) if len(w.text) > 3 and w.text not in (PLACEHOLDER, "about")]
                if PLACEHOLDER in u.text and words and t.recording == "P01-PIR":
                    a, b = words[0].start, words[0].end
                    found.append(PiiCandidate(t.recording, u.id, a, b, "PERSON", "direct", "ner/X", 0.5))
        return found


def with_detector(lab: Lab, detector: FakeDetector) -> None:
    lab.engines = replace(lab.engines, detector=detector)


def texts(lab: Lab) -> str:
    return "".join(path.read_text("utf-8-sig") for path in lab.study.coders.glob("transcripts/txt/*.txt"))


def report(lab: Lab) -> str:
    return (lab.study.report / "release-check.md").read_text()


def test_what_is_found_on_the_second_look_is_replaced_and_can_be_rejected(lab: Lab) -> None:
    lab.pair()
    with_detector(lab, Hesitant())
    assert lab.go().code == 0
    assert "Doris" not in texts(lab)
    listed = lab.run("decide", str(lab.study.root), "--list").out
    assert "surfaces: Doris" in listed
    mark = next(e.mark for e in open_key(lab.study).entities if e.canonical == "Doris")
    answer = lab.run("decide", str(lab.study.root), "--entity", mark, "--reject", "--who", "AB", "--why", "a boat")
    assert answer.code == 0
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 0, answer.text
    assert "and Doris at the centre" in texts(lab)
    assert lab.run("release", str(lab.study.root)).out.startswith("Nothing to do")


def test_under_hold_a_find_of_the_second_look_waits_for_a_person(lab: Lab) -> None:
    lab.pair()
    with_detector(lab, Hesitant())
    assert "2 names or numbers are undecided" in lab.go("--policy", "hold").out


def test_what_is_still_found_in_the_finished_files_is_withheld_and_quoted_nowhere(lab: Lab) -> None:
    lab.pair()
    with_detector(lab, Endless())
    answer = lab.go()
    assert answer.code == 7
    assert lab.released() == {"P01-PSW"}
    run = (lab.study.report / "run.md").read_text()
    assert "P01-PIR: a detector found a possible name or number again" in run
    assert "P01-PIR: a detector found a possible name or number again" in report(lab)
    assert CANARY not in lab.everything_outside_private()
    listed = lab.run("check", str(lab.study.root), "--list")
    assert listed.code == 0
    assert "a detector finds it again: the recording is withheld" in listed.out
    assert "P01-PIR u0002: withheld, found in the finished text" in listed.out
    with_detector(lab, FakeDetector())
    assert lab.run("release", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    assert "withheld" not in lab.run("check", str(lab.study.root), "--list").out


def test_each_release_goes_on_looking_so_that_what_withholds_gets_a_mark(lab: Lab) -> None:
    lab.pair()
    with_detector(lab, Endless())
    assert lab.go().code == 7
    marks = len(open_key(lab.study).entities)
    codes = [lab.run("release", str(lab.study.root)).code for _ in range(4)]
    assert codes[-1] == 0
    assert len(open_key(lab.study).entities) > marks


def test_a_detector_that_fails_on_the_finished_files_withholds(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()
    assert lab.go().code == 0
    (lab.study.private / "release-check" / "finished.json").unlink()
    with_detector(lab, FakeDetector(raising(ValueError(CANARY), only="P01-PIR")))
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 7
    assert lab.released() == {"P01-PSW"}
    assert CANARY not in answer.text + lab.everything_outside_private()


def test_a_text_that_passed_is_not_read_again(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    with_detector(lab, FakeDetector(raising(AssertionError("read again"))))
    assert lab.run("release", str(lab.study.root)).code == 0


def test_the_list_is_private_and_names_what_to_look_at(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    path = lab.study.private / "second_look.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((lab.study.private / "release-check").stat().st_mode) == 0o700
    text = path.read_bytes().decode("utf-8-sig")
    assert text.startswith("recording,utterance,why,times,text\r\n")
    assert "»Doris«" in text
    shown = lab.run("check", str(lab.study.root), "--list")
    assert shown.code == 0
    assert "This list shows names and speech: it is private." in shown.out
    assert "»Doris«" in shown.out
    counts = lab.run("check", str(lab.study.root))
    assert counts.code == 0
    assert "Doris" not in counts.out
    assert "2 recordings and documents checked" in counts.out
    assert "P01: 1 that only the partner could recognise" in counts.out


def test_the_report_counts_and_never_quotes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    planted: list[Canary] = []

    def remembering(seed: str, count: int, taken: set[str]) -> list[Canary]:
        planted.extend(make_canaries(seed, count, taken))
        return planted

    monkeypatch.setattr(recall, "ONE_IN", 1)
    monkeypatch.setattr(recall, "make_canaries", remembering)
    lab.pair()
    assert lab.go().code == 0
    text = report(lab)
    assert "## Alone in the study (k = 1)" in text
    assert "| P01 | 1 | 0 | [PERSON_1] |" in text
    assert "Too little is found" in text or "It is not shown that 95 %" in text
    outside = lab.everything_outside_private().casefold()
    assert len(planted) == 8
    for canary in planted:
        assert canary.sentence[canary.start : canary.end].casefold() not in outside
    assert "doris" not in text.casefold()


def test_the_report_is_the_same_every_time_and_canaries_are_reused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()
    assert lab.go().code == 0
    first = report(lab)
    kept = (lab.study.private / "release-check" / "canaries.json").read_bytes()
    assert lab.run("check", str(lab.study.root), "--canaries").code == 0
    assert (lab.study.private / "release-check" / "canaries.json").read_bytes() == kept
    monkeypatch.setattr("transcribe.release_check.checking.measure_recall", raising(AssertionError("measured again")))
    assert lab.run("release", str(lab.study.root)).code == 0
    assert report(lab) == first


def test_nothing_of_the_planted_names_is_learnt(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "ONE_IN", 1)
    lab.pair()
    assert lab.go().code == 0
    assert [e.canonical for e in open_key(lab.study).entities] == [CANARY]
    counts = json.loads((lab.study.private / "release-check" / "canaries.json").read_text())["counts"]
    assert sum(count["planted"] for count in counts) == 8


def test_a_withdrawal_takes_the_quotes_with_it(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    path = lab.study.private / "second_look.csv"
    assert "P01-PIR" in path.read_text("utf-8-sig")
    answer = lab.run("withdraw", str(lab.study.root), "--person", "P01-PIR", "--who", "AB", "--yes")
    assert answer.code == 0, answer.text
    assert "P01-PIR,u" not in path.read_text("utf-8-sig")


def test_before_any_run_and_outside_a_study_it_says_what_to_do(lab: Lab, tmp_path: Path) -> None:
    assert lab.run("check", str(tmp_path)).code == 2
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    answer = lab.run("check", str(lab.study.root))
    assert answer.code == 2
    assert "nothing was checked yet" in answer.err
