"""The conventions of a study: how texts with signs are read, what each choice writes, and what stays the same."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.export_samples import OPTIONS, plain, small, transcript, utterance
from tests.fakes import FakeDetector, fake_engines
from transcribe.conventions import Conventions, Rendering, speech_of, without_signs
from transcribe.engines import PiiCandidate
from transcribe.errors import ValidationError
from transcribe.exports import manifest, turns
from transcribe.exports.bundle import build
from transcribe.exports.layout import CoderTranscript, lay_out
from transcribe.exports.self_checks import check_bundle
from transcribe.exports.self_checks_signs import check_signs
from transcribe.exports.study_text import StudyText
from transcribe.records import Event, RedactionList, Transcript, Utterance, UtteranceWord
from transcribe.redaction.leak_check import find_leaks, text_check
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.release_check.finished import finished_texts
from transcribe.release_check.second_look import look_again

JEFFERSON = Conventions(overlap="brackets", uncertain="parentheses", redaction="seg", pause="dots")
CHOICES = {
    "default": Conventions(),
    "seg": Conventions(redaction="seg", inaudible="unv", pause="ellipsis"),
    "jefferson": JEFFERSON,
    "parentheses": Conventions(uncertain="parentheses", pause="dots"),
    "bare": Conventions(pause="none", overlap="none", uncertain="none", paragraph_words=0),
}
REGISTRY = Registry(
    (
        RegistryEntity("e1", "PERSON", "PERSON", "[PERSON_1]", "Janet Lau", ("Janet Lau", "Lau")),
        RegistryEntity("e2", "PHONE", "PHONE", "[PHONE_1]", "9123 4567", ("9123 4567",)),
        RegistryEntity("e3", "PERSON", "PERSON", "[PERSON_2]", "陳美玲", ("陳美玲",)),
    )
)


@pytest.mark.parametrize(
    ("text", "bare", "speech"),
    [
        ("Janet //[?Lau?]// (2.0) here", "Janet Lau here", "Janet Lau here"),
        ("so (.) (Lau?) (...) went", "so Lau went", "so Lau went"),
        ("<seg>PERSON_1</seg> came", "[PERSON_1] came", "[PERSON_1] came"),
        ("<seg>Janet Lau</seg> came", "<seg>Janet Lau</seg> came", "<seg>Janet Lau</seg> came"),
        ("[so I] saw [ Janet] and [ 10:30]", "so I saw Janet and [ 10:30]", "so I saw Janet and 10:30"),
        ("[ I saw <seg>AGE_1 45-49</seg>]", "I saw [AGE_1 45-49]", "I saw [AGE_1 45-49]"),
        ("see [PERSON_1] (laughs) [P01-PIR]", "see [PERSON_1] (laughs) [P01-PIR]", "see [PERSON_1] (laughs) [P01-PIR]"),
        ("Lau//Wong", "Lau Wong", "Lau Wong"),
        ("陳//美玲// (2.4)係", "陳美玲係", "陳美玲係"),
        ("[00:00:04] [inaudible 00:00:31-00:00:36]",) * 2 + ("00:00:04 inaudible 00:00:31-00:00:36",),
    ],
)
def test_a_finished_text_is_read_without_its_signs(text: str, bare: str, speech: str) -> None:
    assert without_signs(text) == bare
    assert speech_of(text) == speech


@pytest.mark.parametrize(
    "text",
    [
        "with Janet //Lau// there",
        "//Janet// Lau",
        "it is 9123 //4567// now",
        "//912//345 67",
        "it is 9123 (2.0) 4567",
        "it is 9123 (.) [?45?] 67",
        "it is 9123 [ 4567] now",
        "it is [ 9123] (2.0) 4567",
        "9123 (4567?)",
        "with [?Janet?] Lau",
        "with [?Janet?] [?Lau?]",
        "(Janet Lau?)",
        "Janet (...) Lau",
        "[so Janet] Lau",
        "well [ I saw Janet Lau] there",
        "[ Janet Lau]",
        "陳 (2.4)美玲",
        "陳//美玲//",
        "<seg>JANET LAU</seg>",
        "Wong//Lau",
    ],
)
def test_a_name_or_number_that_a_sign_parts_is_still_found(text: str, tmp_path: Path) -> None:
    assert text_check(REGISTRY, ())(text)
    (tmp_path / "a.txt").write_text(text)
    assert find_leaks(tmp_path, (), REGISTRY)


@pytest.mark.parametrize("text", ["with //some of them// there", "[ I saw] <seg>PERSON_1</seg> (2.0) [?here?]"])
def test_signs_alone_are_no_name(text: str) -> None:
    assert not text_check(REGISTRY, ())(text)


def leaking() -> CoderTranscript:
    """Names and a number that nobody replaced, with everything that can stand between their parts."""
    return transcript(
        utterance(1, "P01-PSW", 0.0, 9.0, "I saw Janet Lau today", over="Lau today", unsure="Janet"),
        utterance(2, "P01-PIR", 10.0, 19.0, "it is 9123 4567", times={2: (12.0, 13.0), 3: (16.0, 17.0)}, over="4567"),
    )


@pytest.mark.parametrize("rendering", ["verbatim", "clean"])
@pytest.mark.parametrize("choice", CHOICES)
def test_what_was_not_replaced_is_found_in_every_file_whatever_the_signs(
    choice: str, rendering: Rendering, tmp_path: Path
) -> None:
    options = dataclasses.replace(OPTIONS, conventions=CHOICES[choice], rendering=rendering)
    files = build([leaking()], [], options)
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    found = find_leaks(tmp_path, (), REGISTRY)
    holding = {"turns.csv", "transcripts/txt/P01-PSW.txt", "sync/P01-PSW.vtt"}
    for entity in ("e1", "e2"):
        assert holding <= {leak.file for leak in found if leak.entity == entity}


class ReadingDetector:
    """Finds nothing, and remembers what it read."""

    fingerprint = "reading"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        self.texts += [u.text for transcript in transcripts for u in transcript.utterances]
        return []


@pytest.mark.parametrize("choice", CHOICES)
def test_the_detectors_of_the_release_check_read_the_text_without_signs(choice: str, tmp_path: Path) -> None:
    laid = lay_out(leaking(), CHOICES[choice])
    (tmp_path / "turns.csv").write_bytes(turns.write(turns.rows(laid)))
    read = finished_texts(tmp_path, {})["P01-PSW"].utterances
    assert [u.text for u in read] == ["I saw Janet Lau today", "it is 9123 4567"]


def test_the_second_look_reads_speech_without_signs() -> None:
    reading = ReadingDetector()
    words = tuple(UtteranceWord(w, n, n + 0.5, 0.1, (n * 6, n * 6 + 5), ("overlap",)) for n, w in enumerate(["Janet"]))
    spoken = Transcript("D01-PIR", (Utterance("u0001", "D01-PIR", "en", 0, 1, "Janet", words),))
    look_again(reading, {"D01-PIR": spoken}, {"D01-PIR": RedactionList("D01-PIR", ())}, Registry(()), {})
    assert reading.texts == ["Janet"]


@pytest.mark.parametrize("rendering", ["verbatim", "clean"])
@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_passes_the_checks_of_a_bundle(choice: str, rendering: Rendering) -> None:
    options = dataclasses.replace(OPTIONS, conventions=CHOICES[choice], rendering=rendering)
    check_bundle(build([small(), transcript(recording="P02-PIR")], [], options))


PAGE_SIGNS = ["`[?word?]`", "`(word?)`", "`(2.4)`", "`(..)`", "`(...)`", "`(.)`", "`//Words//`", "`[Words]`", "(unv.)",
              "[inaudible ", "`<seg>PERSON_1</seg>`", "`[PERSON_1]`", "u0012-2", "What is left out"]  # fmt: skip


@pytest.mark.parametrize(
    ("conventions", "rendering", "told"),
    [
        (Conventions(), "verbatim", {0, 2, 5, 6, 9, 11, 12}),
        (Conventions(), "clean", {0, 9, 11, 12, 13}),
        (JEFFERSON, "verbatim", {1, 3, 5, 7, 9, 10, 12}),
        (CHOICES["seg"], "verbatim", {0, 4, 5, 6, 8, 10, 12}),
        (Conventions(short_pause_from=0, paragraph_words=0), "verbatim", {0, 2, 6, 9, 11}),
        (CHOICES["bare"], "verbatim", {9, 11}),
    ],
)
def test_the_page_of_conventions_explains_the_signs_in_use_and_no_others(
    conventions: Conventions, rendering: Rendering, told: set[int]
) -> None:
    options = dataclasses.replace(OPTIONS, conventions=conventions, rendering=rendering)
    page = build([small()], [], options)["conventions.md"].decode()
    assert [sign for sign in PAGE_SIGNS if sign in page] == [PAGE_SIGNS[n] for n in sorted(told)]
    assert f"Machine {'clean ' if rendering == 'clean' else ''}verbatim" in page


def test_other_conventions_raise_the_versions_of_the_transcripts_they_change() -> None:
    items = [small(), plain("It went well.", "P02-PSW")]
    first = manifest.parse(build(items, [], OPTIONS)["manifest.json"])
    other = dataclasses.replace(OPTIONS, conventions=Conventions(overlap="none"))
    second = manifest.parse(build(items, [], other, first)["manifest.json"])
    assert [(entry.id, entry.version) for entry in second.transcripts] == [("P01-PSW", 2), ("P02-PSW", 1)]
    assert second.release == 2


# --- checks that fail


def study_of(
    text: str,
    conventions: Conventions = CHOICES["default"],
    rendering: Rendering = "verbatim",
    redactions: int = 0,
    level: str = "team",
    flags: tuple[str, ...] = (),
) -> StudyText:
    """A study of one utterance, whose manifest says what is true of a text without redactions."""
    options = dataclasses.replace(OPTIONS, conventions=conventions, rendering=rendering, level=level)
    files = build([plain("x")], [], options)
    found = manifest.parse(files["manifest.json"])
    (entry,) = found.transcripts
    counts = (manifest.LabelCount("PERSON", redactions),) if redactions else ()
    said = text if "event" not in flags else ""
    entry = dataclasses.replace(
        entry, words=len(speech_of(said).split()), utterances=int(bool(said)), redactions=counts
    )
    row = dataclasses.replace(turns.parse(files["turns.csv"])[0], text=text, flags=flags)
    return StudyText(found.settings, (entry,), {entry.id: (row,)})


@pytest.mark.parametrize(
    ("text", "conventions", "told"),
    [
        ("so [laughs]", Conventions(), "a bracket in the text is no mark"),
        ("so [person_1]", Conventions(), "a bracket in the text is no mark"),
        ("so <seg>PERSON_1</seg>", Conventions(), "a bracket in the text is no mark"),
        ("so [PERSON_1]", Conventions(redaction="seg"), "a bracket in the text is no mark"),
        ("so {it}", Conventions(), "a bracket in the text is no mark"),
        ("so (it?)", Conventions(), "a bracket in the text is no mark"),
        ("so [?it", Conventions(), "a bracket in the text is no mark"),
        ("so [?it?]", Conventions(uncertain="none"), "a bracket in the text is no mark"),
        ("so [?//it//?]", Conventions(), "inside that of an uncertain word"),
        ("so [?it (2.0) is?]", Conventions(), "inside that of an uncertain word"),
        ("so [it]", Conventions(redaction="seg"), "a bracket in the text is no mark"),
        ("so [it", JEFFERSON, "a bracket in the text is no mark"),
        ("so //it", Conventions(), "a sign of an overlap"),
        ("so ////it", Conventions(), "a sign of an overlap"),
        ("so //it//", JEFFERSON, "a sign of an overlap"),
        ("so //it//", Conventions(overlap="none"), "a sign of an overlap"),
        ("so (1.0) it", Conventions(), "a pause"),
        ("so (2.0) it", Conventions(pause="none"), "a pause"),
        ("so (2.0) it", Conventions(pause="none", paragraph_words=0), "a pause"),
        ("so (..) it", Conventions(), "a pause"),
        ("so (.) it", Conventions(short_pause_from=0), "a pause"),
        ("so (2.0) it", Conventions(pause="dots"), "a pause"),
        ("so (..) it", Conventions(pause="ellipsis"), "a pause"),
    ],
)
def test_a_sign_that_is_none_of_the_conventions_is_refused(text: str, conventions: Conventions, told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        check_signs(study_of(text, conventions))
    assert text not in caught.value.message
    assert "P01-PSW, u0001" in caught.value.message


@pytest.mark.parametrize("text", ["so (2.0) //it [?is?]// (.) so", "so (laughs) it", "a / b", "so (999.9) it"])
def test_signs_of_the_conventions_are_let_through(text: str) -> None:
    found = study_of(text)
    words = len([word for word in speech_of(text).split() if any(sign.isalnum() for sign in word)])
    entry = dataclasses.replace(found.transcripts[0], words=words)
    check_signs(dataclasses.replace(found, transcripts=(entry,)))


@pytest.mark.parametrize("text", ["so (2.0) it", "so //it//"])
def test_the_clean_rendering_has_no_pauses_and_overlaps(text: str) -> None:
    with pytest.raises(ValidationError):
        check_signs(study_of(text, rendering="clean"))


@pytest.mark.parametrize(
    ("text", "conventions"),
    [
        ("[inaudible]", Conventions()),
        ("(unv.)", Conventions()),
        ("[inaudible 00:00:01-00:00:02]", Conventions(inaudible="unv")),
    ],
)
def test_an_event_is_written_as_its_conventions_say(text: str, conventions: Conventions) -> None:
    found = study_of(text, conventions, flags=("event",))
    row = dataclasses.replace(found.rows["P01-PSW"][0], turn="inaudible-1000")
    with pytest.raises(ValidationError, match="stretch without text"):
        check_signs(dataclasses.replace(found, rows={"P01-PSW": (row,)}))


def test_a_withheld_stretch_has_its_times_even_where_what_is_inaudible_has_none() -> None:
    item = transcript(events=(Event("withheld", 1.0, 2.0), Event("inaudible", 3.0, 4.0)))
    laid = lay_out(item, Conventions(inaudible="unv"))
    assert [turn.text for turn in laid.turns] == [
        "[withheld at participant's request 00:00:01-00:00:02]",
        "(unv.)",
    ]


def test_marks_are_as_many_as_the_manifest_counts_and_so_are_words() -> None:
    check_signs(study_of("so [PERSON_1]", redactions=1))
    with pytest.raises(ValidationError, match="marks are not as many"):
        check_signs(study_of("so [PERSON_1]", redactions=2))
    found = study_of("so it is")
    fewer = dataclasses.replace(found.transcripts[0], words=2)
    with pytest.raises(ValidationError, match="words are not as many"):
        check_signs(dataclasses.replace(found, transcripts=(fewer,)))


def test_less_is_asked_of_a_release_made_before_there_were_conventions() -> None:
    """Something must be taken out of it even where what was said looks like a sign, or words were counted otherwise."""
    found = study_of("so (2.0) (it?) (...)", manifest.EARLIER_CONVENTIONS)
    entry = dataclasses.replace(found.transcripts[0], words=99)
    check_signs(dataclasses.replace(found, transcripts=(entry,)))
    for text in ("so [it]", "so {it}", "so //it"):
        with pytest.raises(ValidationError):
            check_signs(study_of(text, manifest.EARLIER_CONVENTIONS))


def test_a_mark_is_written_in_one_way_in_the_whole_study_or_in_one_transcript_where_pairs_do_not_show() -> None:
    for level, conventions in (
        ("team", Conventions()),
        ("share", Conventions()),
        ("team", Conventions(redaction="seg")),
    ):
        mark = "<seg>{}</seg>" if conventions.redaction == "seg" else "[{}]"
        one = study_of(mark.format("PLACE_1 Kowloon"), conventions, redactions=1, level=level)
        row = dataclasses.replace(one.rows["P01-PSW"][0], transcript="P02-PSW", text=mark.format("PLACE_1 Sha Tin"))
        entries = tuple(dataclasses.replace(one.transcripts[0], id=name, words=1) for name in ("P01-PSW", "P02-PSW"))
        both = dataclasses.replace(one, transcripts=entries, rows={"P01-PSW": one.rows["P01-PSW"], "P02-PSW": (row,)})
        if level == "team":
            with pytest.raises(ValidationError, match="P02-PSW: a mark is written in two ways"):
                check_signs(both)
        else:
            check_signs(both)


@pytest.mark.parametrize(
    ("ids", "speakers", "fits"),
    [
        (("u0001", "u0001-2", "u0001-3"), "aaa", True),
        (("u0001", "u0002", "u0001-2"), "aba", True),
        (("u0001-2", "u0001"), "aa", False),
        (("u0001", "u0001-2"), "ab", False),
        (("u0001", "u0001-2", "u0001-1800"), "aaa", True),
        (("u0001", "u0001-3", "u0001-2"), "aaa", False),
    ],
)
def test_paragraphs_of_an_utterance_follow_each_other(ids: tuple[str, ...], speakers: str, *, fits: bool) -> None:
    found = study_of("so")
    rows = tuple(
        dataclasses.replace(found.rows["P01-PSW"][0], turn=name, speaker=f"OTHER-{speaker}")
        for name, speaker in zip(ids, speakers, strict=True)
    )
    entry = dataclasses.replace(found.transcripts[0], words=len(ids), utterances=len(ids))
    study = dataclasses.replace(found, transcripts=(entry,), rows={"P01-PSW": rows})
    if fits:
        check_signs(study)
    else:
        with pytest.raises(ValidationError, match="not in their order"):
            check_signs(study)


# --- a study over its releases


def set_to(lab: Lab, **values: str) -> None:
    text = lab.study.settings.read_text()
    for key, value in values.items():
        (line,) = [line for line in text.split("\n") if line.startswith(f"{key} = ")]
        text = text.replace(line, f"{key} = {value}")
    lab.study.settings.write_text(text)


def test_the_rendering_is_fixed_once_coders_have_one(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all"))
    assert lab.go().code == 0
    set_to(lab, rendering='"clean"')
    before = lab.bytes_of(lab.study.coders)
    for command in (("release", str(lab.study.root)), ("run", str(lab.audio), "--study", str(lab.study.root))):
        answer = lab.run(*command)
        assert answer.code == 2
        assert 'coders have begun with the rendering "verbatim" (release 1)' in answer.err
        assert "--rendering clean" in answer.err
    assert lab.bytes_of(lab.study.coders) == before
    set_to(lab, rendering='"verbatim"')
    assert lab.run("release", str(lab.study.root)).code == 0


def test_a_study_with_jefferson_s_brackets_is_released(lab: Lab) -> None:
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    set_to(lab, overlap='"brackets"', redaction='"seg"', uncertain='"parentheses"', inaudible='"unv"')
    answer = lab.go()
    assert answer.code == 0, answer.text
    text = (lab.study.coders / "transcripts/txt/P01-PSW.txt").read_text()
    assert "<seg>" in text
    assert "[PERSON" not in text
    assert "`[Words]`" in (lab.study.coders / "conventions.md").read_text()


def test_conventions_may_change_and_the_clean_rendering_may_be_chosen_first(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all"))
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    set_to(lab, rendering='"clean"')
    assert lab.go().code == 0
    assert "Machine clean verbatim" in (lab.study.coders / "transcripts/txt/P01-PSW.txt").read_text()
    set_to(lab, uncertain='"parentheses"', uncertain_below="1.0")
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 0, answer.text
    found = manifest.parse((lab.study.coders / "manifest.json").read_bytes())
    assert {entry.version for entry in found.transcripts} == {2}
    assert found.settings.conventions.uncertain == "parentheses"
