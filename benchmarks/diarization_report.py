"""Scores, tables and the chart of `benchmarks/diarization.py`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Turns = list[tuple[str, float, float]]

TITLES = {"ours": "this program", "stock": "stock pyannote", "senko": "senko 0.2.2"}
GROUPS = {
    "AMI": "AMI clips (far-field meetings)",
    "telephone": "telephone conversation",
    "study": "study (synthetic)",
    "long": "long file (synthetic)",
}
LENGTHS = ("short", "long")
COLOURS = ("#20639b", "#c0773b", "#7a8b69")


@dataclass(frozen=True)
class Item:
    """One recording of the benchmark with its reference."""

    name: str
    group: str
    wav: Path
    turns: tuple[tuple[str, float, float], ...]
    seconds: float

    @property
    def speakers(self) -> frozenset[str]:
        """Who speaks in the reference."""
        return frozenset(speaker for speaker, _, _ in self.turns)


@dataclass(frozen=True)
class Score:
    """Seconds of errors over one or more files."""

    der: float
    der_collar: float
    confusion: float
    missed: float
    false_alarm: float
    jer: float
    miscounted: int
    """Files with another number of speakers than the reference."""
    off: int
    """By how many speakers, all files together."""


def score(items: Sequence[Item], found: dict[str, Turns]) -> Score:
    """Rates in percent over all files together."""
    from transcribe.diarization.torchaudio_stub import install_torchaudio_stub

    install_torchaudio_stub()  # it switches pyannote's telemetry off
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate

    def annotation(turns: Sequence[tuple[str, float, float]]) -> Any:
        made = Annotation()
        for number, (speaker, start, end) in enumerate(turns):
            made[Segment(start, end), number] = speaker
        return made

    # pyannote.metrics takes the collar as a whole, half of it on either side.
    plain, collar, jaccard = DiarizationErrorRate(), DiarizationErrorRate(collar=0.5), JaccardErrorRate()
    gaps = []
    for item in items:
        reference, hypothesis = annotation(item.turns), annotation(found[item.name])
        for measure in (plain, collar, jaccard):
            measure(reference, hypothesis, uem=Timeline([Segment(0, item.seconds)]))
        gaps.append(abs(len(item.speakers) - len({speaker for speaker, _, _ in found[item.name]})))
    parts = [100 * plain[part] / plain["total"] for part in ("confusion", "missed detection", "false alarm")]
    rates = [100 * abs(measure) for measure in (plain, collar)]
    return Score(*rates, *parts, 100 * abs(jaccard), sum(gap > 0 for gap in gaps), sum(gaps))


@dataclass(frozen=True)
class Row:
    """What one engine, told the number of speakers or not, found in the files of one set."""

    group: str
    engine: str
    mode: str
    turns: dict[str, Turns]
    score: Score

    @property
    def title(self) -> str:
        """The engine and whether it was told."""
        return f"{TITLES[self.engine]}, {self.mode}"


def rows(items: Sequence[Item], found: dict[str, Any]) -> list[Row]:
    """All engines and modes set by set; of stock's thresholds the one that suits the set best."""
    made = []
    for group in GROUPS:
        some = [item for item in items if item.group == group]
        for engine, result in found.items() if some else ():
            best: dict[str, Row] = {}
            for batch in result["batches"]:
                if batch["length"] == ("long" if group == "long" else "short"):
                    turns = {item.name: batch["turns"][item.name] for item in some}
                    mode = f"best threshold ({batch['threshold']})" if "threshold" in batch else batch["mode"]
                    row = Row(group, engine, mode, turns, score(some, turns))
                    best[batch["mode"]] = min(best.get(batch["mode"], row), row, key=lambda row: row.score.der)
            made += best.values()
    return made


def print_tables(items: Sequence[Item], found: dict[str, Any], threads: int, device: str) -> None:
    """Speed, errors by set, errors by file, as Markdown."""
    import torch

    seconds = {length: sum(i.seconds for i in items if (i.group == "long") == (length == "long")) for length in LENGTHS}
    told = ", ".join(f"{length} {value:.0f} s" for length, value in seconds.items())
    print(f"{told}; {threads} threads on {processor()}, device {device}, torch {torch.__version__}\n")
    print_speed(found, seconds)
    made = rows(items, found)
    print_errors(made)
    print_files(items, [row for row in made if "threshold" not in row.mode])


def print_speed(found: dict[str, Any], seconds: dict[str, float]) -> None:
    """What each engine took, and for what; `seconds` of sound by length."""
    timed = {
        engine: {batch["length"]: batch for batch in reversed(result["batches"]) if batch["mode"] == "not told"}
        for engine, result in found.items()
    }
    print(f"| | {' | '.join(f'{length}, s | × real time' for length in LENGTHS)} | ", end="")
    print("loading and warm-up, s | peak memory, short / all, MB | others meanwhile |")
    print(f"|---|{'---|' * (2 * len(LENGTHS) + 3)}")
    for engine, result in found.items():
        cells = []
        for length in LENGTHS:
            spent = timed[engine][length]["seconds"] if length in timed[engine] else 0.0
            cells += [f"{spent:.1f}", f"{seconds[length] / spent:.1f}"] if spent else ["", ""]
        short = max((batch["peak_mb"] for batch in result["batches"] if batch["length"] == "short"), default=0.0)
        cells += [f"{result['ready']:.1f}", f"{short:.0f} / {result['peak_mb']:.0f}", f"{100 * result['others']:.0f} %"]
        print(f"| {TITLES[engine]} | {' | '.join(cells)} |")
    for engine, batches in timed.items():
        length, batch = next(iter(batches.items()))  # the last one, as they were reversed
        stages = ", ".join(f"{stage} {spent:.2f}" for stage, spent in batch["stages"].items())
        print(f"\n{TITLES[engine]}, {length}, seconds: {stages}")


