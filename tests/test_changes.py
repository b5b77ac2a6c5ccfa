"""`changes.html`: leaks first and never again, old and new side by side, nothing when nothing changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Lab
from tests.fakes import CANARY, FakeDetector, fake_engines
from transcribe.exports.changes import ChangedUtterance, Changes, compare, without_style
from transcribe.exports.changes_page import VersionChange, write
from transcribe.exports.turns import TurnRow

NOT_KNOWN = "Dorothea Ipswich"


def row(transcript: str, turn: str, text: str) -> TurnRow:
    return TurnRow(transcript, turn, "INT", 0, 1, 0, len(text), text, ())


def holds_name(old: TurnRow) -> bool:
    return NOT_KNOWN in old.text


def event(transcript: str, turn: str) -> TurnRow:
    return TurnRow(transcript, turn, "SPEAKER-0", 0, 1, 0, 3, "[w]", ("event",))


def test_a_leak_is_told_first_and_its_old_text_is_not_shown() -> None:
    old = [row("P01-PIR", "u0001", f"I saw {NOT_KNOWN} there"), row("P01-PIR", "u0002", "Same")]
    new = [row("P01-PIR", "u0001", "I saw [PERSON_1] there"), row("P01-PIR", "u0002", "Same")]
    changes = compare(1, old, new, holds_name)
    assert changes.leaking == ("P01-PIR",)
    page = write(changes, 2).decode()
    assert NOT_KNOWN not in page
    assert "I saw" in page
    assert page.index("Replace P01-PIR before further coding") < page.index("u0001")
    assert "<br>" in page.split("u0001")[1][:10], "the row of the utterance"
    assert "u0002" not in page


def test_a_changed_word_is_shown_both_ways_and_a_name_in_other_words_is_not() -> None:
    old = [row("P01-PIR", "u0001", "I felt bed & <worse>"), row("P01-PIR", "u0002", f"{NOT_KNOWN} left")]
    new = [row("P01-PIR", "u0001", "I felt bad & <worse>"), row("P01-PIR", "u0002", "She left")]
    page = write(compare(1, old, new, holds_name), 2).decode()
    assert "I felt bed &amp; &lt;worse&gt;" in page
    assert "I felt bad &amp; &lt;worse&gt;" in page
    assert NOT_KNOWN not in page


def test_what_was_taken_out_is_listed_without_its_text() -> None:
    old = [row("P01-PIR", "u0001", "Stays"), row("P01-PIR", "u0002", "Withdrawn words"), row("P02-PIR", "u0001", "All")]
    changes = compare(3, old, [row("P01-PIR", "u0001", "Stays"), row("P03-PIR", "u0001", "New one")], holds_name)
    page = write(changes, 4).decode()
    assert (changes.added, changes.gone) == (("P03-PIR",), ("P02-PIR",))
    assert "u0002" in page
    for text in ("Withdrawn words", "All<", "New one", "Stays"):
        assert text not in page


def test_transcripts_and_utterances_that_leaked_come_first() -> None:
    old = [row("A-PIR", "u0001", "bed"), row("B-PIR", "u0001", "bed"), row("B-PIR", "u0002", f"{NOT_KNOWN} came")]
    new = [row("A-PIR", "u0001", "bad"), row("B-PIR", "u0001", "bad"), row("B-PIR", "u0002", "[PERSON_1] came")]
    changes = compare(1, old, new, holds_name)
    assert [(u.transcript, u.turn) for u in changes.utterances] == [
        ("B-PIR", "u0002"),
        ("B-PIR", "u0001"),
        ("A-PIR", "u0001"),
    ]


def test_another_speaker_is_a_change_with_both_names_and_its_stamp() -> None:
    old = [replace(row("P01-PIR", "u0001", "Yes"), speaker="SPEAKER-1", end_ms=61_000)]
    new = [replace(row("P01-PIR", "u0001", "Yes"), speaker="P01-PIR", end_ms=61_000)]
    (change,) = compare(1, old, new, holds_name).utterances
    assert (change.was, change.speaker, change.old, change.new, change.leak) == (
        "SPEAKER-1",
        "P01-PIR",
        "Yes",
        "Yes",
        False,
    )
    page = write(compare(1, old, new, holds_name), 2).decode()
    assert "<td>SPEAKER-1: Yes</td><td>P01-PIR: Yes</td>" in page
    assert "[00:01:01]" in page


def test_a_sign_that_changed_is_shown_both_ways() -> None:
    """A pause that is timed anew: the words are the same, and nothing can have leaked."""
    old, new = [row("P01-PIR", "u0001", "well (2.0) yes")], [row("P01-PIR", "u0001", "well (3.0) yes")]
    (change,) = compare(1, old, new, holds_name).utterances
    assert (change.old, change.new, change.leak) == ("well (2.0) yes", "well (3.0) yes", False)


SIGNS = {
    "pause": "well (2.0) yes //no//",
    "unsure": "well yes [?no?]",
    "seg": "well yes no",
    "jefferson": "well [yes] no",
}


@given(st.sampled_from(sorted(SIGNS)), st.sampled_from(sorted(SIGNS)))
def test_other_signs_alone_are_no_change_of_what_was_said(before: str, after: str) -> None:
    old, new = [row("P01-PIR", "u0001", SIGNS[before])], [row("P01-PIR", "u0001", SIGNS[after])]
    assert compare(1, without_style(old), without_style(new), holds_name).utterances == ()


def test_other_paragraphs_alone_are_no_change_and_a_word_in_one_is() -> None:
    old = [row("P01-PIR", "u0001", "One two. Three four. Five."), event("P01-PIR", "inaudible-1800")]
    parts = [
        row("P01-PIR", "u0001", "One two."),
        row("P01-PIR", "u0001-2", "Three four."),
        row("P01-PIR", "u0001-3", "Five."),
    ]
    other_sign = replace(event("P01-PIR", "inaudible-1800"), text="(unv.)")
    same = compare(1, without_style(old), without_style([*parts, other_sign]), holds_name)
    assert same.utterances == ()
    parts[1] = row("P01-PIR", "u0001-2", "Three six.")
    changed = compare(1, without_style(old), without_style([*parts, other_sign]), holds_name)
    assert [(u.turn, u.old, u.new) for u in changed.utterances] == [
        ("u0001", "One two. Three four. Five.", "One two. Three six. Five.")
    ]
    assert write(changed, 2, is_restyled=True).decode().count("other signs or paragraphs") == 1


def test_what_is_left_behind_a_stretch_that_was_taken_back_is_no_paragraph() -> None:
    """`u0001-1800` is called after its time; so might `u0001-1` be."""
    rows = [row("P01-PIR", turn, "well") for turn in ("u0001", "u0001-2", "u0001-1800", "u0001-1800-2", "u0002-1")]
    assert [(r.turn, r.text) for r in without_style(rows)] == [
        ("u0001", "well well"),
        ("u0001-1800", "well well"),
        ("u0002-1", "well"),
    ]


def test_a_name_is_never_shown_whatever_the_signs_were() -> None:
    old = [row("P01-PIR", "u0001", "Dorothea (2.0) Ipswich came [?today?]")]
    new = [row("P01-PIR", "u0001", "[PERSON_1] came today")]
    changes = compare(1, without_style(old), without_style(new), lambda old: False)
    assert changes.leaking == ("P01-PIR",)
    page = write(changes, 2, is_restyled=True).decode()
    assert "Dorothea" not in page
    assert "Ipswich" not in page


def test_the_page_says_from_which_version_to_which_and_how_to_amend() -> None:
    changes = Changes(2, (ChangedUtterance("P01-PIR", "u0001", "INT", "bed", "bad", stamp="00:00:09"),), (), ())
    page = write(changes, 3, [VersionChange("P01-PIR", 4, 5)]).decode()
    assert "<tr><td>P01-PIR</td><td>4</td><td>5</td></tr>" in page
    assert "How to amend what you have coded" in page
    assert "same\nGUID" in page
    assert "other signs" not in page
    nothing = write(Changes(2, (), ("P03-PIR",), ()), 3).decode()
    assert "How to amend" not in nothing
    assert "In no transcript that stays has an utterance changed" in nothing


words = st.sampled_from(["well", "[PERSON_1]", "[AGE_2 45-49]", "Ada", "Lowe", "came", "so", ","])


@given(st.lists(words, max_size=8), st.lists(words, max_size=8))
def test_a_text_with_something_known_is_never_shown(before: list[str], after: list[str]) -> None:
    old, new = " ".join(before), " ".join(after)
    changes = compare(1, [row("P01-PIR", "u0001", old)], [row("P01-PIR", "u0001", new)], lambda old: "Ada" in old.text)
    assert bool(changes.utterances) == (old != new)
    for change in changes.utterances:
        assert change.new == new
        assert change.old in ("", old)
        assert "Ada" not in change.old
        assert not (change.leak and change.old)


@given(st.lists(words, min_size=1, max_size=8), st.data())
def test_a_word_that_became_a_mark_is_a_leak(before: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(before) - 1))
    after = [*before[:place], "[PERSON_99]", *before[place + 1 :]]
    changes = compare(
        1, [row("P01-PIR", "u0001", " ".join(before))], [row("P01-PIR", "u0001", " ".join(after))], lambda old: False
    )
    assert [change.leak for change in changes.utterances] == [not before[place].startswith("[")]


def test_a_name_that_grew_into_a_mark_is_a_leak() -> None:
    """`[PERSON_1] Ipswich` became `[PERSON_1]`: no new mark, and a name was readable."""
    old, new = "I met [PERSON_1] Ipswich there", "I met [PERSON_1] there"
    changes = compare(1, [row("P01-PIR", "u0001", old)], [row("P01-PIR", "u0001", new)], lambda old: False)
    assert changes.leaking == ("P01-PIR",)
    assert "Ipswich" not in write(changes, 2).decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[PERSON_1] came for six years", "[PERSON_1] came for 6 years"),
        ("[PERSON_1] came, um, by bus", "[PERSON_1] came, by bus"),
        ("so I met [PERSON_1] there", "and so I met [PERSON_1] there"),
    ],
)
def test_words_heard_anew_beside_a_mark_are_no_leak(old: str, new: str) -> None:
    rows = [row("P01-PIR", "u0001", old), event("P01-PIR", "inaudible-1800")]
    anew = [row("P01-PIR", "u0001", new), event("P01-PIR", "inaudible-1900")]
    changes = compare(1, rows, anew, lambda old: False)
    assert changes.leaking == ()
    assert changes.utterances


def test_what_was_taken_back_is_not_shown_again_even_in_part() -> None:
    """Half an utterance was withdrawn; the utterance keeps its id, and another was recognised anew."""
    old = [row("P01-PIR", "u0001", "we talked for long about many things"), row("P01-PIR", "u0002", "a secret bed")]
    new = [row("P01-PIR", "u0001", "we talked for long"), row("P01-PIR", "u0002", "a secret bad thing")]
    alone = compare(1, old[:1], new[:1], lambda old: False)
    assert "about many things" not in write(alone, 2).decode()
    cut = compare(1, old, [*new, event("P01-PIR", "withheld-1800")], lambda old: False)
    page = write(cut, 2).decode()
    assert cut.leaking == ("P01-PIR",)
    assert "about many things" not in page
    assert "a secret bed" not in page


def test_a_withdrawn_stretch_is_in_no_file_of_the_next_release(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    words = (lab.study.coders / "transcripts/txt/P01-PIR.txt").read_text("utf-8-sig")
    assert "about many things" in words
    arguments = ("--person", "P01-PIR", "--recording", "P01-PIR", "--from", "00:00:01.8", "--to", "00:00:02", "--yes")
    answer = lab.run("withdraw", str(lab.study.root), "--who", "AB", *arguments)
    assert answer.code == 0, answer.text
    page = (lab.study.coders / "changes.html").read_text()
    assert "Replace P01-PIR before further coding" in page
    gone = set(words.split()) - set((lab.study.coders / "transcripts/txt/P01-PIR.txt").read_text("utf-8-sig").split())
    assert gone
    said = set(page.replace("<", " ").replace(">", " ").split())
    assert not {word for word in gone if word.isalpha() and word.islower()} & said - {"more"}


def test_a_leak_in_a_document_is_told_too(lab: Lab, tmp_path: Path) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all", fingerprint="an earlier detector"))
    lab.go()
    (tmp_path / "note.txt").write_text(f"I saw {NOT_KNOWN} there.\nAll was well.\n")
    root = str(lab.study.root)
    assert (
        lab.run("redact", str(tmp_path / "note.txt"), "--study", root, "--pair", "P01", "--id", "P01-NOTE-1").code == 0
    )
    assert lab.run("release", root).code == 0
    lab.engines = fake_engines(detector=FakeDetector(name=NOT_KNOWN, fingerprint="a later detector"))
    answer = lab.run("release", root)
    assert answer.code == 0
    page = (lab.study.coders / "changes.html").read_text()
    assert "Replace P01-NOTE-1 before further coding" in page
    assert NOT_KNOWN not in page
    assert "REPLACE P01-NOTE-1 before further coding" in answer.out


def test_the_second_release_has_the_page_and_an_unchanged_one_keeps_it(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all", fingerprint="an earlier detector"))
    assert lab.go().code == 0
    assert not (lab.study.coders / "changes.html").exists()
    assert CANARY in (lab.study.coders / "transcripts/txt/P01-PIR.txt").read_text("utf-8-sig")
    lab.engines = fake_engines()
    answer = lab.go()
    assert answer.code == 0
    assert answer.out.index("REPLACE P01-PIR before further coding") < answer.out.index("Release 2")
    page = (lab.study.coders / "changes.html").read_text()
    assert "Replace P01-PIR before further coding" in page
    assert CANARY not in lab.everything_outside_private()
    before = lab.bytes_of(lab.study.coders)
    again = lab.go()
    assert again.code == 0
    assert "REPLACE" not in again.out
    assert lab.bytes_of(lab.study.coders) == before
    (lab.study.coders / "changes.html").unlink()
    assert lab.go().code == 0
    assert lab.released() == {"P01-PIR", "P01-PSW"}


@pytest.mark.parametrize("text", ["spoiled", None])
def test_where_a_coder_has_changed_the_released_texts_every_transcript_is_to_be_replaced(
    lab: Lab, text: str | None
) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all", fingerprint="an earlier detector"))
    assert lab.go().code == 0
    (lab.study.coders / "turns.csv").unlink()
    if text:
        (lab.study.coders / "turns.csv").write_text(text)
    lab.engines = fake_engines()
    answer = lab.go()
    assert answer.code == 0
    assert "REPLACE P01-PIR before further coding" in answer.out
    assert "REPLACE P01-PSW before further coding" in answer.out
    page = (lab.study.coders / "changes.html").read_text()
    assert page.count("Replace P01-PIR before further coding") == 1
    assert "cannot be told" in page
    assert "New transcripts" not in page
    assert "In no transcript" not in page
    assert CANARY not in page


def test_a_document_whose_text_a_coder_has_changed_is_to_be_replaced(lab: Lab, tmp_path: Path) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(name="Nobody-at-all", fingerprint="an earlier detector"))
    lab.go()
    (tmp_path / "note.txt").write_text(f"I saw {NOT_KNOWN} there.\nAll was well.\n")
    root = str(lab.study.root)
    lab.run("redact", str(tmp_path / "note.txt"), "--study", root, "--pair", "P01", "--id", "P01-NOTE-1")
    assert lab.run("release", root).code == 0
    (lab.study.coders / "documents/P01-NOTE-1.txt").write_text("mine")
    lab.engines = fake_engines(detector=FakeDetector(name=NOT_KNOWN, fingerprint="a later detector"))
    answer = lab.run("release", root)
    assert answer.code == 0, answer.text
    assert "REPLACE P01-NOTE-1 before further coding" in answer.out
    page = (lab.study.coders / "changes.html").read_text()
    assert "cannot be told" in page
    assert "New transcripts" not in page


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("I saw Mary. She left.", "I saw. She left."),
        ("I saw Mary, she left.", "I saw. She left."),
        ("So Mary left", "So, left"),
        ("我見到陳大文同佢", "我見到佢"),
        ("我見到陳大文，佢走咗。", "我見到佢。走咗"),
    ],
)
def test_words_that_were_only_taken_out_are_not_shown_whatever_signs_stand_there(old: str, new: str) -> None:
    (change,) = compare(1, [row("P01-PIR", "u0001", old)], [row("P01-PIR", "u0001", new)], lambda old: False).utterances
    assert (change.old, change.new, change.leak) == ("", new, False)


@pytest.mark.parametrize(
    ("old", "new"),
    [("I met [PERSON_1] Ipswich.", "I met [PERSON_1]."), ("我見到[PERSON_1]大文同佢", "我見到[PERSON_1]同佢")],
)
def test_a_name_that_grew_into_a_mark_is_a_leak_before_a_sign_and_in_chinese(old: str, new: str) -> None:
    changes = compare(1, [row("P01-PIR", "u0001", old)], [row("P01-PIR", "u0001", new)], lambda old: False)
    assert changes.leaking == ("P01-PIR",)


@pytest.mark.parametrize(("end", "leaking"), [(3000, ("P01-PIR",)), (1000, ()), (900, ())])
def test_a_stretch_that_was_widened_from_its_start_is_an_alarm(end: int, leaking: tuple[str, ...]) -> None:
    """Its id is that of the shorter one."""
    old = [replace(event("P01-PIR", "withheld-0"), end_ms=1000), row("P01-PIR", "u0001", "secret words and more")]
    new = [replace(event("P01-PIR", "withheld-0"), end_ms=end), row("P01-PIR", "u0001", "and more")]
    changes = compare(1, old, new, lambda old: False)
    assert changes.leaking == leaking
    restyled = compare(1, without_style(old), without_style(new), lambda old: False)
    assert restyled.leaking == leaking
    assert "secret" not in write(changes, 2).decode()


def test_other_conventions_are_said_once_over_releases(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    settings = lab.study.settings.read_text()
    assert "[conventions]" in settings
    lab.study.settings.write_text(
        settings.replace('overlap = "slashes"', 'overlap = "none"').replace("pause_from = 2.0", "pause_from = 1.5")
    )
    assert lab.study.settings.read_text() != settings
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 0, answer.text
    page = (lab.study.coders / "changes.html").read_text()
    assert "other signs or paragraphs" in page
    assert "u0001" not in page
