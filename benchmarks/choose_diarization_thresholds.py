"""Chooses the draft diariser's thresholds on the AMI clips and the telephone conversation, leave-one-file-out.

    .venv/bin/python benchmarks/choose_diarization_thresholds.py

The networks run once; then every setting of the grid is clustered and held against the references, the number of voices
unknown (DER, collar 0, overlap scored). A file's cross-validated errors are those under the setting that is best on all
the others. Of equally good settings the one nearest to the present is taken, so that a threshold moves for a reason.
"""

import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diarization import draft_weights, recordings
from diarization_engines import samples_of

from transcribe.diarization import clustering, voicing
from transcribe.evaluation import diarization_error_rate
from transcribe.records import SpeechTurn

GRID = {
    (clustering, "SAME"): (0.40, 0.35, 0.45, 0.30, 0.50),
    (clustering, "VOICE_SHARE"): (0.02, 0.01, 0.05),
    (voicing, "CLUSTERED_SECONDS"): (0.75, 0.5, 1.0, 1.5),
    (voicing, "LANE_WEIGHT"): (0.1, 0.0, 0.2),
}
"""Each threshold's present value first, then the others tried, the nearer before the further."""

Setting = tuple[float, ...]


def main() -> None:
    """Prints each file's DER under the present, the best and the cross-validated setting."""
    errors, lengths = measured()
    present = next(iter(errors))
    best = best_without(errors, "")
    held_out = {name: best_without(errors, name) for name in lengths}
    print(f"{'file':8} {'present':>8} {'best':>8} {'held out':>8}   setting chosen without it")
    for name, length in lengths.items():
        shares = [100 * errors[setting][name] / length for setting in (present, best, held_out[name])]
        print(f"{name:8} {shares[0]:8.2f} {shares[1]:8.2f} {shares[2]:8.2f}   {held_out[name]}")
    for title, names in (("AMI", [name for name in lengths if name.startswith("trn")]), ("all", list(lengths))):
        whole = sum(lengths[name] for name in names)
        totals = [sum(errors[setting][name] for name in names) for setting in (present, best)]
        totals.append(sum(errors[held_out[name]][name] for name in names))
        print(f"{title:8} " + " ".join(f"{100 * total / whole:8.2f}" for total in totals))
    print("present", present, "best", best)


def measured() -> tuple[dict[Setting, dict[str, float]], dict[str, float]]:
    """Seconds of error of every file under every setting, the present first; seconds of speech of every file."""
    with tempfile.TemporaryDirectory() as folder:
        items = recordings(Path(folder), ["ami", "telephone"])
        waveforms = [torch.from_numpy(samples_of(str(item.wav)).copy()) for item in items]
    from transcribe.diarization.pyannote_pipeline import load_draft

    weights = draft_weights()
    segmenter, voices = load_draft(Path(weights["segmentation"]), Path(weights["embedding"]), "cpu")
    segmented = segmenter.segment(waveforms, lambda number, share: None)
    plans = [voices.plan(waveform, one) for waveform, one in zip(waveforms, segmented, strict=True)]
    vectors = voices.embed(plans, lambda number, share: None)
    errors: dict[Setting, dict[str, float]] = {}
    lengths: dict[str, float] = {}
    for setting in itertools.product(*GRID.values()):
        for (module, name), value in zip(GRID, setting, strict=True):
            setattr(module, name, value)
        errors[setting] = {}
        for item, plan, own in zip(items, plans, vectors, strict=True):
            reference = [SpeechTurn(*turn) for turn in item.turns]
            rate = diarization_error_rate(reference, clipped(voices.decide(plan, own, None), item.seconds))
            errors[setting][item.name] = rate.errors
            lengths[item.name] = rate.length
    return errors, lengths


def clipped(found: Any, seconds: float) -> list[SpeechTurn]:
    """The turns found, inside the recording."""
    return [SpeechTurn(t.speaker, t.start, min(t.end, seconds)) for t in found.turns if t.start < seconds]


def best_without(errors: Mapping[Setting, Mapping[str, float]], left_out: str) -> Setting:
    """The setting with the fewest seconds of error on all files but one."""
    return min(errors, key=lambda one: round(sum(s for name, s in errors[one].items() if name != left_out), 3))


if __name__ == "__main__":
    main()
