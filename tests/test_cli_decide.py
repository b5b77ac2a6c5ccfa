"""`transcribe decide` and `--policy`: what people see, what is saved, and what the next release does with it."""

import logging
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY
from transcribe.engines import PiiDetector
from transcribe.redaction.decisions import open_entities, standings
from transcribe.redaction.key import open_key
from transcribe.store import locked

ENTITY = "[PERSON_1]"


@pytest.fixture
def done(lab: Lab) -> Lab:
    """A study of two interviews, released; one name, from a language model, undecided."""
    lab.pair()
    assert lab.go().code == 0
    return lab


def decide(lab: Lab, *arguments: str) -> tuple[int, str, str]:
    answer = lab.run("decide", str(lab.study.root), *arguments)
    return answer.code, answer.out, answer.err


def texts(lab: Lab) -> str:
    return "".join(path.read_text("utf-8-sig") for path in lab.study.coders.glob("transcripts/txt/*.txt"))


@pytest.mark.parametrize("arguments", [(), ("--list",), ("--list", "--all")])
def test_without_a_terminal_it_shows_the_list_and_ends(done: Lab, arguments: tuple[str, ...]) -> None:
    code, out, err = decide(done, *arguments)
    assert (code, err) == (0, "")
    assert f"{ENTITY}  PERSON, direct, open" in out
    assert f"surfaces: {CANARY}" in out
    assert "4 times in P01-PIR, P01-PSW" in out
    assert f"I met »{CANARY}« and Doris" in out
    assert out.count("  … ") == 3
    assert f"1 undecided. To decide: transcribe decide {done.study.root}" in out


def test_nothing_in_the_log_or_in_what_others_see_holds_a_name(done: Lab, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert decide(done, "--entity", ENTITY, "--accept", "--who", "ab")[0] == 0
        assert done.run("-vv", "release", str(done.study.root)).code == 0
    assert CANARY not in caplog.text
    assert CANARY not in done.everything_outside_private()


def test_accepting_is_saved_with_who_when_and_why(done: Lab) -> None:
    code, out, _ = decide(done, "--entity", ENTITY, "--accept", "--who", "ab", "--why", "met her")
    assert (code, out) == (0, f"Saved. Now run: transcribe release {done.study.root}\n")
    registry = open_key(done.study)
    (decision,) = registry.decisions
    assert (decision.action, decision.who, decision.why) == ("accept", "AB", "met her")
    assert decision.when.endswith("Z")
    assert not open_entities(registry)
    assert "0 undecided. Nothing to do." in decide(done, "--list")[1]
    before = texts(done)
    assert done.run("release", str(done.study.root)).code == 0
    assert texts(done) == before


def test_rejecting_brings_the_words_back_in_the_next_release(done: Lab) -> None:
    assert CANARY not in texts(done)
    assert decide(done, "--entity", "PERSON_1", "--reject", "--who", "AB", "--why", "a shop")[0] == 0
    answer = done.run("release", str(done.study.root))
    assert answer.code == 0, answer.text
    assert CANARY in texts(done)


def test_released_marks_are_noted_before_coders_see_them(done: Lab) -> None:
    (entity,) = open_key(done.study).entities
    assert entity.released == 1
    code, _, err = decide(done, "--entity", ENTITY, "--rename", "SISTER", "--who", "AB")
    assert code == 2
    assert "release 1" in err


REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("--entity", "[PERSON_9]", "--accept", "--who", "AB"), "no such mark"),
    (("--entity", ENTITY, "--accept"), "initials"),
    (("--entity", ENTITY, "--accept", "--who", "Ann Other"), "initials"),
    (("--entity", ENTITY, "--who", "AB"), "--accept"),
    (("--accept", "--who", "AB"), "--entity"),
    (("--entity", ENTITY, "--accept", "--reject", "--who", "AB"), "one decision"),
    (("--entity", ENTITY, "--merge", "[PERSON_7]", "--who", "AB"), "no such mark"),
    (("--entity", ENTITY, "--merge", ENTITY, "--who", "AB"), "itself"),
    (("--entity", ENTITY, "--split", "nobody", "--who", "AB"), "does not have"),
    (("--entity", ENTITY, "--level", "share", "--who", "AB"), "every level"),
]


