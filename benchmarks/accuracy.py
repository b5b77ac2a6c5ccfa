"""Errors of the main job against references: words, speakers, turns, names.

    .venv/bin/python benchmarks/accuracy.py

Runs `transcribe run` with the draft weights on the sample study and on the telephone conversation inside
pyannote.audio, and prints a Markdown table. WER: Whisper's normaliser. cpWER: meeteval. DER: no collar, overlap scored;
the gold turns of the synthetic study include their pauses, which count as missed. "Names": identifying surfaces of the
reference that were heard right, and how many of those are left in the coders' text.
"""

import contextlib
import importlib.util
import io
import os
import shutil
import tempfile
from pathlib import Path

from transcribe.cli import run_command
from transcribe.evaluation import (
    Gold,
    cp_word_error_rate,
    diarization_error_rate,
    heard,
    read_gold,
    read_rttm,
    read_stm,
    turns_of,
    word_error_rate,
    wrong_speaker_rate,
)
from transcribe.records import Diarization, Recognition, SpeechTurn, Transcript
from transcribe.store import StudyFolder, stored

SAMPLES = Path(__file__).parent.parent / "samples"
LABELS = {"Interviewer": "INT", "PSW": "D01-PSW", "PIR": "D01-PIR"}
HEADER = "id,file,part,pair,role,person,session,date,language,speakers,also_present,consent,include,note"


def run(audio: Path, study: StudyFolder) -> None:
    """The main job, its own words kept off stdout."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = run_command(["run", str(audio), "--study", str(study.root), "--quality", "draft", "--progress", "none"])
    assert code == 0


def line(study: StudyFolder, name: str, gold: Gold, turns: tuple[SpeechTurn, ...], shown: str) -> str:
    """One row of the table."""
    recognition = stored(Recognition, study, name, "recognize", None)
    diarization = stored(Diarization, study, name, "diarize", None)
    transcript = stored(Transcript, study, name, "attribute", None)
    assert recognition is not None
    assert diarization is not None
    assert transcript is not None
    wer = word_error_rate(" ".join(t.text for t in gold.turns), " ".join(s.text for s in recognition.segments))
    cpwer = cp_word_error_rate(gold.turns, turns_of(transcript))
    der = diarization_error_rate(turns, diarization.turns)
    labelled = {turn.speaker for turn in gold.turns} >= {u.speaker for u in transcript.utterances}
    wrong = f"{100 * wrong_speaker_rate(gold.turns, transcript).rate:.1f}" if labelled else ""
    understood = heard(gold.surfaces, " ".join(u.text for u in transcript.utterances))
    released = (study.coders / "transcripts" / "txt" / f"{name}.txt").read_text("utf-8-sig")
    names = f"{len(understood)} of {len(gold.surfaces)}, {len(heard(understood, released))}"
    return f"| {shown} | {100 * wer.rate:.1f} | {100 * cpwer.rate:.1f} | {wrong} | {100 * der.rate:.1f} | {names} |"


def main() -> None:
    """Runs both studies and prints the table."""
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    telephone = Path(spec.origin).parent / "sample"
    print("| recording | WER, % | cpWER, % | words with wrong speaker, % | DER, % | names heard, left in coders/ |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRANSCRIBE_CONFIG"] = f"{folder}/config"
        audio = Path(folder) / "audio"
        audio.mkdir()
        shutil.copy(telephone / "sample.wav", audio / "P01-OBS.wav")
        row = "P01-OBS,P01-OBS.wav,1,P01,OBS,,1,2026-03-05,en,2,,transcribe,yes,"
        (audio / "manifest.csv").write_text(f"{HEADER}\n{row}\n")
        study = StudyFolder(Path(folder) / "telephone")
        run(audio, study)
        gold = Gold(read_stm(telephone / "sample.stm"), ("Diane", "Sheila", "New Jersey", "Texas", "Chicago"))
        print(line(study, "P01-OBS", gold, read_rttm(telephone / "sample.rttm"), "telephone conversation (real)"))
        study = StudyFolder(Path(folder) / "samples")
        run(SAMPLES, study)
        for name in ("D01-PSW", "D01-PIR", "D01-OBS"):
            gold = read_gold(SAMPLES / "gold" / f"{name}.json", LABELS)
            turns = tuple(SpeechTurn(turn.speaker, turn.start, turn.end) for turn in gold.turns)
            print(line(study, name, gold, turns, f"{name} (synthetic)"))


if __name__ == "__main__":
    main()
