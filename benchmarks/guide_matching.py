"""How well questions of an interview guide are found in what an interviewer says: precision and recall.

    .venv/bin/python -m benchmarks.guide_matching [--misses]

Over `tests/data/guide/calibration.txt` (the project's synthetic interviews and two more) and `held_out.txt`, which
was not looked at while the matching was calibrated. All are written, none is of a real person.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transcribe.exports.layout import Turn
from transcribe.guide_matching import GuideMatch, match_questions
from transcribe.study.guide import GuideQuestion

DATA = Path(__file__).parent.parent / "tests" / "data" / "guide"
SETS = ("calibration", "held_out", "reworded")


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview and its guide; `asked` are the right question ids by the turn's id, empty for none."""

    name: str
    guide: tuple[GuideQuestion, ...]
    turns: tuple[Turn, ...]
    asked: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Score:
    """Questions asked, found, and found where they were asked."""

    asked: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.asked if self.asked else 1.0


def read_interviews(name: str) -> Iterator[Interview]:
    """The interviews of one file."""
    text = (DATA / f"{name}.txt").read_text("utf-8")
    for block in text.split("\ninterview ")[1:]:
        head, *lines = block.strip().split("\n")
        guide, turns, asked = [], [], {}
        for number, line in enumerate(lines):
            kind, _, rest = line.partition(" ")
            answer, _, said = rest.partition(" ")
            if kind == "guide":
                guide.append(GuideQuestion(answer, "", said))
                continue
            speaker, said = ("INT", said) if kind == "INT" else ("P01-PSW", rest)
            turn = Turn(f"u{number:04d}", speaker, number * 1000, number * 1000 + 900, number, said)
            turns.append(turn)
            if kind == "INT" and answer != "-":
                asked[turn.id] = tuple(answer.split("|"))
        yield Interview(head.partition(" ")[0], tuple(guide), tuple(turns), asked)


def score(interview: Interview) -> tuple[Score, list[str]]:
    """The figures of one interview, and what went wrong."""
    matches = {match.turn: match for match in match_questions(interview.turns, interview.guide)}
    right = [turn for turn, match in matches.items() if match.question in interview.asked.get(turn, ())]
    wrong = [
        _told(interview, turn, matches.get(turn))
        for turn in dict.fromkeys((*interview.asked, *matches))
        if turn not in right
    ]
    return Score(len(interview.asked), len(matches), len(right)), wrong


def _told(interview: Interview, turn: str, match: GuideMatch | None) -> str:
    said = next(item.text for item in interview.turns if item.id == turn)
    found = "nothing" if match is None else f"{match.question} ({match.confidence:.2f})"
    return f"  {interview.name} {turn} asked {'|'.join(interview.asked.get(turn, ('-',)))}, found {found}: {said}"


def total(scores: list[Score]) -> Score:
    """The sums."""
    return Score(sum(s.asked for s in scores), sum(s.found for s in scores), sum(s.right for s in scores))


def main() -> None:
    """Prints a line for each interview and for each set."""
    for name in SETS:
        scores = []
        for interview in read_interviews(name):
            found, wrong = score(interview)
            scores.append(found)
            print(_line(interview.name, found))
            if "--misses" in sys.argv:
                print("\n".join(wrong))
        print(_line(name.upper(), total(scores)))


def _line(name: str, found: Score) -> str:
    return f"{name:14} asked {found.asked:3} precision {found.precision:.2f} recall {found.recall:.2f}"


if __name__ == "__main__":
    main()
