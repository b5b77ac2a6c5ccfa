"""How many words a sign for uncertain ones marks, and how many of those are wrong: `python -m benchmarks.uncertain`.

    python -m benchmarks.uncertain STUDY GOLD

STUDY is a study that was run, GOLD a folder of `<id>.json` with `turns` of `start` and `text`. A word is right if it
stands in the longest common subsequence of blocks with the reference (difflib), in small letters and without signs.
"""

import difflib
import json
import re
import sys
from pathlib import Path

from transcribe.record_json import from_json
from transcribe.records import Recognition

THRESHOLDS = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


def plain(text: str) -> list[str]:
    """The words of a text in small letters."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.casefold().replace("’", "'"))


def judged(recognition: Recognition, reference: list[str]) -> list[tuple[float, bool]]:
    """Each recognised word's probability, and whether the reference has it."""
    heard = [(word, w.probability) for segment in recognition.segments for w in segment.words for word in plain(w.text)]
    matcher = difflib.SequenceMatcher(None, reference, [word for word, _ in heard], autojunk=False)
    right = {block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}
    return [(probability, number in right) for number, (_, probability) in enumerate(heard)]


def main(study: Path, gold: Path) -> None:
    """Prints a row for each threshold."""
    words: list[tuple[float, bool]] = []
    for path in sorted(gold.glob("*.json")):
        output = study / "private" / path.stem / "recognition.json"
        if output.exists():
            turns = sorted(json.loads(path.read_bytes())["turns"], key=lambda turn: turn["start"])
            reference = [word for turn in turns for word in plain(turn["text"])]
            words += judged(from_json(Recognition, output.read_bytes(), output.name), reference)
    wrong = sum(not right for _, right in words)
    print(f"{len(words)} words, {wrong} wrong\n")
    print("| below | marked | of these wrong | of the wrong found |\n|---|---|---|---|")
    for threshold in THRESHOLDS:
        marked = [right for probability, right in words if probability < threshold]
        bad = sum(not right for right in marked)
        share = 100 * bad / max(len(marked), 1)
        print(
            f"| {threshold:g} | {len(marked)} ({100 * len(marked) / max(len(words), 1):.1f} %) | {share:.0f} % "
            f"| {100 * bad / max(wrong, 1):.0f} % |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
