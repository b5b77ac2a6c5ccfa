"""A release of many recordings without recognition: how long its files take to make, to check and to search.

    .venv/bin/python benchmarks/bundle.py [--recordings 200] [--utterances 600] [--formats docx,txt] [--profile]

Recordings of an hour that nobody said: pairs of two interviews, words with times, overlaps, marks, two speakers,
a guide and a few codes; a roster of 400 names, some of them ordinary words, of two letters or Chinese; a key with the
entities of all marks. `--profile` tells after each step which functions it spent its time in.
"""

import argparse
import cProfile
import platform
import pstats
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from transcribe.exports.bundle import BundleOptions, LabLists, build
from transcribe.exports.bundle_files import RELEASED
from transcribe.exports.layout import CoderTranscript, ExportHeader
from transcribe.exports.self_checks import check_bundle
from transcribe.records import MarkSpan, RedactedTranscript, RedactedUtterance, RedactedWord, Role
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.lexicon import data_lines
from transcribe.redaction.registry import Decision, Registry, RegistryEntity
from transcribe.study.guide import GuideQuestion
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import StarterCode

HOUR = 3600.0
ENTITIES = 20
"""People, places and numbers that each pair speaks of."""
MARKS = 0.2
"""Share of the utterances with a mark."""
OVERLAPPED = 0.08
"""Share of the utterances in which up to four words are said while the other speaks."""
PAUSED = 0.02
"""Share of the words before which there is a pause."""
UNSURE = 0.02
"""Share of the words that the recogniser doubts."""
QUESTIONS = 14
FILLERS = ("um", "uh", "you know", "I mean", "the the", "wor- words")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--utterances", type=int, default=600)
    parser.add_argument("--formats", default=",".join(RELEASED))
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    chance = random.Random(6)
    pairs = [f"P{number:03d}" for number in range(1, (given.recordings + 1) // 2 + 1)]
    roster, registry = known(pairs, chance)
    marks = {pair: [e.mark for e in registry.entities if pair in e.pairs] for pair in pairs}
    names = {part.casefold() for entry in roster for name in (entry.name, *entry.aliases) for part in name.split()}
    words = [word for word in data_lines("common_words.txt") if word.isalpha() and word.removesuffix("s") not in names]
    interviews = [(pair, role) for pair in pairs for role in ("PSW", "PIR")][: given.recordings]
    items = [recording(pair, role, given.utterances, words, marks[pair], chance) for pair, role in interviews]
    options = BundleOptions("0.1.0", "standard", ("whisper-small",), formats=tuple(given.formats.split(",")))
    asked = {item.header.recording: questions_asked(item) for item in items}
    guide = tuple(GuideQuestion(f"q{n}", "", f"Can you tell me about part {n} of it?") for n in range(QUESTIONS))
    lists = LabLists(guide, (StarterCode("question", "", ""), StarterCode("answer", "", "")), asked)
    bare = [replace(item, transcript=replace(item.transcript, utterances=())) for item in items]

    print(
        f"{given.recordings} recordings of {given.utterances} utterances; {platform.machine()}, Python "
        f"{platform.python_version()}; {given.formats}\n"
    )
    print("| step | seconds | of a processor | peak memory (MB) |\n|---|---|---|---|")
    seconds: list[tuple[float, float]] = []
    measure = Measure(seconds, given.profile)
    files = measure("build", lambda: build(items, (), options, lists=lists))
    frame = measure("build the frame, without speech", lambda: build(bare, (), options))
    measure("self checks", lambda: check_bundle(files))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        leaks = measure("leak check", lambda: find_leaks(Path(folder), roster, registry, frame))
    print(f"| all | {sum(wall for wall, _ in seconds):.1f} | {sum(own for _, own in seconds):.1f} | |\n")
    size = sum(map(len, files.values())) / 1e6
    print(
        f"{len(files)} files, {size:.0f} MB; {len(leaks)} leaks; {len(roster)} names of the roster, "
        f"{len(registry.entities)} entities of the key"
    )


class Measure:
    """Runs a step and prints a row for it: seconds by the clock and of the processor, the most memory it took."""

    def __init__(self, seconds: list[tuple[float, float]], profile: bool) -> None:
        self._seconds, self._profile = seconds, profile

    def __call__(self, what: str, step: Callable[[], Any]) -> Any:
        profile = cProfile.Profile(time.process_time)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here (Linux, proc(5))
        started, used = time.perf_counter(), time.process_time()
        result = profile.runcall(step) if self._profile else step()
        wall, own = time.perf_counter() - started, time.process_time() - used
        self._seconds.append((wall, own))
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        print(f"| {what} | {wall:.1f} | {own:.1f} | {int(status['VmHWM'].split()[0]) / 1024:.0f} |", flush=True)
        if self._profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return result


def known(pairs: Sequence[str], chance: random.Random) -> tuple[list[RosterEntry], Registry]:
    """A roster of four people of each pair, and a key with the entities of their interviews."""
    given = [name.rstrip("*").title() for name in data_lines("given_names.txt")]
    family = [name.rstrip("*").title() for name in data_lines("surnames.txt")]
    odd = ("Hope", "Will", "Mark", "May", "Grace", "Ng", "Li", "阿強", "陳大文", "Wong Siu-Ming")

    def name() -> str:
        return f"{chance.choice(given[:3000])} {chance.choice(family[:5000])}"

    roster = [
        RosterEntry(f"{pair}-{kind}", full, (full.split()[0], chance.choice(odd)) if n == 0 else (), kind, "", "")
        for pair in pairs
        for n, kind in enumerate(("participant", "participant", "relative", "friend"))
        for full in [name()]
    ]
    entities: list[RegistryEntity] = []
    for pair in pairs:
        for n in range(ENTITIES):
            number, kind = len(entities) + 1, ("PERSON", "PLACE", "ORG", "PHONE")[n % 4]
            digits = "".join(chance.choice("0123456789") for _ in range(8))
            surface = (
                f"{digits[:4]} {digits[4:]}" if kind == "PHONE" else f"{name()}{' Centre' if kind == 'ORG' else ''}"
            )
            mark = f"[{kind}_{number}]"
            entities.append(RegistryEntity(f"e{number:05d}", kind, kind, mark, surface, (surface,), pairs=(pair,)))
    when = "2024-03-01T00:00:00Z"
    decisions = tuple(Decision(entity.id, "reject", "KL", when) for entity in entities[:: 10 * ENTITIES])
    return roster, Registry(tuple(entities), decisions)


def recording(
    pair: str, role: Role, utterances: int, words: Sequence[str], marks: Sequence[str], chance: random.Random
) -> CoderTranscript:
    """An hour in which interviewer and participant speak by turns, about 9,000 words."""
    name, length, said = f"{pair}-{role}", HOUR / utterances, []
    for number in range(utterances):
        speaker = "INT" if number % 2 == 0 else name
        spoken = [
            chance.choice(words) for _ in range(chance.randint(3, 8) if speaker == "INT" else chance.randint(8, 42))
        ]
        if chance.random() < 0.3:
            spoken.insert(1, chance.choice(FILLERS))
        mark = chance.choice(marks) if chance.random() < MARKS else ""
        if mark:
            spoken[len(spoken) // 2] = mark
        spoken[0] = spoken[0].capitalize()
        said.append(utterance(f"u{number + 1:04d}", speaker, number * length, length * 0.95, spoken, mark, chance))
    header = ExportHeader(name, pair, role, "2024-03", HOUR)
    return CoderTranscript(header, RedactedTranscript(name, tuple(said)))


def utterance(
    id_: str, speaker: str, start: float, length: float, spoken: Sequence[str], mark: str, chance: random.Random
) -> RedactedUtterance:
    """The words of one turn over its time, with a pause here and there."""
    text, timed, step = "", [], length / (len(spoken) + 3)
    begin, over = start, chance.randrange(len(spoken)) if chance.random() < OVERLAPPED else len(spoken)
    for number, word in enumerate(spoken):
        first = len(text) + bool(text)
        text += (" " if text else "") + word
        begin += step * 3 if chance.random() < PAUSED and begin + step * 4 < start + length else 0.0
        flags = ("overlap",) if over <= number < over + 4 else ()
        probability = 0.1 if chance.random() < UNSURE else 0.9
        end = min(begin + step, start + length)
        timed.append(RedactedWord(round(begin, 3), round(end, 3), probability, (first, len(text)), flags))
        begin = end
    text += "?" if speaker == "INT" else "."
    spans = ()
    if mark:
        at = text.index(mark)
        spans = (MarkSpan(at, at + len(mark), mark, mark[1:-1].partition("_")[0], "direct"),)
    return RedactedUtterance(
        id_, speaker, "en", round(start, 3), round(start + length, 3), text, spans, (), tuple(timed)
    )


def questions_asked(item: CoderTranscript) -> dict[str, str]:
    """A question of the guide every now and then."""
    asked = [said.id for said in item.transcript.utterances if said.speaker == "INT"]
    return {said: f"q{n}" for n, said in enumerate(asked[:: max(1, len(asked) // QUESTIONS)][:QUESTIONS])}


if __name__ == "__main__":
    main()
