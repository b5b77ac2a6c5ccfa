"""The registry: strict JSON, append-only, numbers never given twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.errors import CorruptFileError, ValidationError
from transcribe.redaction.registry import (
    MARK,
    Registry,
    RegistryEntity,
    check_extends,
    next_id,
    next_number,
    registry_from_json,
    registry_to_json,
    with_surface,
)


def entity(number: int, label: str = "PERSON", mark: str = "", surfaces: tuple[str, ...] = ("Ana",)) -> RegistryEntity:
    return RegistryEntity(f"e{number:05d}", "PERSON", label, mark or f"[{label}_{number}]", surfaces[0], surfaces)


@given(st.lists(st.tuples(st.sampled_from(["PERSON", "D01-PIR-SON", "PLACE"]), st.text(min_size=1)), max_size=8))
def test_json_round_trip(rows: list[tuple[str, str]]) -> None:
    registry = Registry(tuple(entity(n, label, "", (surface,)) for n, (label, surface) in enumerate(rows, 1)))
    assert registry_from_json(registry_to_json(registry)) == registry


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"schema_version": 1, "entities": [{"id": "e00001"}]}',
        b'{"schema_version": 2, "entities": []}',
        b'{"schema_version": 1, "entities": [], "extra": 1}',
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFileError):
        registry_from_json(data)


@pytest.mark.parametrize(
    "registry",
    [
        Registry((entity(1), entity(1, mark="[PERSON_2]"))),
        Registry((entity(1), entity(2, mark="[PERSON_1]"))),
        Registry((entity(1, mark="PERSON_1"),)),
        Registry((entity(1, mark="[person_1]"),)),
    ],
)
def test_doubled_and_malformed_marks_are_refused(registry: Registry) -> None:
    with pytest.raises(ValidationError):
        registry_from_json(registry_to_json(registry))


def test_numbers_go_on_from_the_highest() -> None:
    registry = Registry(
        (entity(3, mark="[PERSON_7]"), entity(9, "PLACE", "[PLACE_2 Kowloon]"), entity(4, mark="[INT]"))
    )
    assert next_number(registry, "PERSON") == 8
    assert next_number(registry, "PLACE") == 3
    assert next_number(registry, "D01-PIR-SON") == 1
    assert next_id(registry) == "e00010"
    assert (next_number(Registry(), "ORG"), next_id(Registry())) == (1, "e00001")


def test_surfaces_are_added_once_and_kept() -> None:
    grown = with_surface(with_surface(entity(1), "Anna"), "Anna")
    assert grown.surfaces == ("Ana", "Anna")
    assert grown.canonical == "Ana"


def test_a_registry_may_only_grow() -> None:
    old = Registry((entity(1), entity(2)))
    check_extends(old, old)
    check_extends(old, Registry((with_surface(entity(1), "Anna"), entity(2), entity(3))))
    for worse in (
        Registry((entity(1),)),
        Registry((entity(2), entity(1))),
        Registry((entity(1), entity(2, mark="[PERSON_5]"))),
        Registry((entity(1, surfaces=("Other",)), entity(2))),
    ):
        with pytest.raises(ValidationError):
            check_extends(old, worse)


@pytest.mark.parametrize(
    "mark", ["[D01-PIR]", "[INT]", "[PERSON_1]", "[D01-PIR-SON_12]", "[AGE_1 45-49]", "[PLACE_3 New Territories]"]
)
def test_mark_form(mark: str) -> None:
    assert MARK.fullmatch(mark)
