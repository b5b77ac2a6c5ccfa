"""Withdrawal: nothing made of the voice stays or comes back, the partner's interview stays, people are told."""

import csv
from dataclasses import dataclass, replace

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import CANARY, FakeDiarizer, fake_engines
from transcribe.errors import UsageError
from transcribe.record_json import to_json
from transcribe.records import Diarization
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.redaction.tombstones import with_tombstones
from transcribe.store import StudyFolder, read_run_log
from transcribe.study.roster import RosterEntry
from transcribe.study.withdrawal_plan import Observations, WithdrawalPlan, WithdrawalRequest, plan_withdrawal
from transcribe.study.withdrawals import Stretch, read_withdrawals

HEAD = "person,name,aliases,kind,relation_to,note\n"


def done_study(lab: Lab, *more: str) -> None:
    lab.pair()
    for number, name in enumerate(more):
        write_tone(lab.audio / f"{name}.wav", pitch=440 + 40 * number)
    assert lab.go().code == 0


def withdraw(lab: Lab, *options: str) -> tuple[int, str]:
    answer = lab.run("withdraw", str(lab.study.root), "--who", "AB", *options)
    return answer.code, answer.text


def released_text(lab: Lab, name: str) -> str:
    return (lab.study.coders / "transcripts" / "txt" / f"{name}.txt").read_text("utf-8-sig")


def test_a_whole_person_goes_and_never_comes_back(lab: Lab) -> None:
    done_study(lab)
    kept = released_text(lab, "P01-PSW")
    code, text = withdraw(lab, "--person", "P01-PIR", "--yes")
    assert code == 0
    assert lab.released() == {"P01-PSW"}
    assert released_text(lab, "P01-PSW") == kept
    assert not lab.study.recording("P01-PIR").exists()
    assert not (lab.study.releases / "1").exists()
    assert "original media files (1" in text
    assert "P01-PIR.wav" not in text
    (record,) = (lab.study.private / "withdrawals").iterdir()
    assert "P01-PIR.wav" in record.read_text()
    assert "everything that was replaced in what they said" in record.read_text()
    assert "In private/key.age" in record.read_text()
    assert record.stat().st_mode & 0o077 == 0
    again = lab.go()
    assert again.code == 0
    assert lab.released() == {"P01-PSW"}
    assert not lab.study.recording("P01-PIR").exists()
    assert "withdrawn at the participant's request" in (lab.study.report / "run.md").read_text()


def test_a_stretch_is_taken_out_of_everything_that_is_stored(lab: Lab) -> None:
    done_study(lab)
    before = released_text(lab, "P01-PIR")
    assert "What was that like?" in before
    code, _ = withdraw(
        lab, "--person", "P01-PIR", "--recording", "P01-PIR", "--from", "00:00:02", "--to", "00:00:03", "--yes"
    )
    assert code == 0
    after = released_text(lab, "P01-PIR")
    assert "What was that like?" not in after
    assert "[withheld at participant's request 00:00:02-00:00:03]" in after
    assert "How did you two meet?" in after
    for path in lab.study.recording("P01-PIR").iterdir():
        assert "like?" not in path.read_text("utf-8"), path.name
    assert not (lab.study.releases / "1").exists()
    assert lab.go().code == 0
    assert released_text(lab, "P01-PIR") == after


def test_joint_sessions_have_to_be_decided(lab: Lab) -> None:
    done_study(lab, "P01-OBS")
    code, text = withdraw(lab, "--person", "P01-PIR", "--yes")
    assert code == 2
    assert "P01-OBS" in text
    assert "--observations" in text
    assert lab.released() == {"P01-PSW", "P01-PIR", "P01-OBS"}
    code, _ = withdraw(lab, "--person", "P01-PIR", "--observations", "delete", "--yes")
    assert code == 0
    assert lab.released() == {"P01-PSW"}


def test_their_part_of_a_joint_session_goes(lab: Lab) -> None:
    done_study(lab, "P01-OBS")
    assert "P01-PIR: " in released_text(lab, "P01-OBS")
    assert withdraw(lab, "--person", "P01-PIR", "--observations", "withhold", "--yes")[0] == 0
    left = released_text(lab, "P01-OBS")
    assert "P01-PIR: " not in left
    assert "P01-PSW: " in left
    assert "[withheld at participant's request " in left


