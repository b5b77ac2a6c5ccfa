"""Guide and codes of the lab: nothing hides in them, and they never stop a withdrawal."""

import json
from pathlib import Path

import pytest

from tests.conftest import Lab
from transcribe.errors import UsageError, WithheldError
from transcribe.exports.codebook import check_starters
from transcribe.lab_list_names import check_no_names
from transcribe.lab_lists import kept_lists
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.registry import Decision, Registry, RegistryEntity, all_marks
from transcribe.store import StudyFolder
from transcribe.study.guide import GuideQuestion
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import StarterCode
from transcribe.withdrawn_content import bundle_without

ROSTER = (RosterEntry("", "Janet Lau", (), "friend", "", ""), RosterEntry("", "阿強", (), "friend", "", ""))
REGISTRY = Registry(
    (
        RegistryEntity("e00001", "PHONE", "PHONE", "[PHONE_1]", "91234567", ("91234567",)),
        RegistryEntity("e00002", "PLACE", "PLACE", "[PLACE_2 Kowloon]", "Kwun Tong", ("Kwun Tong", "Kowloon")),
        RegistryEntity("e00003", "PERSON", "PERSON", "[PERSON_3]", "Mister Fung", ("Mister Fung",)),
    ),
    (Decision("e00003", "rename", "KL", "2024-03-01T00:00:00Z", target="[FRIEND_1 Janet Lau]"),),
)
"""A pseudonym like somebody's name: whoever renamed chose it."""


def check(root: Path, cell: str, column: str = "description") -> None:
    study = StudyFolder(root)
    heads = ["name", "group", "description", "colour", *([] if column == "description" else [column])]
    cells = ["support", "", "" if column != "description" else cell, "", *([] if column == "description" else [cell])]
    lines = [",".join(heads), ",".join(f'"{text}"' for text in cells)]
    (root / "codes.csv").write_text("\n".join(lines) + "\n", "utf-8")
    check_no_names(study, text_check(REGISTRY, ROSTER), all_marks(REGISTRY))


@pytest.mark.parametrize(
    "cell",
    [
        "as in [NOTE Janet Lau]",
        "[PLACE Kwun Tong]",
        "[C1 91234567]",
        "[C91234567]",
        "[Q 阿強]",
        "<seg>NOTE Janet Lau</seg>",
        "<seg>C91234567</seg>",
        "[PERSON_3 Janet Lau]",
        "9123(4.5)67",
        "91(2.3)4567",
        "Janet //Lau//",
        "Janet [?Lau?]",
        "Janet (Lau?)",
    ],
)
def test_no_bracket_or_sign_hides_a_name_in_a_list(tmp_path: Path, cell: str) -> None:
    with pytest.raises(WithheldError, match=r"row 2 of codes\.csv holds a name.*coders read it") as error:
        check(tmp_path, cell)
    assert cell not in error.value.message


@pytest.mark.parametrize(
    "cell",
    [
        "[PERSON_3] or [PLACE_2 Kowloon]",
        "<seg>PLACE_2 Kowloon</seg>",
        "as [FRIEND_1 Janet Lau] says",
        "[AGE_1 45-49] in [DATE_1 2019-03]",
        "support (of any kind) and/or [NOTE his words]",
    ],
)
def test_marks_of_the_study_may_stand_in_a_list(tmp_path: Path, cell: str) -> None:
    check(tmp_path, cell)


def test_a_name_in_a_column_that_coders_do_not_get_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(WithheldError, match="a column of your own") as error:
        check(tmp_path, "Janet Lau", "who")
    assert "coders read it" not in error.value.message


def test_a_code_called_like_a_person_or_a_question_is_told_without_a_transcript() -> None:
    guide = (GuideQuestion("q1", "", "How are you?"),)
    for code in (StarterCode("p01-pir"), StarterCode("x", "P01-PIR"), StarterCode("Q1 how are you?")):
        with pytest.raises(UsageError, match=r"codes\.csv: code 1"):
            check_starters((code,), guide, ("P01-PIR", ""))
    check_starters((StarterCode("trust"), StarterCode("doubt", "trust")), guide, ("P01-PIR", ""))


CODES = "name,group,description,colour\n{},,,\n"


def write_codes(lab: Lab, name: str) -> None:
    (lab.study.root / "codes.csv").write_text(CODES.format(name), "utf-8")


@pytest.fixture
def done(lab: Lab) -> Lab:
    """A released study with a code of the lab."""
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    write_codes(lab, "trust")
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 0, answer.text
    return lab


def test_a_code_called_like_a_person_is_told_before_any_long_work(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    write_codes(lab, "P01-PSW")
    answer = lab.run("run", str(lab.study.root))
    assert (answer.code, "codes.csv: code 1 or its group is called" in " ".join(answer.err.split())) == (2, True)
    assert not any(lab.study.private.glob("*/recognition.json"))


def test_codes_that_no_release_has_taken_are_not_kept(done: Lab) -> None:
    write_codes(done, "P01-PSW")
    assert done.run("release", str(done.study.root)).code == 2
    assert [code.name for code in kept_lists(done.study).codes] == ["trust"]
    write_codes(done, "hope")
    assert done.run("release", str(done.study.root)).code == 0
    assert [code.name for code in kept_lists(done.study).codes] == ["hope"]


@pytest.mark.parametrize("spoilt", ["codes", "file"])
def test_a_withdrawal_is_completed_whatever_is_in_the_lists(done: Lab, spoilt: str) -> None:
    write_codes(done, "P01-PSW")  # no release can be made
    if spoilt == "file":
        (done.study.private / "lab_lists.json").write_text("spoilt")
    answer = done.run("withdraw", str(done.study.root), "--who", "AB", "--person", "P01-PIR", "--yes")
    assert done.released() == {"P01-PSW"}, answer.text
    assert not [p for p in done.study.coders.rglob("*") if p.name.startswith("P01-PIR")]
    assert ("trust" in (done.study.coders / "codebook.csv").read_text("utf-8-sig")) == (spoilt == "codes")


def test_kept_codes_that_an_earlier_version_would_have_kept_stop_nothing(done: Lab) -> None:
    path = done.study.private / "lab_lists.json"
    kept = json.loads(path.read_text())
    kept["codes"][0]["name"] = "P01-PSW"
    path.write_text(json.dumps(kept))
    files = bundle_without(done.study, {"P01-PIR"})
    assert b"trust" not in files["codebook.csv"]
