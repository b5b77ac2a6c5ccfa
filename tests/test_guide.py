"""The interview guide: read, matched to what interviewers say, corrected by people, released."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.guide_matching import read_interviews, score, total
from tests.conftest import SAMPLES, Lab, write_tone
from transcribe.errors import UsageError
from transcribe.exports import manifest, turns
from transcribe.exports.layout import Turn
from transcribe.guide_matching import match_questions
from transcribe.lab_lists import kept_lists
from transcribe.redaction.file_texts import readable_texts
from transcribe.release import read_previous
from transcribe.study.guide import GuideQuestion, questions_for, read_guide
from transcribe.study.starter_codes import read_codes
from transcribe.withdrawn_content import bundle_without

HEAD = "id,role,question\n"


def guide(folder: Path, *rows: str) -> Path:
    path = folder / "guide.csv"
    path.write_text(HEAD + "".join(row + "\n" for row in rows), "utf-8")
    return path


def said(*texts: str, speaker: str = "INT") -> tuple[Turn, ...]:
    return tuple(Turn(f"u{i:04d}", speaker, i * 1000, i * 1000 + 900, i, text) for i, text in enumerate(texts, 1))


def questions(*texts: str) -> tuple[GuideQuestion, ...]:
    return tuple(GuideQuestion(f"q{i}", "", text) for i, text in enumerate(texts, 1))


def found(turns_of_it: Sequence[Turn], asked: Sequence[GuideQuestion]) -> dict[str, str]:
    return {match.turn: match.question for match in match_questions(turns_of_it, asked)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp950"])
def test_a_guide_is_read_as_excel_saves_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "guide.csv"
    rows = [
        ("ID", "Role", "Question"),
        ("q1", "psw", "你點解會想做朋輩支援員？"),
        ("q1", "PIR", "點樣認識佢？"),
        ("", "", ""),
    ]
    rows += [("q2.a", "", "What does it mean to you?")]
    path.write_bytes("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    assert read_guide(path) == (
        GuideQuestion("q1", "PSW", "你點解會想做朋輩支援員？"),
        GuideQuestion("q1", "PIR", "點樣認識佢？"),
        GuideQuestion("q2.a", "", "What does it mean to you?"),
    )


def test_no_guide_is_an_empty_one_and_the_role_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "guide.csv"
    assert read_guide(path) == ()
    path.write_text('id,question\nq1,"=Two\nlines,   and blanks?"\n')
    assert read_guide(path) == (GuideQuestion("q1", "", "=Two lines, and blanks?"),)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("q1,PSW,One?", "q1,PSW,Two?"), "row 3 of guide.csv: its id stands in row 2 already"),
        (("q1,,One?", "q1,PIR,Two?"), "row 3 of guide.csv: its id stands in row 2 already"),
        (("q1,PSW,One?", "Q1,PIR,Two?"), "row 3 of guide.csv: its id differs from that of row 2 in capitals"),
        (("1.1,,One?", "1.10,,Two?"), "row 3 of guide.csv: Excel takes its id and that of row 2 for one number"),
        (("q1,OBS,One?",), "row 2 of guide.csv has an unknown role: write PSW, PIR, or nothing"),
        (("q1,PSW,",), "row 2 of guide.csv has no question: write it"),
        (("q1,PSW,????",), "row 2 of guide.csv has a question without letters: type it anew"),
        ((",PSW,One?",), "row 2 of guide.csv: the id must be"),
        (("question one,PSW,One?",), "row 2 of guide.csv: the id must be"),
        (("a" * 17 + ",PSW,One?",), "row 2 of guide.csv: the id must be"),
        (("問1,PSW,One?",), "row 2 of guide.csv: the id must be"),
        (("None,PSW,One?",), 'row 2 of guide.csv: the id "none" stands for no question'),
        (("q1,PSW,One\x07?",), "row 2 of guide.csv holds a character that cannot be shown"),
        (("q1,PSW," + "One " * 300,), "row 2 of guide.csv has a question of more than 1000 characters"),
        (("q1,PSW,One?,more",), "row 2 of guide.csv has more cells than there are columns"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_mend(tmp_path: Path, rows: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as error:
        read_guide(guide(tmp_path, *rows))
    assert told in error.value.message


def test_a_guide_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guide.csv"
    path.write_text("number,text\n1,One?\n")
    with pytest.raises(UsageError, match=r"guide\.csv lacks the columns id, question"):
        read_guide(path)


def test_the_samples_guide_and_codes_are_read() -> None:
    listed = read_guide(SAMPLES / "guide.csv")
    assert [q.text for q in questions_for(listed, "PIR") if q.id == "q1"] == [
        "How did you first come to the peer support service?"
    ]
    assert questions_for(listed, "OBS") == ()
    assert [code.name for code in read_codes(SAMPLES / "codes.csv")] == ["question", "answer", "off-topic"]


@pytest.mark.parametrize("name", ["calibration", "held_out"])
def test_questions_of_written_interviews_are_found(name: str) -> None:
    """What docs/interview-guide.md reports, with room for a word or two; the figures: benchmarks/guide_matching.py."""
    figures = total([score(interview)[0] for interview in read_interviews(name)])
    assert figures.precision >= 0.9
    assert figures.recall >= 0.9


def test_probes_that_use_the_guides_words_are_seldom_taken_for_its_questions() -> None:
    figures = total([score(interview)[0] for interview in read_interviews("reworded")])
    assert figures.found - figures.right <= 4  # of 20


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("How has the relationship changed over time?", "How has the relationship changed over time?"),
        ("Right. Before I forget, let me move this a little closer to you, is that better? So, how's the relationship "
         "changed over time, would you say?", "How has the relationship changed over time?"),
        ("Um, have they, have there been difficult moments?", "Has there been a difficult moment?"),
        ("噉你同佢第一次見面係點樣㗎？", "你和他第一次见面是怎样的？"),
        ("Comment avez-vous vécu la première rencontre ?", "Comment avez-vous vécu votre première rencontre?"),
        ("איך השתנה הקשר עם הזמן", "איך הקשר השתנה עם הזמן?"),
    ],
)  # fmt: skip
def test_a_question_is_heard_behind_preambles_in_other_forms_and_scripts(text: str, question: str) -> None:
    others = ("What does your family say about it?", "你對將來有咩期望？", "Where do you see yourself in five years?")
    assert found(said("Hello there.", text, "Mm hmm."), questions(*others, question)) == {"u0002": "q4"}


@pytest.mark.parametrize(
    "probe",
    [
        "What did you do?",
        "And how did you feel about that?",
        "Mm hmm.",
        "Why?",
        "You mentioned your sister before we started.",
        "Could you tell me more about that?",
        "So it has changed.",
        "點解嘅？",
        "可唔可以講個例子？",
        "[PERSON_1]?",
        "...",
    ],
)
def test_probes_and_backchannels_ask_no_question_of_the_guide(probe: str) -> None:
    listed = questions(
        "What do you do and talk about when you are together?",
        "How do you feel about the future?",
        "Can you tell me about the person you are paired with?",
        "How has the relationship changed over time?",
        "你點解會想做朋輩支援員？",
    )
    assert found(said(probe), listed) == {}


def test_a_question_is_asked_once_and_again_only_in_nearly_the_same_words() -> None:
    listed = questions("How has the relationship with your peer worker changed over time?")
    first = "How has the relationship with your peer worker changed over time?"
    assert found(said(first, "And the relationship with the worker, how has it changed?"), listed) == {"u0001": "q1"}
    assert found(said("Hm.", first, "Sorry, once more. " + first), listed) == {"u0002": "q1", "u0003": "q1"}


def test_where_two_questions_are_alike_the_order_of_the_guide_decides() -> None:
    listed = questions(
        "What brought you to the service at first?",
        "What did the first meeting mean to you?",
        "Do you still see your old friends from school?",
        "What did the last meeting mean to you?",
        "What would you tell other people in recovery?",
    )
    anchors = [q.text for q in (listed[0], listed[2], listed[4])]
    early = said(anchors[0], "And what did the meeting mean to you?", anchors[1], anchors[2])
    late = said(anchors[0], anchors[1], "And what did the meeting mean to you?", anchors[2])
    assert found(early, listed)["u0002"] == "q2"
    assert found(late, listed)["u0003"] == "q4"


TEXTS = [turn.text for interview in read_interviews("calibration") for turn in interview.turns if "[" not in turn.text]
GUIDE = next(read_interviews("calibration")).guide


@given(
    st.lists(st.sampled_from(TEXTS), max_size=6),
    st.sampled_from([str.upper, str.title, str.casefold, lambda text: text.replace(" ", ",  ") + "…?!", "«{}»".format]),
)
def test_case_and_punctuation_make_no_difference(texts: list[str], change: object) -> None:
    assert callable(change)
    texts = [text.replace("'", "") for text in texts]  # "I'M" by str.title
    assert match_questions(said(*map(change, texts)), GUIDE) == match_questions(said(*texts), GUIDE)


@given(
    st.lists(
        st.tuples(st.sampled_from(["INT", "INT-2", "P01-PSW", "P01-PIR", "OTHER-1", "SPEAKER-1"]), st.integers(0, 7))
    )
)
def test_only_interviewers_ask_and_each_utterance_one_question(talk: list[tuple[str, int]]) -> None:
    spoken = tuple(
        replace(said(GUIDE[number].text, speaker=speaker)[0], id=f"u{i:04d}")
        for i, (speaker, number) in enumerate(talk)
    )
    matches = match_questions(spoken, GUIDE)
    assert [match.turn for match in matches] == [turn.id for turn in spoken if turn.speaker.startswith("INT")]
    assert all(0.85 <= match.confidence <= 1 for match in matches)


@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=40), max_size=4))
def test_any_text_can_be_matched(texts: list[str], asked: list[str]) -> None:
    matches = match_questions(said(*texts), questions(*asked))
    assert len({match.turn for match in matches}) == len(matches)
    assert all(0 <= match.confidence <= 1 for match in matches)


QUESTIONS = (
    "q1,,How did you two first meet?",
    "q2,PSW,What is hard about the work?",
    "q2,PIR,What would you tell others?",
)


def write_guide(lab: Lab, *rows: str) -> None:
    lab.study.root.mkdir(exist_ok=True)
    guide(lab.study.root, *rows)


def table(lab: Lab) -> list[dict[str, str]]:
    text = (lab.study.private / "guide_matches.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def edit(lab: Lab, rows: list[dict[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (lab.study.private / "guide_matches.csv").write_text(out.getvalue(), "utf-8")


def sections(lab: Lab, name: str) -> dict[str, tuple[str, bool]]:
    rows = turns.parse((lab.study.coders / "turns.csv").read_bytes())
    return {row.turn: (row.question, "asked" in row.flags) for row in rows if row.transcript == name}


def release(lab: Lab) -> manifest.BundleManifest:
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 0, answer.text
    return manifest.parse((lab.study.coders / "manifest.json").read_bytes())


@pytest.fixture
def done(lab: Lab) -> Lab:
    """A released study with a guide; the interviewer says "How did you two meet?" and "What was that like?"."""
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    write_guide(lab, *QUESTIONS)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 0, answer.text
    return lab


def test_sections_reach_the_coders_and_a_person_sees_what_was_found(done: Lab) -> None:
    assert sections(done, "P01-PIR") == {
        "u0001": ("q1", True), "u0002": ("q1", False), "u0003": ("q1", False), "u0004": ("q1", False)
    }  # fmt: skip
    mine = [row for row in table(done) if row["recording"] == "P01-PIR"]
    first, missing = mine
    assert (first["utterance"], first["time"], first["question"]) == ("u0001", "00:00:00", "q1")
    assert (first["decided"], first["asked"]) == ("", "How did you two meet?")
    assert first["question_text"] == "How did you two first meet?"
    assert 0.55 <= float(first["confidence"]) <= 1
    assert (missing["utterance"], missing["question"], missing["confidence"]) == ("", "q2", "")
    assert missing["remark"].startswith("not found")


def test_nothing_changes_when_nothing_has_changed(done: Lab) -> None:
    before = done.bytes_of(done.study.coders), table(done)
    assert release(done).release == 1
    assert (done.bytes_of(done.study.coders), table(done)) == before


def test_what_a_person_decided_wins_survives_and_is_a_new_release_of_the_same_versions(done: Lab) -> None:
    rows = [row for row in table(done) if row["utterance"]]
    for row in rows:
        row["decided"] = "none" if row["recording"] == "P01-PSW" else ""
    rows.append(dict.fromkeys(rows[0], "") | {"recording": "P01-PIR", "utterance": "u0003", "decided": "Q2"})
    edit(done, rows)
    second = release(done)
    assert second.release == 2
    assert {entry.version for entry in second.transcripts} == {1}
    assert set(sections(done, "P01-PSW").values()) == {("", False)}
    assert sections(done, "P01-PIR")["u0003"] == ("q2", True)
    assert sections(done, "P01-PIR")["u0004"] == ("q2", False)
    assert release(done).release == 2
    kept = {(row["recording"], row["utterance"]): row["decided"] for row in table(done) if row["decided"]}
    assert kept[("P01-PIR", "u0003")] == "q2"
    assert kept[("P01-PSW", "u0001")] == "none"


def test_a_decision_about_an_utterance_that_is_gone_or_another_is_kept_and_not_used(done: Lab) -> None:
    rows = table(done)
    empty = dict.fromkeys(rows[0], "")
    rows = [row | {"note": ""} for row in rows]
    rows += [
        empty | {"recording": "P01-PIR", "utterance": "u0099", "decided": "q2", "note": "=mine"},
        empty | {"recording": "P01-PIR", "utterance": "u0003", "decided": "q2", "asked": "Is your sister well today?"},
    ]
    edit(done, rows)
    assert release(done).release == 1
    assert sections(done, "P01-PIR")["u0003"] == ("q1", False)
    for _ in range(2):
        last = table(done)[-2:]
        assert [(row["utterance"], row["decided"]) for row in last] == [("u0099", "q2"), ("u0003", "q2")]
        assert all("not used" in row["remark"] for row in last)
        assert last[0]["note"] == "'=mine"
        release(done)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"utterance": "u0001", "decided": "q9"}, "decided is no id of a question for this recording (q1, q2)"),
        ({"utterance": "", "decided": "q1"}, "to decide, give the recording and the id of its utterance"),
        ({"utterance": "u0003"}, "names an utterance and nothing under decided"),
    ],
)
def test_a_row_that_says_nothing_clear_stops_the_release(done: Lab, change: dict[str, str], told: str) -> None:
    rows = table(done)
    rows.append(dict.fromkeys(rows[0], "") | {"recording": "P01-PIR"} | change)
    edit(done, rows)
    before = done.bytes_of(done.study.coders)
    answer = done.run("release", str(done.study.root))
    assert answer.code == 2
    assert f"row {len(rows) + 1} of guide_matches.csv" in " ".join(answer.err.split())
    assert told in " ".join(answer.err.split())
    assert done.bytes_of(done.study.coders) == before


def test_two_rows_that_decide_otherwise_are_refused(done: Lab) -> None:
    rows = table(done)
    empty = dict.fromkeys(rows[0], "")
    rows += [empty | {"recording": "P01-PIR", "utterance": "u0003", "decided": answer} for answer in ("q1", "q2")]
    edit(done, rows)
    answer = done.run("release", str(done.study.root))
    assert (answer.code, "another row decides otherwise" in " ".join(answer.err.split())) == (2, True)


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("guide.csv", HEAD + "q1,,How are you?\nq2,,How did you meet Wilhelmina?\n", 3),
        ("codes.csv", "name,group,description,colour\nfamily,,what Wilhelmina says,\n", 2),
    ],
)
def test_a_name_of_the_roster_in_a_list_stops_everything_and_is_not_told(
    lab: Lab, name: str, text: str, row: int
) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    with lab.study.roster.open("a", encoding="utf-8") as file:
        file.write(",Wilhelmina,,relative,P01-PIR,\r\n")
    (lab.study.root / name).write_text(text)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 7
    assert f"row {row} of {name} holds a name" in " ".join(answer.err.split())
    assert "Wilhelmina" not in answer.text
    assert not lab.study.coders.exists()
    assert not any(lab.study.private.glob("*/recognition.json"))


def test_a_bad_guide_is_told_before_any_long_work(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    write_guide(lab, "q1,ALL,One?")
    answer = lab.run("run", str(lab.study.root))
    assert (answer.code, "row 2 of guide.csv has an unknown role" in " ".join(answer.err.split())) == (2, True)
    assert not any(lab.study.private.glob("*/recognition.json"))


@pytest.mark.parametrize("level", ["team", "share"])
def test_an_export_has_the_sections_of_the_release(lab: Lab, tmp_path: Path, level: str) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    text = lab.study.manifest.read_text("utf-8-sig").replace(",transcribe,", ",transcribe quote archive,")
    lab.study.manifest.write_text(text.replace(",,yes,", ",transcribe quote archive,yes,"), "utf-8")
    write_guide(lab, *QUESTIONS)
    assert lab.run("run", str(lab.study.root)).code == 0
    answer = lab.run("export", str(lab.study.root), "--to", str(tmp_path / "out"), "--level", level)
    assert answer.code == 0, answer.text
    rows = turns.parse((tmp_path / "out/turns.csv").read_bytes())
    assert [(row.question, "asked" in row.flags) for row in rows if row.turn == "u0001"] == [("q1", True)] * 2
    assert {row.transcript for row in rows}.isdisjoint({"P01-PSW", "P01-PIR"}) == (level == "share")


def test_a_guide_and_codes_beside_the_recordings_are_adopted_by_a_new_study(lab: Lab) -> None:
    lab.pair()
    data = (HEAD + "q1,,How did you two first meet?\n").encode("utf-16")
    (lab.audio / "guide.csv").write_bytes(data)
    (lab.audio / "codes.csv").write_text("name,group\n,people\n")
    answer = lab.go()
    assert (answer.code, "row 2 of codes.csv has no name" in " ".join(answer.err.split())) == (2, True)
    (lab.audio / "codes.csv").write_text("name\nanswer\n")
    answer = lab.go()
    assert answer.code == 0, answer.text
    assert (lab.study.root / "guide.csv").read_bytes() == data
    assert "q1" in {question for question, _ in sections(lab, "P01-PIR").values()}
    (lab.audio / "guide.csv").write_text("changed")
    assert lab.go().code == 0
    assert (lab.study.root / "guide.csv").read_bytes() == data


def test_what_changed_since_the_release_is_not_exported(done: Lab, tmp_path: Path) -> None:
    rows = [row for row in table(done) if row["utterance"]]
    rows[0]["decided"] = "none"
    edit(done, rows)
    answer = done.run("export", str(done.study.root), "--to", str(tmp_path / "out"))
    assert (answer.code, "has changed since release 1" in " ".join(answer.err.split())) == (2, True)


def test_what_a_participant_takes_back_is_not_quoted_in_the_table(done: Lab) -> None:
    answer = done.run("withdraw", str(done.study.root), "--who", "AB", "--person", "P01-PIR", "--yes")
    assert answer.code == 0, answer.text
    assert {row["recording"] for row in table(done)} == {"P01-PSW"}
    kept = json.loads((done.study.private / "lab_lists.json").read_text())
    assert [question["id"] for question in kept["guide"]] == ["q1", "q2", "q2"]


def test_what_was_written_in_the_guide_since_the_release_is_in_no_bundle_made_without_the_key(done: Lab) -> None:
    """Its words were never searched for names; those of the release were."""
    released = read_previous(done.study)
    assert released is not None
    guide(done.study.root, "q1,,How did you meet Wilhelmina?")
    files = bundle_without(done.study, {"P01-PIR"})
    assert [row.question for row in turns.parse(files["turns.csv"])] == ["q1"] * 4
    for path, data in files.items():
        assert all("Wilhelmina" not in text for text in readable_texts(path, data))
    assert kept_lists(done.study).guide == (
        GuideQuestion("q1", "", "How did you two first meet?"),
        GuideQuestion("q2", "PSW", "What is hard about the work?"),
        GuideQuestion("q2", "PIR", "What would you tell others?"),
    )


def test_a_guide_may_be_in_the_folder_of_a_study_before_it_is_one(lab: Lab) -> None:
    lab.pair()
    write_guide(lab, *QUESTIONS)
    answer = lab.go()
    assert answer.code == 0, answer.text
    assert sections(lab, "P01-PIR")["u0001"] == ("q1", True)


def test_an_observed_session_has_no_sections_and_no_decisions(lab: Lab) -> None:
    lab.pair()
    write_tone(lab.audio / "P01-OBS.wav", pitch=440)
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    write_guide(lab, *QUESTIONS)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert set(sections(lab, "P01-OBS").values()) == {("", False)}
    rows = table(lab)
    assert {row["recording"] for row in rows} == {"P01-PIR", "P01-PSW"}
    edit(lab, [*rows, dict.fromkeys(rows[0], "") | {"recording": "P01-OBS", "utterance": "u0001", "decided": "q1"}])
    answer = lab.run("release", str(lab.study.root))
    assert (answer.code, "no question of the guide is put in it" in " ".join(answer.err.split())) == (2, True)


def test_coders_get_the_same_sections_in_the_clean_rendering(done: Lab) -> None:
    before = {name: sections(done, name) for name in ("P01-PSW", "P01-PIR")}
    answer = done.run(
        "export", str(done.study.root), "--to", str(done.study.root.parent / "out"), "--rendering", "clean"
    )
    assert answer.code == 0, answer.text
    rows = turns.parse((done.study.root.parent / "out" / "turns.csv").read_bytes())
    for name, mine in before.items():
        assert {row.turn: (row.question, "asked" in row.flags) for row in rows if row.transcript == name} == mine
