"""Who names themselves is themselves, however the surname was heard; who quotes somebody is not."""

import pytest

from tests.test_redaction_study import Run, entry

ROSTER = [entry("Marcus Leung", "participant", "D01-PSW", "Marcus"), entry("Janet Lau", "participant", "D01-PIR")]


def run(*lines: str, name: str) -> str:
    study = Run({"D01-PSW": list(lines)}, ROSTER)
    study.found("D01-PSW", len(lines), name, "PERSON")
    return study.texts()[-1]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Sure, I'm Marcus Loon, hello", "Sure, I'm [D01-PSW], hello"),
        ("my name is Marcus Ling", "my name is [D01-PSW]"),
        ("you can call me, um, Markus Ling", "you can call me, um, [D01-PSW]"),
    ],
)
def test_a_participant_names_themselves(said: str, shown: str) -> None:
    name = next(n for n in ("Marcus Loon", "Marcus Ling", "Markus Ling") if n in said)
    assert run(f"D01-PSW: {said}", name=name) == shown


def test_the_answer_to_the_question_for_a_name() -> None:
    asked = run("INT: could you say your name for the tape?", "D01-PSW: Yeah, um, Marcus Loon", name="Marcus Loon")
    assert asked == "Yeah, um, [D01-PSW]"


@pytest.mark.parametrize(
    "said",
    [
        "INT: I'm Marcus Loon",
        "D01-PSW: and he said I'm Marcus Loon",
        "D01-PSW: I met Marcus Loon",
        "D01-PSW: I'm Quillan Loon",
        "D01-PSW: I'm Marcus Loon's friend",
    ],
)
def test_others_are_others(said: str) -> None:
    name = "Quillan Loon" if "Quillan" in said else "Marcus Loon"
    shown = run(said, name=name)
    assert "[PERSON_1]" in shown
    assert "[D01-PSW]" not in shown
