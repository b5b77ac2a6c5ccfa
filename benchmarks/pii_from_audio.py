"""De-identification end to end: from a folder of audio with gold transcripts to the coders' folder.

    .venv/bin/python benchmarks/pii_from_audio.py [AUDIO_FOLDER] [--misses]

AUDIO_FOLDER (default: samples/) holds `manifest.csv`, `roster.csv` and `gold/<id>.json`: `turns`, `pii` (text, type,
entity). Runs `transcribe run` with the draft weights where no network is (`--offline-proof`) and prints Markdown.

A mention counts as heard when what was written at that place is it, or is like it (rapidfuzz ratio of `LIKE` or more
against as many words): a person could recognise it. Covered: every letter of those words is replaced. Marks: into how
many marks a participant's mentions were made, over all recordings. Left: names, numbers and codes of the key that are
found in any file of coders/. `--misses` prints what was heard and not covered, on the terminal only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from rapidfuzz import fuzz

from transcribe.records import RedactionList, Transcript
from transcribe.redaction.key import open_key
from transcribe.redaction.leak_check import find_leaks
from transcribe.store import StudyFolder, stored
from transcribe.study.roster import read_roster

LIKE = 80.0
"""From this ratio on (0 to 100) what was written can be recognised as what was said."""
SLACK = 1.5
"""Seconds around a gold turn in which its words are looked for."""


def words_of(text: str) -> list[re.Match[str]]:
    """The words of a text with their places."""
    return list(re.finditer(r"[^\W_]+(?:['’][^\W_]+)*", text))


def best_match(surface: str, text: str) -> tuple[float, int, int]:
    """The stretch of words that is most like `surface`: its ratio, start and end in code points."""
    wanted = " ".join(word.group().casefold() for word in words_of(surface))
    said = words_of(text)
    count = len(words_of(surface))
    best = (0.0, 0, 0)
    for size in {max(1, count - 1), count, count + 1}:
        for first in range(len(said) - size + 1):
            run = said[first : first + size]
            ratio = fuzz.ratio(wanted, " ".join(word.group().casefold() for word in run))
            best = max(best, (ratio, run[0].start(), run[-1].end()))
    return best


def main() -> None:
    """Runs the study and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent.parent / "samples")
    parser.add_argument("--misses", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRANSCRIBE_CONFIG"] = f"{folder}/config"
        study = StudyFolder(Path(folder) / "study")
        command = [sys.executable, "-m", "transcribe", "run", str(wanted.folder), "--study", str(study.root)]
        command += ["--quality", "draft", "--progress", "none", "--offline-proof"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        print(f"exit code {done.returncode}")
        if done.returncode not in (0, 7):
            sys.exit(done.stderr)
        registry = open_key(study)
        marks: dict[str, Counter[str]] = defaultdict(Counter)
        print("| recording | gold mentions | heard recognisably | covered |")
        print("|---|---|---|---|")
        for path in sorted((wanted.folder / "gold").glob("*.json")):
            name = path.stem
            transcript = stored(Transcript, study, name, "name", None)
            redactions = stored(RedactionList, study, name, "redact", None)
            assert transcript is not None
            assert redactions is not None
            gold = heard = covered = 0
            for turn in json.loads(path.read_text("utf-8"))["turns"]:
                near = [
                    u for u in transcript.utterances if u.start < turn["end"] + SLACK and turn["start"] - SLACK < u.end
                ]
                for mention in turn["pii"]:
                    gold += 1
                    matches = [(*best_match(mention["text"], u.text), u) for u in near]
                    ratio, start, end, utterance = max(matches, key=lambda m: m[0], default=(0.0, 0, 0, None))
                    if ratio < LIKE or utterance is None:
                        continue
                    heard += 1
                    spans = [r for r in redactions.redactions if r.utterance == utterance.id]
                    inside = {i for r in spans for i in range(r.start, r.end)}
                    fine = all(i in inside for i in range(start, end) if utterance.text[i].isalnum())
                    covered += fine
                    hits = {r.mark for r in spans if r.start < end and start < r.end}
                    if mention["entity"]:
                        marks[f"{mention['entity']} ({mention['type']})"].update(hits)
                    if not fine and wanted.misses:
                        print(f"    {mention['type']}: {mention['text']!r} as {utterance.text[start:end]!r}")
            print(f"| {name} | {gold} | {heard} | {covered} |")
        print("\n| gold entity | its marks |\n|---|---|")
        for entity, seen in sorted(marks.items()):
            print(f"| {entity} | {', '.join(f'{mark} × {n}' for mark, n in seen.most_common())} |")
        leaks = find_leaks(study.coders, read_roster(study.roster), registry)
        proof = "written" if (study.report / "offline-proof.md").exists() else "missing"
        print(f"\nLeft of key and roster in coders/: {len(leaks)}. Proof of locality: {proof}.")


if __name__ == "__main__":
    main()
