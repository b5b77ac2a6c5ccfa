"""How alike the vectors of one person are, and of two: what the defaults of `diarization.voice_scale` rest on.

    .venv/bin/python benchmarks/voice_scale.py

Diarises `../shared/study` (made voices) and `../shared/ami` (people, far from the microphone) with the draft weights
and the reference's number of speakers. Every voice found is whoever of the reference it shares most time with. Printed
are the cosines of pairs in one recording and in two, by the shorter voice's speech.
"""

import tempfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
from diarization import draft_weights, recordings
from diarization_engines import samples_of

from transcribe.diarization.diarizer import draft_diarizer
from transcribe.diarization.voices import Diarized, VoiceVector
from transcribe.engines import DecodedAudio, DiarizationJob
from transcribe.progress import SilentProgress
from transcribe.records import Recording, SpeechTurn

LEAST = (1.5, 3.0, 6.0, 30.0)
"""Seconds of speech from which the classes of voices begin."""
Known = tuple[str, str, VoiceVector]
"""A voice: its recording, who it is in the reference, what it sounds like."""


def main() -> None:
    """Prints the cosines as a table."""
    print("| files | pairs | shorter voice, s | of one person | of two |")
    print("|---|---|---|---|---|")
    for files in ("study", "ami"):
        voices = known_voices(files)
        rows: dict[tuple[str, float], dict[bool, list[float]]] = defaultdict(lambda: {True: [], False: []})
        for (one, who, own), (other, whose, its) in combinations(voices, 2):
            where = "one recording" if one == other else "two recordings"
            shorter = min(own.seconds, its.seconds)
            least = max((least for least in LEAST if least <= shorter), default=0.0)
            rows[where, least][who == whose].append(float(np.dot(own.vector, its.vector)))
        for (where, least), cosines in sorted(rows.items()):
            print(f"| {files} | {where} | from {least:g} | {told(cosines[True])} | {told(cosines[False])} |")


def told(cosines: list[float]) -> str:
    """Mean, standard deviation, extremes and number of some cosines."""
    if not cosines:
        return ""
    values = np.array(cosines)
    return f"{values.mean():.2f} ± {values.std():.2f} ({values.min():.2f} to {values.max():.2f}, {len(values)} pairs)"


def known_voices(files: str) -> list[Known]:
    """The voices of a set of files that were heard long enough to have a vector."""
    weights = draft_weights()
    diarizer = draft_diarizer(
        Path(weights["segmentation"]), Path(weights["embedding"]), "benchmark", device="cpu", threads=2
    )
    found: list[Known] = []
    with tempfile.TemporaryDirectory() as folder:
        for item in recordings(Path(folder), [files]):
            recording = Recording(item.name, "", "OBS", "", 1, "", (), item.seconds)
            audio = DecodedAudio.of(recording, samples_of(str(item.wav)).copy())
            (outcome,) = diarizer.diarize([DiarizationJob(audio, len(item.speakers))], SilentProgress())
            assert isinstance(outcome.result, Diarized)
            turns = outcome.result.diarization.turns
            reference = [SpeechTurn(*turn) for turn in item.turns]
            for voice in outcome.result.voices.voices:
                found.append((item.name, who_is([t for t in turns if t.speaker == voice.voice], reference), voice))
    return found


def who_is(turns: list[SpeechTurn], reference: list[SpeechTurn]) -> str:
    """Whose reference turns share most time with a voice's."""
    shared: dict[str, float] = defaultdict(float)
    for turn in turns:
        for true in reference:
            shared[true.speaker] += max(0.0, min(turn.end, true.end) - max(turn.start, true.start))
    return max(sorted(shared), key=shared.__getitem__)


if __name__ == "__main__":
    main()