def test_what_cannot_be_decided_ends_with_2_and_changes_nothing(done: Lab) -> None:
    before = open_key(done.study)
    for arguments, says in REFUSED:
        code, out, err = decide(done, *arguments)
        assert code == 2
        assert says in err
        assert CANARY not in out + err
        assert open_key(done.study) == before


def test_a_study_in_use_is_not_changed(done: Lab) -> None:
    with locked(done.study):
        code, _, err = decide(done, "--entity", ENTITY, "--accept", "--who", "AB")
    assert code == 2
    assert "another transcribe" in err


def test_a_folder_that_is_no_study(lab: Lab, tmp_path: Path) -> None:
    assert lab.run("decide", str(tmp_path)).code == 2


@pytest.mark.parametrize(
    ("answers", "saved", "status"),
    [
        (["a", "sure"], 1, "confirmed"),
        (["r", ""], 1, "rejected"),
        (["k"], 0, "open"),
        (["q"], 0, "open"),
        (["x", "k"], 0, "open"),
        (["m", "[PERSON_9]", "", "a", ""], 1, "confirmed"),
        ([], 0, "open"),
    ],
)
def test_on_a_terminal_it_asks_for_each(
    done: Lab, monkeypatch: pytest.MonkeyPatch, answers: list[str], saved: int, status: str
) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in answers)))
    code, out, _ = decide(done, "--who", "AB")
    assert code == 0
    assert f"{saved} decisions saved." in out
    assert ("Now run: transcribe release" in out) is bool(saved)
    assert [s.status for s in standings(open_key(done.study)).values()] == [status]


def test_the_policy_hold_keeps_undecided_recordings_back_until_they_are_decided(lab: Lab) -> None:
    lab.pair()
    answer = lab.go("--policy", "hold")
    assert answer.code == 7
    assert "1 name or number is undecided" in answer.out
    assert "transcribe decide STUDY" in answer.out
    assert lab.released() == set()
    assert "undecided" in (lab.study.report / "run.md").read_text()
    assert CANARY not in lab.everything_outside_private()
    assert lab.run("release", str(lab.study.root), "--policy", "strict").code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    lab.study.settings.write_text(lab.study.settings.read_text().replace('policy = "strict"', 'policy = "hold"'))
    assert lab.run("release", str(lab.study.root)).code == 7
    assert decide(lab, "--entity", ENTITY, "--accept", "--who", "AB")[0] == 0
    assert lab.run("release", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}


def test_status_says_how_many_are_undecided(done: Lab) -> None:
    assert "1 undecided" in done.run("status", str(done.study.root)).out
    decide(done, "--entity", ENTITY, "--accept", "--who", "AB")
    assert "undecided" not in done.run("status", str(done.study.root)).out


def test_no_later_command_is_weaker_than_the_last_release_unless_it_says_so(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_detector(pii_model: str = "") -> PiiDetector:
        opened.append(pii_model)
        return lab.engines.detector

    monkeypatch.setattr("transcribe.config.open_detector", open_detector)
    lab.pair()
    study = str(lab.study.root)
    assert lab.go("--policy", "hold", "--pii-model", "hf:/models/pii").code == 7
    answer = lab.run("release", study)
    assert (answer.code, lab.released(), opened) == (7, set(), ["hf:/models/pii"])
    assert "--policy strict" in answer.err
    assert "--pii-model ''" in answer.err
    assert lab.run("withdraw", study, "--person", "P01-PSW", "--observations", "keep", "--who", "AB", "--yes").code == 7
    assert (lab.released(), opened[1:]) == (set(), ["hf:/models/pii"])
    answer = lab.run("release", study, "--policy", "strict", "--pii-model", "")
    assert (answer.code, lab.released(), opened[2:]) == (0, {"P01-PIR"}, [""])
    answer = lab.run("release", study)
    assert (answer.code, answer.err.strip(), opened[3:]) == (0, "", [""])
