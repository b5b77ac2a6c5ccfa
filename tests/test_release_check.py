"""The release check: the second look, digit runs, canaries, k = 1 and what partners recognise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_redaction_study import candidate, entry, recording, transcript
from transcribe.engines import PiiCandidate
from transcribe.errors import WithheldError
from transcribe.records import RedactionList, Transcript
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.deciding import Signature, reject
from transcribe.redaction.decisions import open_entities
from transcribe.redaction.detector import PresidioDetector
from transcribe.redaction.name_lists import is_listed
from transcribe.redaction.numbers import hkid_is_valid
from transcribe.redaction.registry import MARK, Decision, Registry, RegistryEntity
from transcribe.redaction.study_redaction import redact_study
from transcribe.redaction.tokens import tokens
from transcribe.release_check.canaries import Draw, make_canaries
from transcribe.release_check.canary_words import SHARES
from transcribe.release_check.digit_runs import find_digit_runs
from transcribe.release_check.finished import Allowed, FinishedChecks, check_finished, found_in
from transcribe.release_check.masking import PLACEHOLDER, mask
from transcribe.release_check.partner_recognition import partner_recognition
from transcribe.release_check.quasi_identifiers import Fact, alone, facts_by_person
from transcribe.release_check.recall import interval, measure_recall, plant
from transcribe.release_check.second_look import WITHHOLDS, LookAt, look_again, second_look_csv
from transcribe.release_check.second_pass import (
    MAX_ROUNDS,
    Redacted,
    find_again,
    redact_until_nothing_new,
    remembered,
    spans_of,
)
from transcribe.release_check.weak_signs import weak_signs
from transcribe.weights import locate, revision


@dataclass(frozen=True)
class Finder:
    """Finds `first` in every text, and `later` only beside a mask."""

    first: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    kind: str = "PERSON"
    fingerprint: str = "finder"

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        found = []
        for t in transcripts:
            for u in t.utterances:
                for name in (*self.first, *(self.later if PLACEHOLDER in u.text else ())):
                    at = u.text.find(name)
                    while at >= 0:
                        class_ = "direct" if self.kind == "PERSON" else "quasi"
                        end = at + len(name)
                        found.append(PiiCandidate(t.recording, u.id, at, end, self.kind, class_, "ner/X", 0.9))
                        at = u.text.find(name, end)
        return found


class Endless(Finder):
    """Finds one more word in every text in which something is masked."""

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        found = super().detect(transcripts)
        for t in transcripts:
            for u in t.utterances:
                words = [w for w in tokens(u.text) if len(w.text) > 3 and w.text != PLACEHOLDER]
                if PLACEHOLDER in u.text and words:
                    w = words[0]
                    found.append(PiiCandidate(t.recording, u.id, w.start, w.end, "PERSON", "direct", "ner/X", 0.9))
        return found


class Broken(Finder):
    """Fails on whatever is masked."""

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        if any(PLACEHOLDER in u.text for t in transcripts for u in t.utterances):
            raise ValueError("Zeborah said so")
        return super().detect(transcripts)


def redacted(
    detector: Finder,
    texts: dict[str, list[str]],
    registry: Registry | None = None,
    earlier: Sequence[RedactionList] = (),
) -> tuple[Redacted, list[Transcript]]:
    transcripts = [transcript(name, *lines) for name, lines in texts.items()]
    registry = registry or Registry()
    redact = partial(redact_study, [recording(name) for name in texts], transcripts, (), registry)
    candidates = [c for t in transcripts for c in detector.detect([t])] + remembered(earlier, transcripts, registry)
    return redact_until_nothing_new(redact, transcripts, candidates, detector), transcripts


def shown(result: Redacted, transcripts: Sequence[Transcript]) -> list[str]:
    lists = {listed.recording: listed for listed in result.lists}
    return [u.text for t in transcripts for u in redact_transcript(t, lists[t.recording]).utterances]


# masking


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_offsets_of_masked_text_lead_back_to_the_source(text: str, pairs: list[tuple[int, int]]) -> None:
    spans = [(min(a, b), max(a, b)) for a, b in pairs if min(a, b) < max(a, b) <= len(text)]
    masked = mask(text, spans)
    inside = {i for a, b in spans for i in range(a, b)}
    outside = [i for a, b in masked.outside(0, len(masked.text)) for i in range(a, b)]
    assert outside == [i for i in range(len(text)) if i not in inside]
    for here, there, length in masked.pieces:
        part, source = masked.text[here : here + length], text[there : there + length]
        assert len(part) == len(source)
        assert [c for c, s in zip(part, source, strict=True) if s not in "[]{}:\t\r\n"] == [
            s for s in source if s not in "[]{}:\t\r\n"
        ]


def test_a_mark_becomes_the_placeholder() -> None:
    masked = mask("I met Mei-ling's aunt", [(6, 14)])
    assert masked.text == f"I met {PLACEHOLDER}'s aunt"
    assert masked.touches_mask(6, 8)
    assert not masked.touches_mask(0, 6)


# digit runs


@pytest.mark.parametrize(
    "text",
    [
        "it's nine one two, um, no sorry, nine three four",
        "number 91234 was called",
        "case 2 0 1 9 4 4",
        "double four treble five, that one",
        "my file is 48-21-77",
        "it is 2034 5678",
        "9111 1999, that one",
        "his is 2012 2013",
        "ring 2012 5 6 7 8",
        "twenty thirty four fifty six seventy eight",
        "twenty thirty four eleven twelve",
    ],
)
def test_runs_of_five_digits_are_found(text: str) -> None:
    assert len(list(find_digit_runs(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "ten thousand steps, and 10,000 more",
        "it cost 125000 dollars, or £ 30,000.50",
        "in 2019 2020 and 2021",
        "2012, 2013 or 2012 and 2013, from 2012 2013, 2012-2013",
        "it was 12 05 1999, or 12/05/1999",
        "the eleventh, eleven twelve nineteen eighty five",
        "one two three four five six and relax",
        "a hundred ninety-three eighty-six seventy-nine",
        "five, ten, fifteen, twenty",
        "call 999 or 111",
        "nineteen eighty five, nineteen ninety",
        "at nine thirty or ten fifteen",
        "only four one two two of them",
    ],
)
def test_amounts_years_counts_and_helplines_are_none(text: str) -> None:
    assert not list(find_digit_runs(text))


# the second look


def test_what_is_found_only_beside_a_mask_is_replaced_and_undecided() -> None:
    result, transcripts = redacted(
        Finder(("Zeborah",), ("Quillan",)), {"P01-PIR": ["I saw Zeborah with Quillan there"]}
    )
    assert shown(result, transcripts) == ["I saw [PERSON_1] with [PERSON_2] there"]
    assert result.added == 1
    assert {e.canonical for e in open_entities(result.registry)} == {"Zeborah", "Quillan"}


def test_a_number_that_the_detector_misses_is_replaced() -> None:
    result, transcripts = redacted(
        Finder(), {"P01-PIR": ["it was nine one two four five you see", "ten thousand steps"]}
    )
    assert shown(result, transcripts) == ["it was [ID_1] you see", "ten thousand steps"]
    assert [e.entity_type for e in open_entities(result.registry)] == ["ID"]


def test_a_number_that_utterances_divide_is_replaced() -> None:
    lines = ["P01-PIR: nine one two", "INT: mm hmm", "P01-PIR: four five six"]
    result, transcripts = redacted(Finder(), {"P01-PIR": lines})
    assert [bool(MARK.search(text)) for text in shown(result, transcripts)] == [True, False, True]


def test_a_rejected_find_stays_as_it_was_said_and_there_is_an_end() -> None:
    detector = Finder(("Zeborah",), ("Quillan",))
    texts = {"P01-PIR": ["I saw Zeborah with Quillan there"]}
    result, _ = redacted(detector, texts)
    again = next(e for e in result.registry.entities if e.canonical == "Quillan")
    decided = reject(result.registry, again, Signature("AB", "2026-01-01T00:00:00Z"), ())
    result, transcripts = redacted(detector, texts, decided, result.lists)
    assert shown(result, transcripts) == ["I saw [PERSON_1] with Quillan there"]
    finished = replace(
        transcripts[0], utterances=(replace(transcripts[0].utterances[0], text=shown(result, transcripts)[0]),)
    )
    assert not found_in(finished, detector, Allowed(result.registry), "P01")
    assert found_in(finished, detector, Allowed(Registry()), "P01")
    assert found_in(finished, detector, Allowed(result.registry), "P02"), "a person is rejected in their pair only"


def test_what_passed_is_searched_again_when_what_may_be_said_changes(tmp_path: Path) -> None:
    place = RegistryEntity("e00001", "PLACE", "PLACE", "[PLACE_1]", "Jordan", ("Jordan",), class_="quasi")
    person = RegistryEntity("e00002", "PERSON", "PERSON", "[PERSON_1]", "Jordan", ("Jordan",), pairs=("P01",))
    registry = Registry((place,), (Decision("e00001", "level", "AB", "2026-01-01T00:00:00Z", target="share"),))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "P01-NOTE-1.txt").write_text("a friend called Jordan came")
    search = partial(check_finished, tmp_path, {}, Finder(("Jordan",)), scopes={"P01-NOTE-1": "P01"})
    reasons, passed = search(registry=registry, earlier=FinishedChecks())
    assert (reasons, len(passed.passed)) == ({}, 1)
    reasons, _ = search(registry=replace(registry, entities=(place, person)), earlier=passed)
    assert set(reasons) == {"P01-NOTE-1"}


def test_an_endless_detector_is_stopped_and_what_is_left_is_found_in_the_finished_text() -> None:
    detector = Endless(("Zeborah",))
    line = "Zeborah walked slowly through long green fields singing loudly"
    result, transcripts = redacted(detector, {"P01-PIR": [line]})
    assert result.added == MAX_ROUNDS
    text = shown(result, transcripts)[0]
    finished = replace(transcripts[0], utterances=(replace(transcripts[0].utterances[0], text=text),))
    assert found_in(finished, detector, Allowed(result.registry), "P01")


def test_a_detector_that_fails_on_masked_text_withholds_and_quotes_nothing() -> None:
    result, _ = redacted(Broken(("Zeborah",)), {"P01-PIR": ["I saw Zeborah"], "P01-PSW": ["nothing"]})
    assert set(result.withheld) == {"P01-PIR"}
    assert "Zeborah" not in result.withheld["P01-PIR"].message


WORDS = ["I", "saw", "Zeborah", "with", "Quillan", "and", "Ottoline", "near", "them"]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12))
def test_the_second_look_is_idempotent(words: list[str]) -> None:
    detector, texts = Finder(("Zeborah",), ("Quillan", "Ottoline")), {"P01-PIR": [" ".join(words), "with Quillan"]}
    first, transcripts = redacted(detector, texts)
    again, _ = redacted(detector, texts, first.registry, first.lists)
    assert shown(again, transcripts) == shown(first, transcripts)
    masked = find_again(detector, transcripts[0], spans_of(first.lists[0]))
    assert not masked, "nothing that is found again is left"


def test_what_was_found_only_beside_a_mask_is_remembered_while_the_text_is_the_same() -> None:
    first, transcripts = redacted(Finder(("Zeborah",), ("Hope",)), {"P01-PIR": ["I saw Zeborah with Hope there"]})
    blind = Finder(("Zeborah",))
    kept, _ = redacted(blind, {"P01-PIR": ["I saw Zeborah with Hope there"]}, first.registry, first.lists)
    assert shown(kept, transcripts) == ["I saw [PERSON_1] with [PERSON_2] there"]
    moved, other = redacted(blind, {"P01-PIR": ["Then I saw Zeborah with hope there"]}, first.registry, first.lists)
    assert shown(moved, other) == ["Then I saw [PERSON_1] with hope there"]


# the list for a person


def test_weak_signs_are_listed_and_ordinary_talk_is_not() -> None:
    text = "It was fine. We met Grumblewick, and there is one called zorvek, and someone came."
    found = {text[a:b]: why for a, b, why in weak_signs(text, [])}
    assert set(found) == {"Grumblewick", "zorvek"}
    assert not list(weak_signs("I was very tired, and the doctor gave me lithium on Monday.", []))
    assert list(weak_signs("She was the only Nepalese nurse in the hospital.", []))
    assert [text[a:b] for a, b, _ in weak_signs(text, [(20, 31)])] == ["Grumblewick", "zorvek"]


def test_the_list_quotes_once_with_a_count_and_leaves_out_what_was_rejected() -> None:
    detector = Finder(("Zeborah",))
    result, transcripts = redacted(detector, {"P01-PIR": ["I saw Zeborah in Grumblewick", "then Grumblewick again"]})
    texts = {"P01-PIR": transcripts[0]}
    look = look_again(detector, texts, {"P01-PIR": result.lists[0]}, result.registry, {"P01-PIR": "P01"})
    (item,) = look.items
    assert (item.recording, item.utterance, item.times) == ("P01-PIR", "u0001", 2)
    assert item.text == "I saw [PERSON_1] in »Grumblewick«"
    endless = Endless(("Zeborah",))
    look = look_again(endless, texts, {"P01-PIR": result.lists[0]}, result.registry, {"P01-PIR": "P01"})
    assert WITHHOLDS in {item.why for item in look.items}


def test_a_list_whose_detector_fails_says_so() -> None:
    result, transcripts = redacted(Finder(("Zeborah",)), {"P01-PIR": ["I saw Zeborah"]})
    look = look_again(Broken(), {"P01-PIR": transcripts[0]}, {"P01-PIR": result.lists[0]}, result.registry, {})
    assert look.not_looked == ("P01-PIR",)


def test_the_list_is_safe_in_a_spreadsheet() -> None:
    data = second_look_csv([LookAt("P01-PIR", "u0001", "why", 1, "=SUM(A1)")])
    assert data.startswith(b"\xef\xbb\xbf")
    assert b",'=SUM(A1)" in data


# canaries


def test_canaries_depend_on_the_seed_alone_and_share_nothing_with_the_study() -> None:
    one, two = make_canaries("a", 120, {"agnes"}), make_canaries("a", 120, {"agnes"})
    assert one == two
    assert one != make_canaries("b", 120, {"agnes"})
    assert {c.kind for c in one} == set(SHARES)
    for canary in one:
        said = canary.sentence[canary.start : canary.end]
        assert said[:1].isalnum()
        assert said[-1:].isalnum() or said.endswith(")")
        assert "agnes" not in said.casefold().split()
    words = [w.fold for c in one if c.kind == "PERSON" for w in tokens(c.sentence[c.start : c.end]) if len(w.fold) > 4]
    listed = sum(map(is_listed, words))
    assert 0 < listed < len(words), "some are on the detector's lists and some are not"
    names = [c.sentence[c.start : c.end].casefold() for c in one if c.kind == "PERSON"]
    assert len(set(names)) == len(names)


def test_planted_identity_cards_have_their_check_digit() -> None:
    written = [c.sentence[c.start : c.end] for c in make_canaries("y", 200, ()) if c.kind == "ID"]
    plain = ["".join(ch for ch in said if ch.isalnum()).upper() for said in written if "(" in said]
    assert plain
    assert all(map(hkid_is_valid, plain))


def test_draws_cover_what_they_may_draw() -> None:
    draw = Draw("x")
    assert {draw.below(3) for _ in range(60)} == {0, 1, 2}
    assert sorted(draw.shuffled(range(9))) == list(range(9))


def hosts() -> dict[str, Transcript]:
    lines = [f"P01-PIR: and so it went on for a while, number {n}" if n % 2 else "INT: Go on." for n in range(200)]
    return {"P01-PIR": transcript("P01-PIR", *lines)}


def test_planting_keeps_every_utterance_and_marks_the_place() -> None:
    (host,) = hosts().values()
    copies, planted = plant([host], make_canaries("x", 40, ()), "x")
    texts = {u.id: u.text for u in copies[0].utterances}
    assert len(texts) == len(copies[0].utterances), "ids are one each"
    assert len(planted) == 40
    for item in planted:
        said = item.canary.sentence[item.canary.start : item.canary.end]
        assert texts[item.utterance][item.start : item.end] == said
    assert all(texts[u.id].casefold().startswith(u.text.casefold()) for u in host.utterances)


@dataclass(frozen=True)
class Everything(Finder):
    """Holds every utterance to be a name, the words of some sentences apart."""

    blind_to: str = ""

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        return [
            PiiCandidate(t.recording, u.id, 0, len(u.text), "PERSON", "direct", "ner/X", 0.9)
            for t in transcripts
            for u in t.utterances
            if u.text.strip() and not (self.blind_to and self.blind_to in u.text.casefold())
        ]


def test_recall_counts_what_is_covered_and_falls_with_a_worse_detector() -> None:
    recordings = {"P01-PIR": recording("P01-PIR")}
    measure = partial(measure_recall, recordings, hosts(), (), Registry())
    full = measure(Everything(), "x")
    assert sum(c.planted for c in full.counts) == 50
    assert all(c.covered == c.planted for c in full.counts)
    leaky = measure(Everything(blind_to="the"), "x")
    assert sum(c.covered for c in leaky.counts) < sum(c.planted for c in leaky.counts)
    blind = measure(Finder(), "x")
    assert all(c.covered == 0 for c in blind.counts if c.kind == "PERSON")
    assert any(c.covered for c in blind.counts if c.kind == "PHONE"), "the second look reads numbers by itself"
    assert measure(Everything(), "x") == full


def test_recall_that_cannot_be_measured_says_so() -> None:
    recordings = {"P01-PIR": recording("P01-PIR")}
    assert measure_recall(recordings, {}, (), Registry(), Finder(), "x").reason
    chinese = {"P01-PIR": transcript("P01-PIR", *["我哋好耐冇見喇"] * 30)}
    assert measure_recall(recordings, chinese, (), Registry(), Finder(), "x").reason

    class Refusing(Finder):
        def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
            raise WithheldError("no")

    failed = measure_recall(recordings, hosts(), (), Registry(), Refusing(), "x")
    assert failed.reason
    assert not failed.counts


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    low, high = interval(10, 10)
    assert (round(low, 4), high) == (0.6915, 1.0)  # 0.025 ** (1 / 10)
    low, high = interval(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4439, 0.9748)


# k = 1 and partners


def two_pairs() -> tuple[dict[str, object], Registry]:
    texts = {
        "P01-PSW": ["P01-PSW: I was forty-seven, in March 2019, in Tsuen Wan.", "P01-PSW: We saw Bluebell House."],
        "P01-PIR": ["P01-PIR: In March 2019 we went to Bluebell House. I work as a nurse.", "P01-PIR: My sister Mei."],
        "P02-PSW": ["P02-PSW: I was forty-seven, in Tsuen Wan, with Corvin."],
        "P02-PIR": ["P02-PIR: Tsuen Wan, with Corvin. My sister Mei."],
    }
    kinds = {
        "forty-seven": ("AGE", "quasi"),
        "March 2019": ("DATE", "quasi"),
        "Tsuen Wan": ("PLACE", "quasi"),
        "Bluebell House": ("ORG", "quasi"),
        "Mei": ("PERSON", "direct"),
        "Corvin": ("PERSON", "direct"),
    }
    transcripts = {name: transcript(name, *lines) for name, lines in texts.items()}
    candidates = [
        replace(candidate(name, n, u.text, surface, kind), class_=class_)
        for name, t in transcripts.items()
        for n, u in enumerate(t.utterances, 1)
        for surface, (kind, class_) in kinds.items()
        if surface in u.text
    ]
    recordings = {name: recording(name, name[4:7]) for name in texts}
    roster = [entry("Yolanthe", "participant", "P01-PIR")]
    lists, registry = redact_study(
        list(recordings.values()), list(transcripts.values()), roster, Registry(), candidates
    )
    return {
        "recordings": recordings,
        "transcripts": transcripts,
        "lists": {listed.recording: listed for listed in lists},
    }, registry


def test_facts_that_the_team_text_keeps_and_who_stands_alone_by_them() -> None:
    study, registry = two_pairs()
    facts = facts_by_person(**study, registry=registry)
    age, month = Fact("AGE", "45-49"), Fact("DATE", "2019-03")
    region = next(f for f in facts["P02-PIR"] if f.category == "PLACE")
    assert facts["P01-PSW"] == {age, month, region}
    assert facts["P01-PIR"] == {month, Fact("OCCUPATION OR PART", "nurse")}
    by_person = {person.person: person for person in alone(facts)}
    assert by_person["P01-PIR"].combinations == ((Fact("OCCUPATION OR PART", "nurse"),),)
    assert set(by_person["P01-PSW"].combinations) == {(age, month), (month, region)}
    assert by_person["P01-PSW"].categories == ("AGE", "DATE", "PLACE")
    assert by_person["P02-PIR"].combinations == ()
    assert [by_person["P01-PSW"].of_size(size) for size in (1, 2, 3)] == [0, 2, 0]


@given(
    st.lists(
        st.frozensets(st.builds(Fact, st.sampled_from("AB"), st.sampled_from("123")), max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_a_combination_is_one_persons_alone_and_has_no_smaller_one_in_it(sets: list[frozenset[Fact]]) -> None:
    facts = {f"P{n}": found for n, found in enumerate(sets)}
    for person in alone(facts):
        others = [theirs for who, theirs in facts.items() if who != person.person]
        for combination in person.combinations:
            assert facts[person.person].issuperset(combination)
            assert not any(theirs.issuperset(combination) for theirs in others)
            for left_out in combination:
                rest = set(combination) - {left_out}
                assert not rest or any(theirs.issuperset(rest) for theirs in others)


def test_what_only_the_partner_could_recognise() -> None:
    study, registry = two_pairs()
    first, second = partner_recognition(study["recordings"], study["lists"], registry)
    assert first.pair == "P01"
    assert {s.surfaces[0] for s in first.shared} == {"March 2019", "Bluebell House"}
    assert {s.surfaces[0] for s in second.shared} == {"Corvin"}, "the place is told in the other pair, too"
    assert all(MARK.fullmatch(s.mark) for s in first.shared)


# with the real detector


@pytest.fixture(scope="module")
def presidio() -> PresidioDetector:
    return PresidioDetector(locate("spacy-en-core-web-sm"), revision("spacy-en-core-web-sm"))


@pytest.mark.models
def test_what_is_left_of_a_spoken_address_beside_its_marks_is_found_and_no_more(presidio: PresidioDetector) -> None:
    source = "call me on [PERSON_1], or write to [PERSON_1] at [PERSON_1] dot com"
    marks = {"u0001": [match.span() for match in MARK.finditer(source)]}
    (left,) = find_again(presidio, transcript("P01-PIR", f"P01-PIR: {source}"), marks)
    assert (left.entity_type, source[left.start : left.end].strip()) == ("EMAIL", "dot com")


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "My name is someone, and I live with someone in someone.",
        "I saw someone. Someone's sister, someone, was born on someone.",
        "call me on someone, or write to someone at someone, and someone dot someone",
        "someone someone, someone-someone and someone.",
        "someone",
    ],
)
def test_no_recogniser_finds_the_placeholder(presidio: PresidioDetector, text: str) -> None:
    source = text.replace("someone", "[PERSON_1]")
    marks = {"u0001": [match.span() for match in MARK.finditer(source)]}
    assert not find_again(presidio, transcript("P01-PIR", f"P01-PIR: {source}"), marks)


@pytest.mark.models
def test_the_unfiltered_names_hold_more_than_is_believed(presidio: PresidioDetector) -> None:
    texts = ["I think Lithium helped. Mm hmm. Ventolin too.", "nothing at all", "We met Karen in Bristol."]
    names = presidio.names_unfiltered(texts)
    assert len(names) == 3
    assert {texts[2][a:b] for a, b in names[2]} >= {"Karen", "Bristol"}
    believed = presidio.detect([transcript("P01-PIR", texts[0])])
    assert len(names[0]) > len(believed)


@pytest.mark.models
def test_a_number_beside_a_mark_is_found_again(presidio: PresidioDetector) -> None:
    result, transcripts = redacted(presidio, {"P01-PIR": ["P01-PIR: the reference, Karen said, 4 4 7 1 2 or so"]})
    assert not any(sign.isdigit() for sign in MARK.sub("", shown(result, transcripts)[0]))
