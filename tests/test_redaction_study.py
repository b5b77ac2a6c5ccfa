"""The redactor over a whole study: one mark per thing, the same on every run, pairs kept apart."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.engines import PiiCandidate
from transcribe.errors import ValidationError
from transcribe.records import EntityClass, Recording, Role, Transcript, Utterance
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.registry import MARK, Registry, check_extends
from transcribe.redaction.study_redaction import redact_study
from transcribe.study.roster import RosterEntry


def recording(id_: str, role: Role = "PIR") -> Recording:
    return Recording(id_, id_.split("-", maxsplit=1)[0], role, id_ if role != "OBS" else "", 1, "en", (), 60.0)


def transcript(id_: str, *texts: str) -> Transcript:
    """Utterances of INT, or of whom they begin with: `P01-PIR: well`."""
    said = [text.rpartition(": ") if ": " in text else ("INT", "", text) for text in texts]
    return Transcript(
        id_,
        tuple(Utterance(f"u{n:04d}", who, "en", float(n), n + 1.0, t, ()) for n, (who, _, t) in enumerate(said, 1)),
    )


def entry(
    name: str, kind: str = "participant", person: str = "", *aliases: str, to: str = "", note: str = ""
) -> RosterEntry:
    return RosterEntry(person, name, aliases, kind, to, note)


def candidate(
    id_: str,
    number: int,
    text: str,
    surface: str,
    kind: str,
    source: str = "ner/PERSON",
    class_: EntityClass = "direct",
) -> PiiCandidate:
    start = text.index(surface)
    return PiiCandidate(id_, f"u{number:04d}", start, start + len(surface), kind, class_, source, 0.5)


class Run:
    """A study to redact: texts by recording id, a roster, and what a detector would say."""

    def __init__(self, texts: dict[str, list[str]], roster: list[RosterEntry] | None = None) -> None:
        roles: dict[str, Role] = {"PSW": "PSW", "PIR": "PIR", "OBS": "OBS"}
        self.recordings = [recording(id_, roles[id_[4:7]]) for id_ in texts]
        self.transcripts = [transcript(id_, *lines) for id_, lines in texts.items()]
        self.roster = roster or []
        self.candidates: list[PiiCandidate] = []
        self.registry = Registry()

    def found(self, id_: str, number: int, surface: str, kind: str, source: str = "ner/PERSON") -> "Run":
        text = next(t for t in self.transcripts if t.recording == id_).utterances[number - 1].text
        self.candidates.append(candidate(id_, number, text, surface, kind, source))
        return self

    def texts(self) -> list[str]:
        """All redacted texts; also runs again with the registry that came out, which must change nothing."""
        lists, registry = redact_study(self.recordings, self.transcripts, self.roster, self.registry, self.candidates)
        again, same = redact_study(self.recordings, self.transcripts, self.roster, registry, self.candidates)
        assert (again, same) == (lists, registry)
        check_extends(self.registry, registry)
        self.registry = registry
        return [
            u.text for t, r in zip(self.transcripts, lists, strict=True) for u in redact_transcript(t, r).utterances
        ]


JANET = entry("Janet Lau", "participant", "D01-PIR", "Janet")
MARCUS = entry("Marcus Leung", "participant", "D01-PSW", "Marcus")


def test_participants_become_their_codes_in_both_interviews() -> None:
    run = Run(
        {"D01-PSW": ["I met Janet Lau.", "Janet's coat, Marcus"], "D01-PIR": ["marcus helped, Leung"]}, [JANET, MARCUS]
    )
    assert run.texts() == ["I met [D01-PIR].", "[D01-PIR]'s coat, [D01-PSW]", "[D01-PSW] helped, [D01-PSW]"]


def test_relatives_are_anchored_and_other_kinds_numbered() -> None:
    roster = [
        entry("Toby", "relative", to="D01-PIR", note="her son"),
        entry("Doris", "relative", to="D01-PIR"),
        entry("Yeung", "clinician"),
        entry("Anna Ng", "interviewer"),
        entry("Bright Path Wellness Centre", "organisation", "", "Bright Path"),
    ]
    run = Run({"D01-PIR": ["Toby, Doris, Doctor Yeung and Anna at bright path wellness center, Bright Path"]}, roster)
    assert run.texts() == ["[D01-PIR-SON_1], [D01-PIR-RELATIVE_1], Doctor [CLINICIAN_1] and [INT] at [ORG_1], [ORG_1]"]


@pytest.mark.parametrize("heard", ["Janet Lowe", "Janet Law", "Jannet Lau", "janet-lau", "JANET LAU", "Lau Janet"])
def test_what_whisper_makes_of_a_name_is_found(heard: str) -> None:
    assert Run({"D01-PSW": [f"So I saw {heard} today"]}, [JANET]).texts() == ["So I saw [D01-PIR] today"]


def test_a_misheard_name_is_learnt_and_swept() -> None:
    run = Run({"D01-PSW": ["I saw Janet Lowe.", "Yes, Lowe, she came. Low prices."]}, [JANET])
    assert run.texts()[0] == "I saw [D01-PIR]."
    assert "Lowe" not in run.texts()[1]
    assert "Low prices" in run.texts()[1]


def test_ordinary_words_are_no_variants() -> None:
    text = "the market doors, stories and a janitor; I hope it may work, low law"
    roster = [entry("Doris", "friend"), entry("Marcus", "participant", "D01-PSW"), JANET]
    assert Run({"D01-PSW": [text]}, roster).texts() == [text]


def test_names_that_are_words_need_to_be_used_as_names() -> None:
    roster = [entry("Will", "participant", "D01-PIR"), entry("Hope", "friend"), entry("May", "friend")]
    run = Run(
        {"D01-PSW": ["So Will said, will you? Will you come? Will told me.", "I hope Hope came in May. May left."]},
        roster,
    )
    assert run.texts() == [
        "So [D01-PIR] said, will you? Will you come? [D01-PIR] told me.",
        "I hope [FRIEND_1] came in May. [FRIEND_2] left.",
    ]


def test_a_profession_and_a_surname_are_somebody_else() -> None:
    run = Run({"D01-PIR": ["Doctor Leung came, Mister Leung too"]}, [MARCUS])
    run.found("D01-PIR", 1, "Doctor Leung", "PERSON", "grammar/title")
    run.found("D01-PIR", 1, "Mister Leung", "PERSON", "grammar/title")
    assert run.texts() == ["[CLINICIAN_1] came, [D01-PSW] too"]


def test_two_pairs_with_the_same_first_name_stay_apart() -> None:
    roster = [JANET, entry("Janet Wu", "participant", "D02-PIR", "Janet")]
    run = Run({"D01-PSW": ["Janet came"], "D02-PSW": ["Janet came"], "D03-PSW": ["Janet came, Janet Wu"]}, roster)
    assert run.texts() == ["[D01-PIR] came", "[D02-PIR] came", "[PERSON_1] came, [D02-PIR]"]


def test_a_name_shared_by_two_of_a_pair_is_masked_but_not_guessed() -> None:
    roster = [JANET, entry("Eva Lau", "relative", to="D01-PIR", note="sister")]
    assert Run({"D01-PIR": ["Lau, Eva, Janet"]}, roster).texts() == ["[PERSON_1], [D01-PIR-SISTER_1], [D01-PIR]"]


def test_unlisted_names_are_linked_in_a_pair_and_apart_in_two() -> None:
    texts = {
        "D01-PSW": ["Edwin came", "my brother Edwin Chan"],
        "D01-PIR": ["edwin and Chan"],
        "D02-PIR": ["Edwin left"],
    }
    run = Run(texts).found("D01-PSW", 2, "Edwin Chan", "PERSON")
    assert run.texts() == ["[PERSON_1] came", "my brother [PERSON_1]", "[PERSON_1] and [PERSON_1]", "[PERSON_2] left"]


def test_titles_tell_people_apart() -> None:
    run = Run({"D01-PIR": ["Mister Chan and Mrs Chan and Chan, Mr Chan"]})
    for surface in ("Mister Chan", "Mrs Chan", "Mr Chan"):
        run.found("D01-PIR", 1, surface, "PERSON", "grammar/title")
    assert run.texts() == ["[PERSON_1] and [PERSON_2] and [PERSON_3], [PERSON_1]"]


def test_places_are_the_studys_and_keep_their_region() -> None:
    run = Run({"D01-PIR": ["in Kwun Tong"], "D02-PIR": ["kwun-tong, Sha Tin"]})
    run.found("D01-PIR", 1, "Kwun Tong", "PLACE", "grammar/gazetteer").found(
        "D02-PIR", 1, "Sha Tin", "PLACE", "ner/GPE"
    )
    assert run.texts() == ["in [PLACE_1 Kowloon]", "[PLACE_1 Kowloon], [PLACE_2 New Territories]"]


def test_one_thing_has_one_type() -> None:
    run = Run({"D01-PIR": ["at Zymurgy", "Zymurgy again", "to Zymurgy"]})
    run.found("D01-PIR", 1, "Zymurgy", "PERSON").found("D01-PIR", 2, "Zymurgy", "ORG", "grammar/organisation")
    assert run.texts() == ["at [ORG_1]", "[ORG_1] again", "to [ORG_1]"]


def test_two_ways_of_saying_a_number_are_one() -> None:
    run = Run({"D01-PIR": ["nine one two, double four, seven oh three", "It is 912-44-703"]})
    run.found("D01-PIR", 1, "nine one two, double four, seven oh three", "PHONE", "grammar/digits")
    run.found("D01-PIR", 2, "912-44-703", "PHONE", "pattern/PhoneRecognizer")
    assert run.texts() == ["[PHONE_1]", "It is [PHONE_1]"]


def test_part_of_a_number_is_not_searched_elsewhere() -> None:
    run = Run({"D01-PIR": ["It's 912,", "double 4, 703.", "he had 912 of them, double 4"]})
    run.found("D01-PIR", 1, "912", "PHONE", "grammar/digits").found(
        "D01-PIR", 2, "double 4, 703", "PHONE", "grammar/digits"
    )
    assert run.texts() == ["It's [PHONE_1],", "[PHONE_2].", "he had 912 of them, double 4"]


def test_dates_and_ages_keep_a_band_and_are_not_swept() -> None:
    run = Run({"D01-PIR": ["in March twenty nineteen, I'm forty-seven", "forty-seven of them"]})
    run.found("D01-PIR", 1, "March twenty nineteen", "DATE", "grammar/date").found(
        "D01-PIR", 1, "forty-seven", "AGE", "grammar/age"
    )
    run.candidates[0] = PiiCandidate("D01-PIR", "u0001", 3, 24, "DATE", "quasi", "grammar/date", 0.8)
    assert run.texts() == ["in [DATE_1 2019-03], I'm [AGE_1 45-49]", "forty-seven of them"]


def test_overlapping_spans_are_covered_whole_and_people_stay_apart() -> None:
    run = Run(
        {"D01-PIR": ["then Marcus and Janet left", "Janet Lau Smith", "mail janet.lau@gmail.com"]}, [JANET, MARCUS]
    )
    run.found("D01-PIR", 1, "Marcus and Janet", "PERSON").found("D01-PIR", 2, "Janet Lau Smith", "PERSON")
    run.found("D01-PIR", 3, "janet.lau@gmail.com", "EMAIL", "pattern/EmailRecognizer")
    assert run.texts() == ["then [D01-PSW] and [D01-PIR] left", "[D01-PIR]", "mail [EMAIL_1]"]


def test_marks_are_appended_when_a_recording_is_added_in_front() -> None:
    run = Run({"D02-PIR": ["Zoltan came"]}).found("D02-PIR", 1, "Zoltan", "PERSON")
    assert run.texts() == ["[PERSON_1] came"]
    grown = Run({"D01-PIR": ["Xenia came, Zoltan"], "D02-PIR": ["Zoltan came"]})
    grown.found("D01-PIR", 1, "Xenia", "PERSON").found("D02-PIR", 1, "Zoltan", "PERSON")
    grown.registry = run.registry
    assert grown.texts() == ["[PERSON_2] came, [PERSON_3]", "[PERSON_1] came"]


def test_a_mark_that_was_given_stays_when_the_lab_lists_the_name_later() -> None:
    run = Run({"D01-PIR": ["Doris came"]}).found("D01-PIR", 1, "Doris", "PERSON")
    run.texts()
    run.roster = [entry("Doris", "relative", to="D01-PIR", note="sister")]
    assert run.texts() == ["[PERSON_1] came"]
    run.roster = [entry("Doris", "participant", "D01-PIR")]
    assert run.texts() == ["[D01-PIR] came"]


def test_a_listed_friend_is_anchored_unless_a_mark_was_given_before() -> None:
    run = Run({"D01-PIR": ["Quist came"]}, [entry("Quist", "friend", to="D01-PIR")])
    assert run.texts() == ["[D01-PIR-FRIEND_1] came"]
    given = tuple(replace(e, label="FRIEND", mark="[FRIEND_1]") for e in run.registry.entities)
    run.registry = replace(run.registry, entities=given)
    assert run.texts() == ["[FRIEND_1] came"]


def test_a_known_surface_is_still_masked_when_nothing_detects_it() -> None:
    run = Run({"D01-PIR": ["Zoltan came"]}).found("D01-PIR", 1, "Zoltan", "PERSON")
    run.texts()
    run.candidates = []
    assert run.texts() == ["[PERSON_1] came"]


@pytest.mark.parametrize(("start", "end", "utterance"), [(0, 99, "u0001"), (3, 3, "u0001"), (0, 3, "u0007")])
def test_a_candidate_outside_the_text_is_an_error_without_text(start: int, end: int, utterance: str) -> None:
    run = Run({"D01-PIR": ["Canary"]})
    run.candidates = [PiiCandidate("D01-PIR", utterance, start, end, "PERSON", "direct", "ner/PERSON", 1.0)]
    with pytest.raises(ValidationError) as error:
        run.texts()
    assert "Canary" not in str(error.value)
    with pytest.raises(ValidationError):
        redact_study([], run.transcripts, [], Registry(), [])


def test_a_relation_is_anchored_to_the_person_whose_it_is_in_both_interviews() -> None:
    run = Run(
        {
            "D01-PSW": ["D01-PSW: her sister Mei Mei came, my brother, Ola, too"],
            "D01-PIR": ["D01-PIR: so my sister Mei Mei", "INT: and your uncle Bao?", "SPEAKER-1: my sister Quinny"],
            "D01-OBS": ["D01-PSW: your cousin Feng", "D01-PIR: yes"],
        }
    )
    run.found("D01-PSW", 1, "Mei Mei", "PERSON").found("D01-PSW", 1, "Ola", "PERSON")
    run.found("D01-PIR", 1, "Mei Mei", "PERSON").found("D01-PIR", 2, "Bao", "PERSON")
    run.found("D01-PIR", 3, "Quinny", "PERSON").found("D01-OBS", 1, "Feng", "PERSON")
    assert run.texts() == [
        "her sister [D01-PIR-SISTER_1] came, my brother, [D01-PSW-BROTHER_1], too",
        "so my sister [D01-PIR-SISTER_1]",
        "and your uncle [D01-PIR-UNCLE_1]?",
        "my sister [PERSON_1]",
        "your cousin [D01-PIR-COUSIN_1]",
        "yes",
    ]


def test_a_relation_of_the_roster_wins_and_a_given_mark_never_changes() -> None:
    mei = entry("Mei Mei", "relative", to="D01-PIR", note="her cousin")
    run = Run({"D01-PIR": ["D01-PIR: my sister Mei Mei"]}, [mei]).found("D01-PIR", 1, "Mei Mei", "PERSON")
    assert run.texts() == ["my sister [D01-PIR-COUSIN_1]"]
    run = Run({"D01-PIR": ["D01-PIR: then Mei Mei came"]}).found("D01-PIR", 1, "Mei Mei", "PERSON")
    run.texts()
    grown = Run({"D01-PIR": ["D01-PIR: then Mei Mei came", "D01-PIR: my sister Mei Mei"]})
    grown.registry = run.registry
    assert grown.texts() == ["then [PERSON_1] came", "my sister [PERSON_1]"]


def test_labels_refine_marks_for_all_mentions() -> None:
    run = Run({"D01-PIR": ["at Quarry Bay Hospital", "Quarry Bay Hospital again, Dr Poon, nurse Amaya"]})
    run.found("D01-PIR", 1, "Quarry Bay Hospital", "ORG").found("D01-PIR", 2, "Quarry Bay Hospital", "ORG")
    run.candidates[1] = replace(run.candidates[1], recognizer="grammar/organisation", label="HOSPITAL")
    run.found("D01-PIR", 2, "Dr Poon", "PERSON").found("D01-PIR", 2, "Amaya", "PERSON")
    assert run.texts() == ["at [HOSPITAL_1]", "[HOSPITAL_1] again, [CLINICIAN_1], nurse [CLINICIAN_2]"]
    run.candidates[1] = replace(run.candidates[1], label="not a label")
    run.registry = Registry()
    assert run.texts()[0] == "at [ORG_1]"


def test_a_label_that_is_no_label_is_not_used() -> None:
    run = Run({"D01-PIR": ["at Zymurgy"]}).found("D01-PIR", 1, "Zymurgy", "ORG")
    run.candidates[0] = replace(run.candidates[0], label="[x] ]")
    assert run.texts() == ["at [ORG_1]"]


def test_pieces_of_one_number_or_name_have_one_mark() -> None:
    run = Run({"D01-PIR": ["It's 912,", "mm", "double 4, 703.", "so 912 44 703", "her name is Siu", "yes", "Ming Lau"]})
    for number, surface, kind, whole in (
        (1, "912", "PHONE", "a"),
        (3, "double 4, 703", "PHONE", "a"),
        (4, "912 44 703", "PHONE", ""),
        (5, "Siu", "PERSON", "b"),
        (7, "Ming Lau", "PERSON", "b"),
    ):
        run.found("D01-PIR", number, surface, kind, "grammar/x")
        run.candidates[-1] = replace(run.candidates[-1], together=whole)
    assert run.texts() == [
        *("It's [PHONE_1],", "mm", "[PHONE_1].", "so [PHONE_1]"),
        *("her name is [PERSON_1]", "yes", "[PERSON_1]"),
    ]
    assert "Siu Ming Lau" in run.registry.entities[1].surfaces


def test_a_number_over_three_utterances_is_one() -> None:
    run = Run({"D01-PIR": ["nine one two", "double four", "seven oh three"]})
    for number, surface, whole in (
        *((1, "nine one two", "a"), (2, "double four", "a")),
        *((2, "double four", "b"), (3, "seven oh three", "b")),
    ):
        run.found("D01-PIR", number, surface, "PHONE", "grammar/digits")
        run.candidates[-1] = replace(run.candidates[-1], together=whole)
    assert run.texts() == ["[PHONE_1]"] * 3


@pytest.mark.parametrize("cased", [True, False])
def test_another_surname_is_another_person(cased: bool) -> None:
    texts = ["Janet Wong rang", "Janet came", "Janet Lowe too", "then Janet Wong"]
    run = Run({"D01-PSW": texts if cased else [texts[0], *map(str.lower, texts[1:])]}, [JANET])
    run.found("D01-PSW", 1, "Janet Wong", "PERSON")
    assert run.texts()[:2] == ["[PERSON_1] rang", "[D01-PIR] came"]
    assert run.texts()[3] == "then [PERSON_1]"
    assert "[D01-PIR]" in run.texts()[2]


def test_one_name_and_a_word_or_another_person_is_no_other_surname() -> None:
    run = Run({"D01-PSW": ["Janet Okay came", "Janet Marcus came", "Janet and Quist"]}, [JANET, MARCUS])
    for number, surface in ((1, "Janet Okay"), (2, "Janet Marcus"), (3, "Janet and Quist")):
        run.found("D01-PSW", number, surface, "PERSON")
    assert run.texts() == ["[D01-PIR] Okay came", "[D01-PIR] [D01-PSW] came", "[D01-PIR] and [PERSON_1]"]


def test_a_listed_organisation_is_known_when_two_of_its_words_are_misheard() -> None:
    roster = [entry("Castle Peak Hospital", "hospital"), entry("Bright Path Wellness Centre", "organisation")]
    run = Run(
        {
            "D01-PIR": ["at Castle P. Cospital", "Brite Path Welness Centre", "a castle, a park, hospital food"],
            "D02-PIR": ["Castle Park Hotel"],
        },
        roster,
    )
    assert run.texts() == [
        "at [HOSPITAL_1]",
        "[ORG_1]",
        "a castle, a park, hospital food",
        "Castle Park Hotel",
    ]


def test_misheard_unlisted_names_are_one_person_in_their_pair_and_unsure() -> None:
    run = Run({"D01-PIR": ["Jeffrey came", "Geoffrey left"], "D02-PIR": ["Geoffrey"]})
    run.found("D01-PIR", 1, "Jeffrey", "PERSON").found("D01-PIR", 2, "Geoffrey", "PERSON")
    assert run.texts() == ["[PERSON_1] came", "[PERSON_1] left", "[PERSON_2]"]
    assert run.registry.entities[0].variants == ("Geoffrey",)


def test_a_spelling_that_ends_otherwise_is_the_listed_person_of_the_pair_and_unsure_but_no_other_name() -> None:
    doris = entry("Doris", "relative", to="D01-PIR", note="sister")
    texts = {"D01-PIR": ["Doris came", "Dorri left, dorri", "the door, a doric one", "Dora"], "D02-PIR": ["Dorri"]}
    run = Run(texts, [doris])
    run.found("D01-PIR", 2, "Dorri", "PERSON").found("D02-PIR", 1, "Dorri", "PERSON")
    run.found("D01-PIR", 4, "Dora", "PERSON")
    assert run.texts() == [
        "[D01-PIR-SISTER_1] came",
        "[D01-PIR-SISTER_1] left, [D01-PIR-SISTER_1]",
        "the door, a doric one",
        "[PERSON_1]",
        "[PERSON_2]",
    ]
    assert "Dorri" in run.registry.entities[0].variants
    run = Run({"D01-PIR": ["Doris, Dora"]}, [doris, entry("Dora", "friend")]).found("D01-PIR", 1, "Dora", "PERSON")
    assert run.texts() == ["[D01-PIR-SISTER_1], [FRIEND_1]"]


def test_part_of_a_misheard_name_of_a_participant_is_the_participant() -> None:
    run = Run({"D01-PSW": ["I saw Janet Lowe.", "Yes, Lowe came.", "Doctor Lowe came"]}, [JANET])
    run.found("D01-PSW", 3, "Doctor Lowe", "PERSON", "grammar/title")
    assert run.texts() == ["I saw [D01-PIR].", "Yes, [D01-PIR] came.", "[CLINICIAN_1] came"]


def test_chinese_nicknames_are_one_person() -> None:
    run = Run({"D01-PIR": ["阿強話", "見到強哥", "陳生同陳太"]})
    for number, surface in ((1, "阿強"), (2, "強哥"), (3, "陳生"), (3, "陳太")):
        run.found("D01-PIR", number, surface, "PERSON")
    assert run.texts() == ["[PERSON_1]話", "見到[PERSON_1]", "[PERSON_2]同[PERSON_3]"]


@pytest.mark.parametrize("word", ["Draft", "Person", "Place", "Release", "Participant", "E00001", "Transcript"])
def test_names_that_are_words_of_ours_break_nothing(word: str) -> None:
    run = Run({"D01-PIR": [f"{word} Quist came, {word} Quist", "Quist"]}, [entry(f"{word} Quist", "friend")])
    run.found("D01-PIR", 1, f"{word} Quist", "PERSON")
    assert run.texts() == ["[FRIEND_1] came, [FRIEND_1]", "[FRIEND_1]"]
    run = Run({"D01-PIR": [f"{word} Quist came"]}).found("D01-PIR", 1, f"{word} Quist", "PERSON")
    assert run.texts() == ["[PERSON_1] came"]


def test_a_number_has_one_type_and_a_birth_date_shows_no_year() -> None:
    run = Run({"D01-PIR": ["912 44 703", "912-44-703", "on March 3rd 1990", "born March 3rd 1990"]})
    run.found("D01-PIR", 1, "912 44 703", "ID", "grammar/x").found("D01-PIR", 2, "912-44-703", "PHONE", "grammar/y")
    run.found("D01-PIR", 3, "March 3rd 1990", "DATE", "grammar/date")
    run.found("D01-PIR", 4, "March 3rd 1990", "DATE", "grammar/birth")
    run.candidates[2] = replace(run.candidates[2], class_="quasi")
    first, second, date, birth = run.texts()
    assert first == second
    assert (date, birth) == ("on [DATE_1]", "born [DATE_1]")


NAMES = [
    "Janet",
    "Janet Lau",
    "Marcus",
    "Zoltan",
    "Zoltan Quist",
    "Mr Quist",
    "Ola",
    "Quist",
    "Harmony House",
    "Kwun Tong",
]
FILLERS = ["um", "and", "then", "I saw", "with", "at", "may", "will", "the low", "my hope"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["D01-PSW", "D01-PIR", "D02-PIR"]), st.lists(st.sampled_from(NAMES + FILLERS), max_size=6)
        ),
        max_size=6,
    ),
    st.sets(st.sampled_from(NAMES)),
)
def test_every_candidate_is_covered_and_a_rerun_changes_nothing(
    rows: list[tuple[str, list[str]]], seen: set[str]
) -> None:
    texts: dict[str, list[str]] = {}
    for id_, words in rows:
        texts.setdefault(id_, []).append(" ".join(words) or "mm")
    run = Run(texts, [JANET, MARCUS])
    for item in run.transcripts:
        for number, utterance in enumerate(item.utterances, 1):
            for name in seen:
                if name in utterance.text:
                    run.found(item.recording, number, name, "ORG" if "House" in name else "PERSON")
    written = run.texts()
    for name in seen | {"Janet", "Marcus"}:
        if any(name in line for lines in texts.values() for line in lines):
            assert all(name not in MARK.sub("", line) for line in written), name
    for entity in run.registry.entities:
        assert MARK.fullmatch(entity.mark)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4),
    st.lists(st.sampled_from([*NAMES, "Jannet Lau", "Janet Lowe", "Lowe", "Marcos", "Siu Ming"]), max_size=6),
)
def test_names_in_pieces_have_one_mark_and_a_rerun_changes_nothing(
    pieces: list[tuple[str, str]], others: list[str]
) -> None:
    lines = [line for first, second in pieces for line in (f"it is {first}", "mm", f"{second}, so")]
    run = Run({"D01-PIR": [*lines, " and then ".join(others)], "D01-PSW": [", ".join(reversed(others))]}, [JANET])
    for number, (first, second) in enumerate(pieces):
        run.found("D01-PIR", 3 * number + 1, first, "PERSON").found("D01-PIR", 3 * number + 3, second, "PERSON")
        run.candidates[-2:] = [replace(c, together=f"t{number}") for c in run.candidates[-2:]]
    written = run.texts()
    for number, (first, second) in enumerate(pieces):
        marks = [MARK.search(written[3 * number + n]) for n in (0, 2)]
        assert all(marks)
        listed = {"Janet", "Janet Lau"} & {first, second}
        assert listed or marks[0].group() == marks[1].group()  # type: ignore[union-attr]  # asserted above
