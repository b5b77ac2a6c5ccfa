"""People's decisions: what each does to the next run, and that no sequence of them ever changes what a mark means."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_redaction_study import Run, entry
from transcribe.engines import PiiCandidate
from transcribe.errors import UsageError
from transcribe.record_json import from_json, to_json
from transcribe.records import RedactionList
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.deciding import (
    Signature,
    accept,
    check_initials,
    find_entity,
    merge,
    reject,
    rename,
    set_level,
    split,
)
from transcribe.redaction.decisions import (
    at_level,
    is_certain,
    open_entities,
    open_variants,
    standings,
    undecided,
)
from transcribe.redaction.leak_check import find_leaks, text_check
from transcribe.redaction.registry import (
    MARK,
    Registry,
    RegistryEntity,
    all_marks,
    check_extends,
    next_number,
    registry_from_json,
    registry_to_json,
    with_released,
)
from transcribe.redaction.study_redaction import redact_study
from transcribe.release_check.finished import Allowed

BY = Signature("AB", "2026-01-02T03:04:05Z", "heard it")


def lists(run: Run) -> list[RedactionList]:
    return list(redact_study(run.recordings, run.transcripts, run.roster, run.registry, run.candidates)[0])


def team_texts(run: Run, level: str = "team") -> list[str]:
    """The texts of a level, as coders get them."""
    known = standings(run.registry)
    return [
        u.text
        for t, listed in zip(run.transcripts, lists(run), strict=True)
        for u in redact_transcript(t, at_level(listed, known, level)).utterances  # type: ignore[arg-type]  # parametrised
    ]


def two_people() -> Run:
    run = Run({"D01-PIR": ["Zoltan met Quillan", "zoltan left", "Quillan Ono stayed"], "D02-PIR": ["Zoltan again"]})
    run.found("D01-PIR", 1, "Zoltan", "PERSON").found("D01-PIR", 1, "Quillan", "PERSON")
    run.found("D01-PIR", 3, "Quillan Ono", "PERSON").found("D02-PIR", 1, "Zoltan", "PERSON")
    assert run.texts() == ["[PERSON_1] met [PERSON_2]", "[PERSON_1] left", "[PERSON_2] stayed", "[PERSON_3] again"]
    return run


def entity(run: Run, mark: str) -> RegistryEntity:
    return find_entity(run.registry, mark)


@pytest.mark.parametrize(
    ("recognizer", "score", "certain"),
    [
        ("checksum/hkid", 0.1, True),
        ("roster/name", 1.0, True),
        ("pattern/EmailRecognizer", 0.5, True),
        ("pattern/PhoneRecognizer", 0.4, True),
        ("grammar/title", 0.9, True),
        ("grammar/cue", 0.84, False),
        ("roster/variant", 1.0, False),
        ("ner/PERSON", 1.0, False),
        ("gliner/person", 0.99, False),
        ("sweep/known", 0.9, False),
        ("", 1.0, False),
    ],
)
def test_what_is_certain(recognizer: str, score: float, certain: bool) -> None:
    assert is_certain(recognizer, score) is certain


def test_names_of_the_language_model_are_open_and_others_are_not() -> None:
    run = Run({"D01-PIR": ["Zoltan, Mr Quist, at Zymurgy, with Ola"]}, [entry("Ola", "friend")])
    run.found("D01-PIR", 1, "Zoltan", "PERSON").found("D01-PIR", 1, "Zymurgy", "ORG")
    run.found("D01-PIR", 1, "Mr Quist", "PERSON", "grammar/title")
    run.candidates[-1] = replace(run.candidates[-1], score=0.9)
    run.texts()
    assert [e.mark for e in open_entities(run.registry)] == ["[PERSON_1]"]
    assert [s.status for s in standings(run.registry).values()] == ["open", "auto", "auto", "confirmed"]
    (listed,) = lists(run)
    assert undecided({"D01-PIR": listed})["D01-PIR"].startswith("1 name or number is undecided")


def test_an_old_key_without_evidence_is_open_until_the_next_run() -> None:
    run = two_people()
    old = replace(
        run.registry,
        entities=tuple(replace(e, class_="", recognizer="", score=0.0) for e in run.registry.entities),
    )
    assert len(open_entities(old)) == 3
    assert registry_from_json(registry_to_json(old)) == old


def test_accepted_is_confirmed_and_says_by_whom() -> None:
    run = two_people()
    run.registry = accept(run.registry, entity(run, "person_1"), BY)
    standing = standings(run.registry)["e00001"]
    assert (standing.status, standing.confirmed_by) == ("confirmed", "AB")
    assert run.texts()[0] == "[PERSON_1] met [PERSON_2]"
    assert [r.status for r in lists(run)[0].redactions] == ["confirmed", "open", "confirmed", "open"]


def test_rejected_stays_as_it_was_said_in_its_pair_alone() -> None:
    run = two_people()
    run.registry = reject(run.registry, entity(run, "[PERSON_1]"), BY, ())
    assert run.texts() == ["Zoltan met [PERSON_2]", "zoltan left", "[PERSON_2] stayed", "[PERSON_3] again"]
    assert standings(run.registry)["e00001"].status == "rejected"
    run.registry = accept(run.registry, entity(run, "[PERSON_1]"), BY)
    assert run.texts()[0] == "[PERSON_1] met [PERSON_2]"


def test_a_rejected_name_inside_another_one_is_still_replaced() -> None:
    run = Run({"D01-PIR": ["Golden Mood", "Golden Mood Chan came", "Mister Mood came"]})
    run.found("D01-PIR", 1, "Golden Mood", "PERSON")
    run.texts()
    run.registry = reject(run.registry, entity(run, "[PERSON_1]"), BY, ())
    run.found("D01-PIR", 2, "Mood Chan", "PERSON").found("D01-PIR", 3, "Mister Mood", "PERSON", "grammar/title")
    assert run.texts() == ["Golden Mood", "Golden [PERSON_2] came", "[PERSON_2] came"]


def test_a_rejected_place_leaves_a_person_of_that_name_masked() -> None:
    run = Run({"D01-PIR": ["in Jordan"], "D02-PIR": ["my name is Jordan"]})
    run.found("D01-PIR", 1, "Jordan", "PLACE")
    run.texts()
    run.registry = reject(run.registry, entity(run, "[PLACE_1]"), BY, ())
    run.found("D02-PIR", 1, "Jordan", "PERSON", "grammar/cue")
    assert run.texts() == ["in Jordan", "my name is [PERSON_1]"]


def test_what_the_roster_lists_cannot_be_rejected_and_is_replaced_whatever_was_decided_before() -> None:
    run = two_people()
    run.registry = reject(run.registry, entity(run, "[PERSON_1]"), BY, ())
    run.roster = [entry("Zoltan Ferenc", "participant", "D01-PIR")]
    assert run.texts()[:2] == ["[D01-PIR] met [PERSON_2]", "[D01-PIR] left"]
    assert team_texts(run)[0] == "[D01-PIR] met [PERSON_2]"
    with pytest.raises(UsageError, match="roster"):
        reject(run.registry, entity(run, "D01-PIR"), BY, run.roster)


def test_merging_gives_one_mark_unless_coders_know_both() -> None:
    run = two_people()
    run.registry = merge(run.registry, entity(run, "[PERSON_3]"), entity(run, "[PERSON_1]"), BY, ())
    assert run.texts()[-1] == "[PERSON_1] again"
    assert {r.entity for listed in lists(run) for r in listed.redactions} == {"e00001", "e00002"}
    with pytest.raises(UsageError, match="merged with"):
        entity(run, "[PERSON_3]")

    run = two_people()
    run.registry = with_released(run.registry, {"e00003"}, 4)
    run.registry = merge(run.registry, entity(run, "[PERSON_3]"), entity(run, "[PERSON_1]"), BY, ())
    assert run.texts()[-1] == "[PERSON_3] again"
    assert standings(run.registry)["e00003"].same_as == "e00001"


def test_merging_in_a_circle_is_refused() -> None:
    run = two_people()
    run.texts()
    run.registry = merge(run.registry, entity(run, "[PERSON_3]"), entity(run, "[PERSON_1]"), BY, ())
    with pytest.raises(UsageError, match="itself"):
        merge(run.registry, entity(run, "[PERSON_1]"), entity(run, "[PERSON_1]"), BY, ())


@pytest.mark.parametrize("released", [False, True])
def test_a_wrong_kind_is_mended_by_merging(released: bool) -> None:
    run = Run({"D01-PIR": ["Wing Lok House, a flat", "in Harmony Block"]})
    run.found("D01-PIR", 1, "Wing Lok House", "PERSON").found("D01-PIR", 2, "Harmony Block", "ADDRESS", "grammar/x")
    assert run.texts() == ["[PERSON_1], a flat", "in [ADDRESS_1]"]
    entities = tuple(replace(e, released=released) for e in run.registry.entities)
    run.registry = replace(run.registry, entities=entities)
    run.registry = merge(run.registry, entity(run, "[PERSON_1]"), entity(run, "[ADDRESS_1]"), BY, ())
    assert run.texts() == ["[PERSON_1], a flat" if released else "[ADDRESS_1], a flat", "in [ADDRESS_1]"]
    assert standings(run.registry)["e00001"].same_as == "e00002"


def test_splitting_gives_the_surfaces_a_mark_of_their_own() -> None:
    run = two_people()
    run.registry = split(run.registry, entity(run, "[PERSON_2]"), ["quillan ono"], BY, ())
    assert run.texts() == ["[PERSON_1] met [PERSON_2]", "[PERSON_1] left", "[PERSON_4] stayed", "[PERSON_3] again"]
    with pytest.raises(UsageError, match="nothing would be left"):
        split(run.registry, entity(run, "[PERSON_4]"), ["Quillan Ono"], BY, ())
    with pytest.raises(UsageError, match="does not have"):
        split(run.registry, entity(run, "[PERSON_2]"), ["Quillan Ono"], BY, ())


def test_a_misheard_name_is_open_until_accepted_and_can_be_split_off_and_rejected() -> None:
    janet = entry("Janet Lau", "participant", "D01-PIR")
    run = Run({"D01-PSW": ["Janet Lau came", "Jannet Lau left"]}, [janet])
    assert run.texts() == ["[D01-PIR] came", "[D01-PIR] left"]
    assert [r.status for r in lists(run)[0].redactions] == ["confirmed", "open"]
    assert [e.mark for e in open_entities(run.registry)] == ["[D01-PIR]"]
    first = run.registry
    run.registry = accept(first, entity(run, "D01-PIR"), BY)
    assert [r.status for r in lists(run)[0].redactions] == ["confirmed", "confirmed"]
    assert not open_entities(run.registry)
    run.registry = split(first, find_entity(first, "D01-PIR"), ["Jannet Lau"], BY, [janet])
    assert run.texts() == ["[D01-PIR] came", "[PERSON_1] left"]
    assert not open_variants(run.registry, entity(run, "D01-PIR"))
    run.registry = reject(run.registry, entity(run, "[PERSON_1]"), BY, [janet])
    assert run.texts()[0] == "[D01-PIR] came"
    with pytest.raises(UsageError, match="roster"):
        split(run.registry, entity(run, "D01-PIR"), ["Janet Lau"], BY, [janet])


def test_a_label_changes_only_before_its_release_and_its_number_is_not_given_again() -> None:
    run = two_people()
    run.registry = rename(run.registry, entity(run, "[PERSON_3]"), "d02-pir-uncle", BY, ())
    assert run.texts()[-1] == "[D02-PIR-UNCLE_1] again"
    assert next_number(run.registry, "PERSON") == 4
    assert next_number(run.registry, "D02-PIR-UNCLE") == 2
    run.registry = with_released(run.registry, {"e00001"}, 1)
    with pytest.raises(UsageError, match="release 1"):
        rename(run.registry, entity(run, "[PERSON_1]"), "UNCLE", BY, ())
    for label in ("QUILLAN", "D01-ZOLTAN", "[", "D01", "A" * 40, ""):
        with pytest.raises(UsageError):
            rename(run.registry, entity(run, "[PERSON_2]"), label, BY, [entry("Zoltan", "friend")])


def test_a_place_can_be_kept_for_the_team_and_a_person_cannot() -> None:
    run = Run({"D01-PIR": ["in Kwun Tong with Zoltan"]})
    run.found("D01-PIR", 1, "Kwun Tong", "PLACE").found("D01-PIR", 1, "Zoltan", "PERSON")
    run.texts()
    run.registry = set_level(run.registry, entity(run, "PLACE_1"), "share", BY)
    run.texts()
    assert team_texts(run) == ["in Kwun Tong with [PERSON_1]"]
    assert team_texts(run, "share") == team_texts(run, "archive") == ["in [PLACE_1 Kowloon] with [PERSON_1]"]
    with pytest.raises(UsageError, match="every level"):
        set_level(run.registry, entity(run, "PERSON_1"), "archive", BY)
    with pytest.raises(UsageError, match="team, share, archive"):
        set_level(run.registry, entity(run, "PLACE_1"), "nobody", BY)


@pytest.mark.parametrize("who", ["", "A", "Janet Lau", "A1", "ABCDEFGHI", "a b"])
def test_initials_are_two_to_eight_letters(who: str) -> None:
    with pytest.raises(UsageError):
        check_initials(who)
    assert check_initials("ab") == "AB"


def test_no_message_quotes_a_surface() -> None:
    run = two_people()
    roster = [entry("Zoltan", "friend")]
    for attempt in (
        lambda: reject(run.registry, entity(run, "[PERSON_1]"), BY, roster),
        lambda: split(run.registry, entity(run, "[PERSON_1]"), ["Zoltan"], BY, ()),
        lambda: split(run.registry, entity(run, "[PERSON_1]"), ["Canary"], BY, ()),
        lambda: rename(run.registry, entity(run, "[PERSON_1]"), "ZOLTAN", BY, ()),
        lambda: find_entity(run.registry, "[Canary]"),
    ):
        with pytest.raises(UsageError) as error:
            attempt()
        assert "zoltan" not in str(error.value).casefold()
        assert "Canary" not in str(error.value)


NAMES = ["Zoltan", "Zoltan Quist", "Quist", "Ola", "Edvin", "Edwin", "Mr Quist", "Golden Mood"]
STEPS = st.tuples(
    st.sampled_from(["run", "release", "accept", "reject", "merge", "split", "rename", "level"]),
    st.integers(0, 9),
    st.integers(0, 9),
)


def decided(action: str, registry: Registry, one: RegistryEntity, other: RegistryEntity) -> Registry:
    """The registry after a decision, or as it was when the decision is refused."""
    changes: dict[str, Callable[[], Registry]] = {
        "accept": lambda: accept(registry, one, BY),
        "reject": lambda: reject(registry, one, BY, ()),
        "merge": lambda: merge(registry, one, other, BY, ()),
        "split": lambda: split(registry, one, one.surfaces[:1], BY, ()),
        "rename": lambda: rename(registry, one, "SISTER", BY, ()),
        "level": lambda: set_level(registry, one, "share", BY),
    }
    try:
        return changes[action]()
    except UsageError:
        return registry


def said(lines: list[list[str]]) -> Run:
    """A study of two pairs in which a detector finds all of `NAMES`."""
    run = Run({f"D0{1 + n}-PIR": [", ".join(line) for line in lines[n::2]] for n in range(2)})
    for item in run.transcripts:
        for number, utterance in enumerate(item.utterances, 1):
            for name in NAMES:
                if name in utterance.text:
                    run.found(item.recording, number, name, "PERSON")
    return run


def step(run: Run, action: str, first: int, second: int) -> None:
    entities = run.registry.entities
    if action == "release":
        shown = {r.entity for listed in lists(run) for r in listed.redactions}
        run.registry = with_released(run.registry, shown, 1 + first)
    elif action != "run" and entities:
        one, other = entities[first % len(entities)], entities[second % len(entities)]
        run.registry = decided(action, run.registry, one, other)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([*NAMES, "and then", "she said"]), min_size=1, max_size=4), max_size=6),
    st.lists(STEPS, max_size=10),
)
def test_no_sequence_of_runs_and_decisions_changes_what_a_mark_means(
    lines: list[list[str]], steps: list[tuple[str, int, int]]
) -> None:
    run = said(lines)
    run.texts()
    given: dict[str, str] = {}
    released: dict[str, str] = {}
    for action, first, second in steps:
        before = run.registry
        step(run, action, first, second)
        check_extends(before, run.registry)
        run.texts()  # runs twice, requires the same lists and registry, and that the registry only grew
        marks, known = all_marks(run.registry), standings(run.registry)
        assert len(set(marks)) == len(marks)
        assert all(MARK.fullmatch(mark) for mark in marks)
        given |= {e.mark: given.get(e.mark, e.id) for e in run.registry.entities}
        assert all(given[e.mark] == e.id for e in run.registry.entities)
        assert all(known[id_].mark == mark for id_, mark in released.items())
        released |= {e.id: known[e.id].mark for e in run.registry.entities if e.released}
        for listed in lists(run):
            assert all(known[r.entity].status != "rejected" for r in listed.redactions)
            assert all(r.mark == known[r.entity].mark for r in listed.redactions)
            assert from_json(RedactionList, to_json(listed), "test") == listed
    if not any(d.action == "reject" for d in run.registry.decisions):
        assert all(name not in MARK.sub("", " ".join(run.texts())) for name in NAMES)


def test_an_empty_registry_has_nothing_to_decide() -> None:
    assert standings(Registry()) == {}
    assert open_entities(Registry()) == ()
    with pytest.raises(UsageError, match="no such mark"):
        find_entity(Registry(), "[PERSON_1]")


JORDANS = Registry(
    (
        RegistryEntity("e00001", "PLACE", "PLACE", "[PLACE_1]", "Jordan", ("Jordan",), class_="quasi"),
        RegistryEntity("e00002", "PERSON", "PERSON", "[PERSON_1]", "Jordan", ("Jordan",), pairs=("D01",)),
        RegistryEntity("e00003", "PLACE", "PLACE", "[PLACE_2]", "Kwun Tong", ("Kwun Tong",), class_="quasi"),
    )
)


@pytest.mark.parametrize("decide", [lambda r, e: set_level(r, e, "share", BY), lambda r, e: reject(r, e, BY, ())])
def test_a_decision_on_a_place_leaves_a_person_of_that_name_to_the_last_checks(
    decide: Callable[[Registry, RegistryEntity], Registry], tmp_path: Path
) -> None:
    registry = decide(JORDANS, find_entity(JORDANS, "PLACE_1"))
    assert text_check(registry, ())("my friend Jordan came")
    again = PiiCandidate("D01-PIR", "u0002", 10, 16, "PERSON", "direct", "again/grammar-cue", 0.9)
    assert not Allowed(registry).holds("Jordan", again, "D01")
    for name in ("D01-PIR.txt", "D02-PIR.txt", "turns.csv"):
        (tmp_path / name).write_text("Jordan came")
    assert {leak.file for leak in find_leaks(tmp_path, (), registry)} == {"D01-PIR.txt"}, "D02 knows no Jordan"


def test_what_is_left_to_the_team_may_stand_whatever_the_language_model_takes_it_for() -> None:
    registry = set_level(JORDANS, find_entity(JORDANS, "PLACE_2"), "share", BY)
    assert not text_check(registry, ())("in Kwun Tong")
    again = PiiCandidate("D01-PIR", "u0002", 3, 12, "PERSON", "direct", "again/ner-PERSON", 0.9)
    assert Allowed(registry).holds("Kwun Tong", again, "D01")


def test_what_is_rejected_in_one_pair_is_searched_in_the_files_of_another(tmp_path: Path) -> None:
    run = two_people()
    run.registry = reject(run.registry, entity(run, "[PERSON_1]"), BY, ())
    for name in ("D01-PIR.txt", "note.txt", "turns.csv"):
        (tmp_path / name).write_text("Zoltan")
    assert not find_leaks(tmp_path, (), run.registry)
    (tmp_path / "D02-PIR.txt").write_text("Zoltan")
    assert {leak.file for leak in find_leaks(tmp_path, (), run.registry)} == {"D02-PIR.txt"}
    found = find_leaks(tmp_path, (), run.registry, scopes={"note": "D02"})
    assert {leak.file for leak in found} == {"D02-PIR.txt", "note.txt"}


def test_no_label_is_a_name_of_anybody_in_the_study(tmp_path: Path) -> None:
    run = Run({"D01-PIR": ["Beatriz and Otto at the Golden Cafe", "Hope came"], "D02-PIR": ["Quillan"]})
    run.found("D01-PIR", 1, "Beatriz", "PERSON").found("D01-PIR", 1, "Otto", "PERSON")
    run.found("D01-PIR", 1, "Golden Cafe", "ORG").found("D01-PIR", 2, "Hope", "PERSON")
    run.found("D02-PIR", 1, "Quillan", "PERSON")
    run.texts()
    otto = entity(run, "PERSON_2")
    for label in ("BEATRIZ", "HOPE", "OLD-QUILLAN", "OTTO"):
        with pytest.raises(UsageError, match="part of a name"):
            rename(run.registry, otto, label, BY, ())
    run.registry = rename(run.registry, otto, "CAFE-OWNER", BY, ())
    (tmp_path / "a.txt").write_text("[CAFE-OWNER_1] and [PERSON_1] at the [ORG_1]")
    assert not find_leaks(tmp_path, (), run.registry)
    (tmp_path / "a.txt").write_text("[BEATRIZ_1] came")
    assert {leak.kind for leak in find_leaks(tmp_path, (), run.registry)} == {"mark"}
    assert text_check(run.registry, [entry("Ferenc Zoltan", "friend")])("[OLD-ZOLTAN_1] came")


def test_a_listed_place_can_be_kept_for_the_team(tmp_path: Path) -> None:
    run = Run({"D01-PIR": ["in Quarry Wood"]}, [entry("Quarry Wood", "place", "", "QW"), entry("Hung Hom", "place")])
    run.texts()
    (tmp_path / "D01-PIR.txt").write_text("in Quarry Wood")
    assert find_leaks(tmp_path, run.roster, run.registry)
    run.registry = set_level(run.registry, entity(run, "PLACE_1"), "share", BY)
    run.texts()
    assert team_texts(run) == ["in Quarry Wood"]
    assert not find_leaks(tmp_path, run.roster, run.registry)
    assert find_leaks(tmp_path, run.roster, run.registry, level="share")
    (tmp_path / "D01-PIR.txt").write_text("in Hung Hom")
    assert find_leaks(tmp_path, run.roster, run.registry)
