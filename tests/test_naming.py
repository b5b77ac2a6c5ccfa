"""What is read from file names, and above all what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.study.codes import ROLES, is_pair
from transcribe.study.naming import NameGuess, guess

READ = [
    # The examples of the specification.
    ("P01-PSW.m4a", NameGuess("P01", "PSW")),
    ("pair3_PIR_2.wav", NameGuess("P03", "PIR", session=2)),
    ("PIR 07 interview_1of2.mp3", NameGuess("P07", "PIR", part=1, of=2)),
    ("D01-OBS.ogg", NameGuess("D01", "OBS")),
    ("p01 psw session 2 part1.wav", NameGuess("P01", "PSW", session=2, part=1)),
    # The program's own ids.
    ("P01-PSW-S2.m4a", NameGuess("P01", "PSW", session=2)),
    ("P01-OBS-S3.m4a", NameGuess("P01", "OBS", session=3)),
    # Order, case and separators are free.
    ("PSW_P12.wav", NameGuess("P12", "PSW")),
    ("psw-p12.wav", NameGuess("P12", "PSW")),
    ("P01PSW.wav", NameGuess("P01", "PSW")),
    ("Pair 03 - PIR.mp3", NameGuess("P03", "PIR")),
    ("PAIR_3_psw_part2.wav", NameGuess("P03", "PSW", part=2)),
    ("dyad12 Observation.mp4", NameGuess("P12", "OBS")),
    ("HKSP0123-PIR.wav", NameGuess("HKSP0123", "PIR")),
    ("PIR07.wav", NameGuess("P07", "PIR")),
    ("PSW-3.wav", NameGuess("P03", "PSW")),
    ("S01_PSW.wav", NameGuess("S01", "PSW")),
    ("D1_PIR_interview 2.wav", NameGuess("D1", "PIR", session=2)),
    ("P01_PIR_s2_pt3.wav", NameGuess("P01", "PIR", session=2, part=3)),
    ("P01-PSW part 2 of 3.wav", NameGuess("P01", "PSW", part=2, of=3)),
    ("P01-PSW part 1 2of3.wav", NameGuess("P01", "PSW")),
    ("P01-PSW 2 of 3.wav", NameGuess("P01", "PSW", part=2, of=3)),
    ("Ｐ０１－ＰＳＷ.wav", NameGuess("P01", "PSW")),  # full-width letters of a Chinese keyboard
    ("P01-PSW 訪談.m4a", NameGuess("P01", "PSW")),
    # Dates and times are neither session nor pair.
    ("2026-03-05 P01-PSW.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW_2026-03-05_14-30.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW 20260305.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW 5.3.2026.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW_2026-03-05_2.m4a", NameGuess("P01", "PSW")),
    # What is not sure is not read.
    ("P01-PSW (2).m4a", NameGuess("P01", "PSW")),  # a browser's second copy, or a second session
    ("P01-PSW copy 2.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW2.m4a", NameGuess("P01", "PSW")),  # session 2, or worker 2
    ("P01-PSW-PIR.m4a", NameGuess("P01")),
    ("P01 P02 PSW.m4a", NameGuess("", "PSW")),
    ("P01 pair2 PSW.m4a", NameGuess("", "PSW")),
    ("P01-PSW 3of2.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW session 2 interview 3.m4a", NameGuess("P01", "PSW")),
    ("P01-PSW-0.m4a", NameGuess("P01", "PSW")),
    ("07 PIR.m4a", NameGuess("", "PIR")),
    ("REC0012.WAV", NameGuess()),
    ("ZOOM0004.WAV", NameGuess()),
    ("VN520012.wav", NameGuess()),
    ("IMG_0023.MOV", NameGuess()),
    ("Mar05 PSW.m4a", NameGuess("", "PSW")),
    ("Mary12.m4a", NameGuess()),  # a pair's code must never carry somebody's name
    ("Mary12 PSW.m4a", NameGuess("", "PSW")),
    ("AMY1.m4a", NameGuess()),
    ("Janet Lau interview.m4a", NameGuess()),
    ("PSWs meeting.m4a", NameGuess()),
    ("陳大文.m4a", NameGuess()),
    ("", NameGuess()),
    (".m4a", NameGuess()),
    ("-.wav", NameGuess()),
]


@pytest.mark.parametrize(("name", "expected"), READ, ids=[name or "empty" for name, _ in READ])
def test_a_name_is_read_as_far_as_it_is_sure(name: str, expected: NameGuess) -> None:
    assert guess(name) == expected


WORDS = [
    "P01",
    "pair",
    "3",
    "PIR",
    "psw",
    "OBS",
    "session",
    "s2",
    "part",
    "1of2",
    "of",
    "interview",
    "Mary",
    "07",
    "陳",
]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from([*WORDS, " ", "_", "-", "."])).map("".join)))
def test_every_guess_is_well_formed(name: str) -> None:
    found = guess(name)
    assert found.pair == "" or is_pair(found.pair)
    assert found.role is None or found.role in ROLES
    assert found.session is None or 1 <= found.session <= 20
    assert found.part is None or found.part >= 1
    assert found.of is None or (found.part is not None and found.part <= found.of)


@given(
    st.from_regex(r"[ABDPX]{1,2}[0-9]{2,4}", fullmatch=True),
    st.sampled_from(ROLES),
    st.integers(1, 20),
    st.sampled_from("-_ "),
)
def test_the_programs_own_ids_are_read_back(pair: str, role: str, session: int, separator: str) -> None:
    found = guess(separator.join([pair, role, f"S{session}.wav"]))
    assert (found.pair, found.role, found.session) == (pair, role, session)
