"""The certificate of de-identification: true figures, nothing quoted, and no promise that cannot be kept."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_redaction_study import Run, entry
from transcribe.certificate import (
    CERTIFICATE,
    CertificateFacts,
    certificate_text,
    collect_facts,
    write_certificate,
)
from transcribe.redaction.deciding import Signature, accept, find_entity, reject
from transcribe.redaction.study_redaction import redact_study
from transcribe.release_check.recall import CanaryCount, CanaryRecall
from transcribe.store import StudyFolder
from transcribe.study.settings import Settings

PLANTED = CanaryRecall("", (CanaryCount("PERSON", 150, 145), CanaryCount("AGE", 50, 45)))
BY = Signature("AB", "2026-01-02T03:04:05Z", "Quillan is a brand")


def facts_of(run: Run, **changes: object) -> CertificateFacts:
    lists, run.registry = redact_study(run.recordings, run.transcripts, run.roster, run.registry, run.candidates)
    facts = collect_facts(
        Settings(pii_model="hf:/home/Quillan/model"),
        run.registry,
        lists,
        detector="presidio-analyzer=2 spacy=3",
        rules_version="1",
        roster_entries=len(run.roster),
        release=3,
        recordings=len(lists),
        documents=0,
        withheld=0,
        recall=CanaryRecall(""),
        cut_off=0,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.fixture
def run() -> Run:
    run = Run(
        {"D01-PIR": ["Quillan met Zoltan and Ola", "Zoltan left Zymurgy"], "D02-PIR": ["Zymurgy"]},
        [entry("Ola", "relative", to="D01-PIR", note="her sister")],
    )
    run.found("D01-PIR", 1, "Quillan", "PERSON").found("D01-PIR", 1, "Zoltan", "PERSON")
    return run.found("D01-PIR", 2, "Zymurgy", "ORG")


def test_it_counts_what_was_replaced(run: Run) -> None:
    facts = facts_of(run)
    assert facts.categories == {"ORG": (1, 2), "PERSON": (2, 3), "SISTER": (1, 1)}
    assert sum(facts.methods.values()) == 6
    assert facts.standing == {"open": 2, "auto": 1, "confirmed": 1}


def test_undecided_names_make_it_no_final_certificate_and_decisions_do(run: Run) -> None:
    assert "**2 direct identifiers in it are undecided**" in certificate_text(facts_of(run))
    run.registry = reject(run.registry, find_entity(run.registry, "[PERSON_1]"), BY, ())
    run.registry = accept(run.registry, find_entity(run.registry, "[PERSON_2]"), BY)
    facts = facts_of(run)
    text = certificate_text(facts)
    assert "No direct identifier in it is undecided." in text
    assert facts.reviewers == {"AB": 2}
    assert "Reviewers: AB (2 decisions)." in text
    assert facts.standing == {"rejected": 1, "confirmed": 2, "auto": 1}


def test_it_quotes_nothing_and_never_calls_the_text_what_it_is_not(run: Run) -> None:
    facts_of(run)
    run.registry = reject(run.registry, find_entity(run.registry, "[PERSON_1]"), BY, ())
    for facts in (
        facts_of(run),
        facts_of(run, recall=PLANTED, cut_off=2, documents=2, withheld=1),
        facts_of(Run({"D01-PIR": ["nothing"]})),
    ):
        text = certificate_text(facts)
        assert not re.search("anonym", text.replace("pseudonym", ""), re.IGNORECASE)
        for secret in ("Quillan", "Zoltan", "Ola", "Zymurgy", "brand", "home"):
            assert not re.search(rf"\b{secret}\b", text, re.IGNORECASE)
        assert "remain personal data" in text
        assert "voice" in text


def test_what_was_measured_stands_in_it(run: Run) -> None:
    text = certificate_text(facts_of(run, recall=PLANTED, cut_off=2))
    assert "190 of 200 found, 95.0 % (95 % interval 91.0 to 97.6 %)" in text
    assert "Every recording went from the sound to the marks in runs from which" in text
    assert "1 of 2 recordings went" in certificate_text(facts_of(run, cut_off=1))
    assert "no recording was worked on in a run that proves it" in certificate_text(facts_of(run))
    assert "planted" not in certificate_text(facts_of(run))


def test_whatever_decides_what_is_replaced_changes_the_digest(run: Run) -> None:
    one = facts_of(run).settings_digest
    lists, registry = redact_study(run.recordings, run.transcripts, run.roster, run.registry, run.candidates)
    same = {"release": 1, "recordings": 1, "documents": 0, "withheld": 0, "recall": CanaryRecall(""), "cut_off": 0}
    others = {
        collect_facts(settings, registry, lists, detector, rules, 1, **same).settings_digest
        for settings, detector, rules in (
            (Settings(), "presidio-analyzer=2 spacy=3", "1"),
            (Settings(policy="hold"), "presidio-analyzer=2 spacy=3", "1"),
            (Settings(), "presidio-analyzer=3 spacy=3", "1"),
            (Settings(), "presidio-analyzer=2 spacy=3", "2"),
        )
    }
    assert len(others | {one}) == 5


def test_its_date_is_that_of_its_last_change(run: Run, tmp_path: Path) -> None:
    study = StudyFolder(tmp_path)
    write_certificate(study, facts_of(run))
    path = study.report / CERTIFICATE
    old = re.sub(r"Written on \S+", "Written on 2020-01-01", path.read_text())
    path.write_text(old)
    write_certificate(study, facts_of(run))
    assert path.read_text() == old
    write_certificate(study, facts_of(run, release=4))
    assert "2020-01-01" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
