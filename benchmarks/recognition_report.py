"""Scores, table and chart of `benchmarks/recognition.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from diarization_report import processor
from recognition_audio import CLIP_SECONDS, Windowed

from transcribe.evaluation import normalise
from transcribe.records import Interval

COLLAR = 0.25
"""Seconds around a reference turn in which a word does not count as one in silence: times are not sharper than that."""
OURS, PEER = "#20639b", "#c0773b"


@dataclass(frozen=True)
class Run:
    """All that one engine did; `found` has what it found at each repetition."""

    title: str
    sound: str
    found: list[dict[str, Any]]

    @property
    def seconds(self) -> float:
        """The median of the repetitions."""
        return median(found["seconds"] for found in self.found)

    @property
    def peak_mb(self) -> float:
        """The most memory that any repetition had."""
        return max(found["peak_mb"] for found in self.found)

    @property
    def others(self) -> float:
        """Share of the machine that others used, the mean."""
        return mean(found["others"] for found in self.found)

    @property
    def heard(self) -> dict[str, Any]:
        """What the first repetition heard."""
        heard: dict[str, Any] = self.found[0]["heard"]
        return heard


@dataclass(frozen=True)
class Errors:
    """Of a text against its reference, in words after Whisper's normaliser."""

    substituted: int
    deleted: int
    inserted: int
    length: int

    @property
    def rate(self) -> float:
        """WER, %."""
        return 100 * (self.substituted + self.deleted + self.inserted) / max(1, self.length)

    def __add__(self, other: "Errors") -> "Errors":
        """Both texts together."""
        pairs = zip(self.parts, other.parts, strict=True)
        return Errors(*(one + another for one, another in pairs))

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """All four numbers."""
        return self.substituted, self.deleted, self.inserted, self.length


def errors_of(reference: str, text: str) -> Errors:
    """Both normalised, then aligned with fewest errors."""
    from rapidfuzz.distance import Levenshtein

    expected = normalise(reference).split()
    kinds = [edit.tag for edit in Levenshtein.editops(expected, normalise(text).split())]
    return Errors(kinds.count("replace"), kinds.count("delete"), kinds.count("insert"), len(expected))


def in_silence(words: Sequence[Any], speech: Sequence[Interval]) -> list[Any]:
    """The words whose times touch no stretch of speech widened by `COLLAR`; words are [text, start, end, flags]."""
    return [
        word
        for word in words
        if not any(word[1] < last + COLLAR and word[2] > first - COLLAR for first, last in speech)
    ]


def words_of(run: Run, told: Windowed) -> list[Any]:
    """What an engine heard in a recording, with times on it; without what has neither letter nor digit."""
    heard = run.heard[told.item.name]
    words = [word for word in heard["words"] if any(map(str.isalnum, word[0]))]
    if heard["timeline"] == "recording":
        return words
    return [[text, *told.on_recording(start, end), flags] for text, start, end, flags in words]


def invented(run: Run, told: Sequence[Windowed]) -> tuple[int, int]:
    """Words in silence, and how many of them the engine flags."""
    found = [word for one in told for word in in_silence(words_of(run, one), one.item.speech)]
    return len(found), sum(bool(word[3]) for word in found)


def silent_seconds(told: Sequence[Windowed]) -> float:
    """Seconds that are no reference turn, nor within `COLLAR` of one."""
    from transcribe.recognition.windows import clean_mask

    total = 0.0
    for one in told:
        wide = [(start - COLLAR, end + COLLAR) for start, end in one.item.speech]
        total += one.item.seconds - sum(end - start for start, end in clean_mask(wide, one.item.seconds))
    return total


def wer(run: Run, told: Sequence[Windowed]) -> Errors:
    """Errors over all recordings."""
    found = Errors(0, 0, 0, 0)
    for one in told:
        found += errors_of(one.item.text, run.heard[one.item.name]["text"])
    return found


def print_table(runs: Sequence[Run], told: Sequence[Windowed], nothing: Windowed, threads: int) -> None:
    """The figures as Markdown; the ratio is to the first engine."""
    total = sum(one.item.seconds for one in told)
    windows = sum(len(one.windows) for one in told)
    print(f"{len(told)} recordings, {total:.0f} s of audio of which {silent_seconds(told):.0f} s are silent, ", end="")
    print(f"{windows} windows; {threads} threads on {processor()}; {len(runs[0].found)} repetitions\n")
    columns = ("sound", "seconds", "× real time", f"time, {runs[0].title} = 1", "WER, %", "sub / del / ins")
    columns += ("words in silence", "words where nothing is said", "peak memory, MB", "others meanwhile")
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for run in runs:
        print(f"| {run.title} | {' | '.join(cells(run, runs[0], told, nothing, total))} |")
    print(f"\n| WER, % | {' | '.join(one.item.name for one in told)} |\n|---|{'---|' * len(told)}")
    for run in runs:
        rates = [errors_of(one.item.text, run.heard[one.item.name]["text"]).rate for one in told]
        print(f"| {run.title}, {run.sound} | {' | '.join(f'{rate:.1f}' for rate in rates)} |")


def cells(run: Run, first: Run, told: Sequence[Windowed], nothing: Windowed, total: float) -> list[str]:
    """One engine's row."""
    spent = [found["seconds"] for found in run.found]
    spread = f" ({min(spent):.1f}–{max(spent):.1f})" if len(spent) > 1 else ""
    errors = wer(run, told)
    silent = invented(run, told)
    aside = run.heard[nothing.item.name]["set_aside"]
    return [
        run.sound,
        f"{run.seconds:.1f}{spread}",
        f"{total / run.seconds:.1f}",
        f"{run.seconds / first.seconds:.2f}",
        f"{errors.rate:.1f}",
        f"{errors.substituted} / {errors.deleted} / {errors.inserted}",
        flagged(silent),
        flagged(invented(run, [nothing])) + (f" +{aside}" if aside else ""),
        f"{run.peak_mb:.0f}",
        f"{100 * run.others:.0f} %",
    ]


def flagged(count: tuple[int, int]) -> str:
    """A number of words, in brackets those flagged."""
    return f"{count[0]} ({count[1]})" if count[1] else str(count[0])


def write_chart(runs: Sequence[Run], told: Sequence[Windowed], nothing: Windowed, path: Path) -> None:
    """Speed, errors, inventions and memory of each engine, as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    total = sum(one.item.seconds for one in told)
    panels = (
        ("× real time (more is better)", "%.1f", [total / run.seconds for run in runs]),
        ("WER, %", "%.1f", [wer(run, told).rate for run in runs]),
        (
            f"words in silence, and in {CLIP_SECONDS} s\nin which nothing is said",
            "%d",
            [invented(run, [*told, nothing])[0] for run in runs],
        ),
        ("peak memory, MB", "%.0f", [run.peak_mb for run in runs]),
    )
    names = [f"{run.title}\n{run.sound}" for run in runs]
    height = 1.4 + 0.5 * len(runs)
    figure, axes = plt.subplots(1, len(panels), figsize=(15, height), sharey=True, layout="constrained")
    shades = [OURS if run.title.startswith("this program") else PEER for run in runs]
    for one, (title, form, values) in zip(axes, panels, strict=True):
        one.bar_label(one.barh(range(len(runs)), values, color=shades), fmt=form, padding=3, fontsize=8)
        one.set_title(title, fontsize=10)
        one.set_yticks(range(len(runs)), names, fontsize=8)
        one.margins(x=0.18)
        one.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()  # once: the panels share it
    figure.savefig(path, dpi=120)
