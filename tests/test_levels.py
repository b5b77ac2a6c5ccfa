"""The levels beyond the team: nothing that a lower level replaces shows, and nothing tells which two are a pair."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_redaction_study import Run, entry
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.levels import (
    Interview,
    at_level,
    coarser_band,
    linking_codes,
    owner_of,
    with_unlinked_names,
)
from transcribe.redaction.registry import MARK, Registry, check_extends
from transcribe.redaction.study_redaction import redact_study

DRAW = random.Random(7).choice


def interviews(run: Run) -> list[Interview]:
    lists, run.registry = redact_study(run.recordings, run.transcripts, run.roster, run.registry, run.candidates)
    return [Interview(*three) for three in zip(run.recordings, run.transcripts, lists, strict=True)]


def study() -> Run:
    """A pair and one more interview; the same friend in both interviews of the pair."""
    run = Run(
        {
            "D01-PSW": ["Quillan came with Zoltan", "Zoltan is 47", "I like Joao", "her sister Ottoline"],
            "D01-PIR": ["Zoltan again, in Mong Kok", "Beatrix helped me", "nobody"],
            "D02-PIR": ["Zoltan too"],
        },
        [entry("Quillan", "participant", "D01-PIR"), entry("Beatrix", "participant", "D01-PSW")],
    )
    run.found("D01-PSW", 1, "Zoltan", "PERSON").found("D01-PSW", 2, "Zoltan", "PERSON").found("D01-PSW", 2, "47", "AGE")
    run.found("D01-PSW", 3, "Joao", "PERSON").found("D01-PSW", 4, "Ottoline", "PERSON")
    run.found("D01-PIR", 1, "Zoltan", "PERSON").found("D01-PIR", 1, "Mong Kok", "PLACE")
    run.found("D02-PIR", 1, "Zoltan", "PERSON")
    return run


def shown(run: Run, level: str) -> dict[str, list[str]]:
    """The texts of a level by the recording's id in the study."""
    found = interviews(run)
    registry = with_unlinked_names(run.registry, found, DRAW)
    run.registry = registry
    result = {}
    for interview in found:
        at = at_level(interview, registry, level)  # type: ignore[arg-type]  # its values are parametrised
        result[interview.recording.id] = [u.text for u in redact_transcript(at.transcript, at.redactions).utterances]
    return result


@pytest.mark.parametrize("level", ["share", "archive"])
def test_no_code_and_no_shared_mark_tells_who_belongs_together(level: str) -> None:
    run = study()
    texts = shown(run, level)
    codes = linking_codes(run.registry, run.recordings)
    assert {"D01", "D01-PSW", "D01-PIR", "D02-PIR"} <= codes
    flat = " ".join(text for lines in texts.values() for text in lines)
    assert not any(code in flat for code in codes)
    marks = {name: {m.group() for line in lines for m in MARK.finditer(line)} for name, lines in texts.items()}
    of_people = {name: {m for m in found if "-" in m} for name, found in marks.items()}
    assert of_people["D01-PSW"]
    assert of_people["D01-PIR"]
    assert not of_people["D01-PSW"] & of_people["D01-PIR"], "the two of a pair call one another by other names"


def test_a_participant_is_called_by_their_own_number_and_their_partner_after_it() -> None:
    run = study()
    texts = shown(run, "share")
    own = {name.what: name.name for name in run.registry.unlinked if name.scope == "code"}
    assert re.fullmatch(r"PSW-\d{3}", own["D01-PSW"])
    assert texts["D01-PSW"][0].startswith(f"[{own['D01-PSW']}-PIR] came with [PERSON_1]")
    assert texts["D01-PIR"][1].startswith(f"[{own['D01-PIR']}-PSW] helped me")
    assert own["D01-PSW"].rpartition("-")[2] != own["D01-PIR"].rpartition("-")[2]


def test_a_friend_is_called_after_whose_friend_they_are_at_every_level() -> None:
    run = Run({"D01-PSW": ["Quillan's friend Zoltan"], "D01-PIR": ["D01-PIR: my friend Zoltan"]}, study().roster)
    run.found("D01-PSW", 1, "Zoltan", "PERSON").found("D01-PIR", 1, "Zoltan", "PERSON")
    assert shown(run, "team")["D01-PIR"] == ["my friend [D01-PIR-FRIEND_1]"]
    texts = shown(run, "share")
    own = {name.what: name.name for name in run.registry.unlinked if name.scope == "code"}
    assert texts["D01-PIR"] == [f"my friend [{own['D01-PIR']}-FRIEND_1]"]
    assert texts["D01-PSW"][0].endswith(f"friend [{own['D01-PSW']}-PIR-FRIEND_1]")


def test_names_once_given_stay_and_the_key_only_grows() -> None:
    run = study()
    first = shown(run, "share")
    before = run.registry
    assert shown(run, "share") == first
    check_extends(before, run.registry)
    assert run.registry.unlinked == before.unlinked


def test_what_the_team_reads_less_of_nobody_else_reads_more_of() -> None:
    run = study()
    for interview in interviews(run):
        registry = with_unlinked_names(run.registry, [interview], DRAW)
        spans = {
            level: {(r.utterance, r.start, r.end) for r in at_level(interview, registry, level).redactions.redactions}
            for level in ("team", "share", "archive")
        }
        assert spans["team"] <= spans["share"] <= spans["archive"]


def test_a_name_that_was_not_given_is_a_fault() -> None:
    run = study()
    (first, *_) = interviews(run)
    with pytest.raises(LookupError):
        at_level(first, replace(run.registry, unlinked=()), "share")


@pytest.mark.parametrize(
    ("band", "kind", "share"),
    [
        ("45-49", "AGE", "40-49"),
        ("90+", "AGE", "90+"),
        ("2019-03", "DATE", "2019"),
        ("2019", "DATE", "2019"),
        ("Kowloon", "PLACE", ""),
        ("early twenties", "AGE", ""),
    ],
)
def test_bands_get_coarser_with_the_level(band: str, kind: str, share: str) -> None:
    assert coarser_band(band, kind, "team") == band
    assert coarser_band(band, kind, "share") == share
    assert coarser_band(band, kind, "archive") == ""


@given(st.integers(2, 30), st.integers(0, 10_000))
def test_every_participant_has_another_number_whatever_is_drawn(people: int, seed: int) -> None:
    """Also when the draw always takes the first or the last number that is free."""

    def draw(free: Sequence[int]) -> int:
        return random.Random(seed).choice((free[0], free[-1]))

    run = Run({f"D{number:02d}-PIR": ["hello"] for number in range(1, people + 1)})
    registry = with_unlinked_names(Registry(), interviews(run), draw)
    numbers = [name.name for name in registry.unlinked if name.scope == "code"]
    assert len(numbers) == people
    assert len({name.rpartition("-")[2] for name in numbers}) == people


def test_an_observed_session_belongs_to_its_pair_and_shows_none() -> None:
    run = Run({"D01-OBS": ["hello"]})
    (interview,) = interviews(run)
    registry = with_unlinked_names(run.registry, [interview], DRAW)
    at = at_level(interview, registry, "share")
    assert owner_of(interview.recording) == "D01-OBS"
    assert re.fullmatch(r"OBS-\d{3}", at.recording.id)
    assert (at.recording.pair, at.recording.person) == ("", "")
    assert at.transcript.speakers == ()