def print_errors(made: Sequence[Row]) -> None:
    """The scores set by set."""
    columns = ("DER, %", "collar 0.25", "confusion", "missed", "false alarm", "JER, %", "wrong number", "speakers off")
    print(f"\n| set | engine, number of speakers | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for row in made:
        s = row.score
        rates = (s.der, s.der_collar, s.confusion, s.missed, s.false_alarm, s.jer)
        shown = " | ".join(f"{rate:.1f}" for rate in rates)
        print(f"| {GROUPS[row.group]} | {row.title} | {shown} | {s.miscounted} of {len(row.turns)} | {s.off} |")


def print_files(items: Sequence[Item], made: Sequence[Row]) -> None:
    """DER and number of speakers file by file."""
    titles = list(dict.fromkeys(row.title for row in made))
    print("\nDER, % (collar 0 / 0.25), and number of speakers found, by file:\n")
    print(f"| file | speakers | {' | '.join(titles)} |\n|---|---|{'---|' * len(titles)}")
    for item in items:
        cells = []
        for row in made:
            if item.name in row.turns:
                one = score([item], row.turns)
                voices = len({speaker for speaker, _, _ in row.turns[item.name]})
                cells.append(f"{one.der:.1f} / {one.der_collar:.1f}, {voices}")
        print(f"| {item.name} | {len(item.speakers)} | {' | '.join(cells)} |")


def print_agreement(items: Sequence[Item], found: dict[str, Any]) -> None:
    """DER of ours against stock, which stands in for the reference, and the speed of both."""
    ours, stock = (found[engine]["batches"][0] for engine in ("ours", "stock"))
    total = sum(item.seconds for item in items)
    print("| | seconds | × real time | peak memory, MB |\n|---|---|---|---|")
    for engine, batch in (("ours", ours), ("stock", stock)):
        print(f"| {TITLES[engine]} | {batch['seconds']:.1f} | {total / batch['seconds']:.1f} ", end="")
        print(f"| {found[engine]['peak_mb']:.0f} |")
    print("\n| file | DER between the two, % | voices: this program, stock |\n|---|---|---|")
    for item in items:
        one = Item(item.name, item.group, item.wav, tuple(map(tuple, stock["turns"][item.name])), item.seconds)
        voices = [len({speaker for speaker, _, _ in batch["turns"][item.name]}) for batch in (ours, stock)]
        der = f"{score([one], ours['turns']).der:.2f}" if one.turns else "no turns"
        print(f"| {item.name} | {der} | {voices[0]}, {voices[1]} |")


def print_hours(found: dict[tuple[str, str], Any]) -> None:
    """Speed on hour-long files, with and without clustering."""
    print("| networks | engine | hours | seconds | × real time | clustering, s | × without it | GPU memory, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for (title, engine), result in found.items():
        batch = result["batches"][0]
        count, clustering = len(batch["files"]), batch["stages"].get("clustering", 0.0)
        rest = 3600 * count / (batch["seconds"] - clustering)
        print(f"| {title} | {TITLES[engine]} | {count} | {batch['seconds']:.1f} ", end="")
        print(f"| {3600 * count / batch['seconds']:.0f} | {clustering:.2f} | {rest:.0f} | {result['gpu_mb']:.0f} |")


def write_chart(items: Sequence[Item], found: dict[str, Any], path: Path) -> None:
    """× real time of each engine, and its DER by set, as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    made = rows(items, found)
    figure, (speed, errors) = plt.subplots(1, 2, figsize=(12, 4.5), width_ratios=(1, 2.4), layout="constrained")
    names = list(found)
    timed = [[b for b in found[name]["batches"] if b["mode"] == "not told"][-1] for name in names]
    length = {item.name: item.seconds for item in items}
    rates = [sum(length[name] for name in batch["turns"]) / batch["seconds"] for batch in timed]
    speed.bar_label(speed.bar([TITLES[name] for name in names], rates, color=COLOURS[: len(names)]), fmt="%.1f")
    speed.set_title(f"× real time, {timed[0]['length']} files")
    titles = list(dict.fromkeys(re.sub(r" \(.*", "", row.title) for row in made))
    groups = list(dict.fromkeys(row.group for row in made))
    for number, title in enumerate(titles):
        some = [row for row in made if re.sub(r" \(.*", "", row.title) == title]
        places = [groups.index(row.group) + (number - (len(titles) - 1) / 2) * 0.8 / len(titles) for row in some]
        shade = COLOURS[names.index(some[0].engine)]
        hatch = {"not told": "", "told": "//"}.get(some[0].mode, "..")
        bars = errors.bar(
            places,
            [row.score.der for row in some],
            0.8 / len(titles),
            label=title,
            color=shade,
            hatch=hatch,
            edgecolor="white",
        )
        errors.bar_label(bars, fmt="%.1f", fontsize=7)
    errors.set_xticks(range(len(groups)), [GROUPS[group].replace(" (", "\n(") for group in groups])
    errors.set_title("DER, %, collar 0, overlap scored")
    errors.legend(fontsize=8, title="number of speakers told or not")
    for axes in (speed, errors):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


@cache
def processor() -> str:
    """The processor's name, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    name = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return name.group(1) if name else "this machine"
