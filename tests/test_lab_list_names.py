"""Guide and codes are read as a transcript would be: what would be replaced there stops the release."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY, FakeDetector
from transcribe.engines import PiiDetector
from transcribe.errors import WithheldError
from transcribe.lab_list_names import check_nothing_replaced
from transcribe.redaction.detector import PresidioDetector
from transcribe.redaction.registry import Registry
from transcribe.store import StudyFolder
from transcribe.study.roster import RosterEntry, read_roster
from transcribe.weights import locate, revision

SAMPLES = Path(__file__).parent.parent / "samples"
ROSTER = (RosterEntry("P01-PSW", "Marcus Leung", ("Mark",), "participant", "", ""),)


def check(root: Path, question: str, detector: PiiDetector) -> None:
    (root / "guide.csv").write_text(f'id,role,question\nq1,,How was it?\nq20,,"{question}"\n', "utf-8")
    check_nothing_replaced(StudyFolder(root), detector, ROSTER, Registry())


@pytest.mark.parametrize("question", ["How is Leung?", "What did Marcus say?", f"Did {CANARY} help?"])
def test_part_of_a_listed_name_or_what_a_detector_finds_is_refused_by_its_row(tmp_path: Path, question: str) -> None:
    with pytest.raises(WithheldError, match=r"row 3 of guide\.csv") as error:
        check(tmp_path, question, FakeDetector())
    assert "Leung" not in str(error.value)
    assert CANARY not in str(error.value)


def test_ordinary_words_pass(tmp_path: Path) -> None:
    check(tmp_path, "Is there anything that you would mark as difficult?", FakeDetector())


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    return PresidioDetector(locate("spacy-en-core-web-sm"), revision("spacy-en-core-web-sm"))


@pytest.mark.models
@pytest.mark.parametrize(
    "question", ["When did you call 9123 4567?", "Has Peter Wong helped?", "What about Mr Lau?", "Did 陳大文 help?"]
)
def test_names_and_numbers_of_nobody_listed_are_refused(tmp_path: Path, question: str, detector: PiiDetector) -> None:
    with pytest.raises(WithheldError, match=r"row 3 of guide\.csv"):
        check(tmp_path, question, detector)


@pytest.mark.models
def test_the_samples_lists_pass(tmp_path: Path, detector: PiiDetector) -> None:
    for name in ("guide.csv", "codes.csv"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    check_nothing_replaced(StudyFolder(tmp_path), detector, read_roster(SAMPLES / "roster.csv"), Registry())
    for question in (
        "How has being in recovery changed since 2019?",
        "Tell me about a session with your peer support worker that went well.",
        "What did the Hospital Authority, or a social worker, do for you before you were 18?",
        "你哋點樣認識?",
    ):
        check(tmp_path, question, detector)


def test_a_run_says_it_before_any_long_work(lab: Lab) -> None:
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    (lab.study.root / "guide.csv").write_text(f"id,role,question\nq1,,Did {CANARY} help?\n", "utf-8")
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 7
    assert "row 2 of guide.csv" in answer.err
    assert CANARY not in answer.text
    assert not list(lab.study.private.glob("*/recognition.json"))