def test_a_voice_that_nobody_told_apart_cannot_be_taken_out_alone(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=OneVoice())
    done_study(lab, "P01-OBS")
    code, text = withdraw(lab, "--person", "P01-PIR", "--observations", "withhold", "--yes")
    assert code == 2
    assert "--observations delete" in text
    assert lab.study.recording("P01-PIR").exists()


@dataclass(frozen=True)
class OneVoice(FakeDiarizer):
    """Nobody is told apart."""

    def change(self, found: Diarization) -> Diarization:
        turns = tuple(replace(turn, speaker="SPEAKER-1") for turn in found.turns)
        return replace(found, turns=turns, exclusive=turns)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--person", "P09-PIR", "--yes"], "no recording"),
        (["--person", "P01-PIR"], "add --yes"),
        (["--person", "P01-PIR", "--recording", "P01-PSW", "--yes"], "partner's interview"),
        (["--person", "P01-PIR", "--recording", "P02-PSW", "--yes"], "no such recording"),
        (["--person", "P01-PIR", "--from", "00:01", "--yes"], "--recording"),
        (["--person", "P01-PIR", "--recording", "P01-PIR", "--from", "late", "--yes"], "hh:mm:ss"),
        (["--person", "P01-PIR", "--recording", "P01-PIR", "--from", "00:03", "--to", "00:01", "--yes"], "before"),
        (["--person", "P01-PIR", "--recording", "P01-PIR", "--from", "09:00", "--to", "10:00", "--yes"], "behind"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_goes(lab: Lab, options: list[str], told: str) -> None:
    done_study(lab)
    before = lab.bytes_of(lab.study.root)
    code, text = withdraw(lab, *options)
    assert code == 2
    assert told in text
    assert lab.bytes_of(lab.study.root) == before


def test_initials_are_needed(lab: Lab) -> None:
    done_study(lab)
    assert lab.run("withdraw", str(lab.study.root), "--who", "A. Name!", "--person", "P01-PIR", "--yes").code == 2
    assert not read_withdrawals(StudyFolder(lab.study.root)).items


def test_the_name_of_somebody_who_withdrew_is_still_replaced_in_the_partners_interview(lab: Lab) -> None:
    done_study(lab)
    lab.study.roster.write_text(f"{HEAD}P01-PIR,{CANARY},,participant,,\n")
    assert lab.go().code == 0
    assert "[P01-PIR]" in released_text(lab, "P01-PSW")
    assert withdraw(lab, "--person", "P01-PIR", "--yes")[0] == 0
    lab.study.roster.write_text(HEAD)
    assert lab.run("release", str(lab.study.root)).code == 0
    assert "[P01-PIR]" in released_text(lab, "P01-PSW")
    assert CANARY not in lab.everything_outside_private()


def test_only_people_who_withdrew_get_a_tombstone() -> None:
    registry = Registry(
        (
            RegistryEntity("e00001", "PERSON", "P01-PIR", "[P01-PIR]", "Ada Low", ("Ada Low", "Ada"), "P01-PIR"),
            RegistryEntity("e00002", "PERSON", "P02-PIR", "[P02-PIR]", "Bo Ek", ("Bo Ek",), "P02-PIR"),
        )
    )
    listed = (RosterEntry("P02-PIR", "Bo Ek", (), "participant", "", ""),)
    assert with_tombstones(listed, registry, ("P01-PIR", "P02-PIR")) == (
        *listed,
        RosterEntry("P01-PIR", "Ada Low", ("Ada",), "participant", "", ""),
    )
    assert with_tombstones(listed, registry, ()) == listed


@dataclass(frozen=True)
class ThreeVoices(FakeDiarizer):
    """The third line, short, is somebody else's."""

    def change(self, found: Diarization) -> Diarization:
        first, second, third, last = found.turns
        turns = (first, second, replace(third, speaker="SPEAKER-3"), last)
        return replace(found, turns=turns, exclusive=turns)


def test_a_voice_without_consent_is_not_transcribed_unless_the_lab_says_so(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=ThreeVoices())
    done_study(lab)
    mark = "[third party, not transcribed 00:00:02-00:00:0"
    assert mark in released_text(lab, "P01-PIR")
    assert "What was that like" not in released_text(lab, "P01-PIR")
    assert "another voice not transcribed" in lab.run("status", str(lab.study.root)).text
    settings = lab.study.settings.read_text()
    lab.study.settings.write_text(settings.replace('unconsented_voices = "withhold"', 'unconsented_voices = "keep"'))
    assert lab.go().code == 0
    assert mark not in released_text(lab, "P01-PIR")
    assert "What was that like" in released_text(lab, "P01-PIR")
    lab.study.settings.write_text(settings)
    assert lab.run("release", str(lab.study.root)).code == 0
    assert mark in released_text(lab, "P01-PIR")
    assert "What was that like" not in lab.study.output("P01-PIR", "name").read_text()


def test_an_interpreters_words_are_the_interview(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=ThreeVoices())
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    head, *rows = lab.study.manifest.read_text("utf-8-sig").splitlines()
    place = head.split(",").index("also_present")
    cells = [row.split(",") for row in rows]
    lab.study.manifest.write_text(
        "\n".join([head, *(",".join([*c[:place], "interpreter", *c[place + 1 :]]) for c in cells)])
    )
    assert lab.run("run", str(lab.study.root)).code == 0
    assert "What was that like" in released_text(lab, "P01-PIR")


def edit_rows(lab: Lab, column: str, cells: dict[str, str]) -> None:
    """Writes a cell of the manifest for each recording in `cells`."""
    with lab.study.manifest.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with lab.study.manifest.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(row | ({column: cells[row["id"]]} if row["id"] in cells else {}) for row in rows)


def planned(lab: Lab, person: str, observations: Observations | None = None) -> WithdrawalPlan:
    return plan_withdrawal(lab.study, WithdrawalRequest(person, "AB", observations=observations))


@pytest.mark.parametrize(("column", "said"), [("person", "P01-PSW"), ("also_present", "relative;p01-psw")])
def test_a_session_of_another_pair_is_shared_with_whoever_was_in_it(lab: Lab, column: str, said: str) -> None:
    for number, name in enumerate(("P01-PSW", "P02-PIR", "P02-OBS", "P03-OBS")):
        write_tone(lab.audio / f"{name}.wav", pitch=440 + 40 * number)
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    edit_rows(lab, column, {"P02-OBS": said})
    kept = planned(lab, "P01-PSW", "keep")
    assert (kept.recordings, kept.undecided, kept.joint) == (("P01-PSW",), (), ("P02-OBS",))
    assert planned(lab, "P01-PSW").undecided == ("P02-OBS",)
    assert planned(lab, "P01-PSW", "delete").recordings == ("P01-PSW", "P02-OBS")
    part = WithdrawalRequest("P01-PSW", "AB", recording="P02-OBS", start=1.0, end=2.0)
    assert plan_withdrawal(lab.study, part).stretches == (Stretch("P02-OBS", 1.0, 2.0),)
    assert planned(lab, "P02-PIR", "keep").joint == ("P02-OBS",)


def test_in_a_study_of_the_version_before_it_says_to_release_first(lab: Lab) -> None:
    done_study(lab, "P01-OBS")
    log = read_run_log(lab.study, "P01-OBS")
    before = replace(log, stages=tuple(run for run in log.stages if run.stage not in ("attribute", "speakers", "name")))
    (lab.study.recording("P01-OBS") / "run.json").write_bytes(to_json(before))
    with pytest.raises(UsageError, match="transcribe release STUDY"):
        planned(lab, "P01-PIR", "withhold")
    assert lab.run("release", str(lab.study.root)).code == 0
    assert planned(lab, "P01-PIR", "withhold").stretches


def test_a_session_of_another_pair_that_is_kept_stays_released(lab: Lab) -> None:
    for number, name in enumerate(("P01-PSW", "P02-PIR", "P02-OBS")):
        write_tone(lab.audio / f"{name}.wav", pitch=440 + 40 * number)
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    edit_rows(lab, "person", {"P02-OBS": "P01-PSW"})
    assert lab.run("run", str(lab.study.root)).code == 0
    assert withdraw(lab, "--person", "P01-PSW", "--observations", "keep", "--yes")[0] == 0
    assert lab.released() == {"P02-PIR", "P02-OBS"}
