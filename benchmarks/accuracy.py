"""Errors of the main job against references: words, speakers, roles, turns, names.

    .venv/bin/python benchmarks/accuracy.py [STUDY_FOLDER]

Runs `transcribe run` with the draft weights on the telephone conversation inside pyannote.audio and on STUDY_FOLDER
(default: `../shared/study`; else one like `samples/`: audio, `manifest.csv`, `gold/<id>.json`), in temporary folders,
without enrolment, and prints Markdown tables. **The study's voices are synthetic: its figures are regression figures.**

WER: Whisper's normaliser. ORC-WER, cpWER: meeteval; cpWER less ORC-WER is what attribution costs. WDER: of the words
that align with the reference, right or misheard, those of the wrong speaker, voices paired as suits them best. By time:
words whose label is not that of who speaks at the word's middle, so that a wrong role counts. DER: no collar, overlap
scored; the study's gold turns include their pauses, which count as missed. Names: identifying surfaces of the reference
that were heard right, and how many of those are left in the coders' text. Roles: the label of most of the words that
were written down while nobody but that person spoke.
"""

import contextlib
import importlib.util
import io
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from transcribe.cli import run_command
from transcribe.evaluation import (
    Gold,
    cp_word_error_rate,
    diarization_error_rate,
    heard,
    orc_word_error_rate,
    read_gold,
    read_rttm,
    read_stm,
    turns_of,
    word_diarization_error_rate,
    word_error_rate,
    wrong_speaker_rate,
)
from transcribe.records import Diarization, Recognition, SpeechTurn, Transcript
from transcribe.store import StudyFolder, stored

STUDY = Path(__file__).parent.parent.parent / "shared" / "study"
HEADER = "id,file,part,pair,role,person,session,date,language,speakers,also_present,consent,include,note"
COLUMNS = ("WER, %", "ORC-WER, %", "cpWER, %", "attribution costs", "WDER, %", "by time, %", "DER, %")
FINE = (0, 7)
"""Exit codes of a run after which there is something to measure: done, or done and something withheld."""


def run(audio: Path, study: StudyFolder) -> None:
    """The main job, its own words kept off stdout."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = run_command(["run", str(audio), "--study", str(study.root), "--quality", "draft", "--progress", "none"])
    assert code in FINE, code


def named(study: StudyFolder, name: str) -> Transcript:
    """The transcript of a recording, its voices named."""
    transcript = stored(Transcript, study, name, "name", None)
    assert transcript is not None
    return transcript


def line(study: StudyFolder, name: str, gold: Gold, turns: tuple[SpeechTurn, ...], shown: str) -> str:
    """One row of the table of errors."""
    recognition = stored(Recognition, study, name, "recognize", None)
    diarization = stored(Diarization, study, name, "diarize", None)
    assert recognition is not None
    assert diarization is not None
    transcript = named(study, name)
    wer = word_error_rate(" ".join(t.text for t in gold.turns), " ".join(s.text for s in recognition.segments))
    orc, cpwer = (rate(gold.turns, turns_of(transcript)) for rate in (orc_word_error_rate, cp_word_error_rate))
    wder = word_diarization_error_rate(gold.turns, turns_of(transcript))
    der = diarization_error_rate(turns, diarization.turns)
    labelled = {turn.speaker for turn in gold.turns} >= {u.speaker for u in transcript.utterances}
    wrong = f"{100 * wrong_speaker_rate(gold.turns, transcript).rate:.1f}" if labelled else ""
    rates = [f"{100 * rate:.1f}" for rate in (wer.rate, orc.rate, cpwer.rate, cpwer.rate - orc.rate)]
    rates += [f"{100 * wder.rate:.1f} ({wder.errors:.0f} of {wder.length:.0f})", wrong, f"{100 * der.rate:.1f}"]
    understood = heard(gold.surfaces, " ".join(u.text for u in transcript.utterances))
    released = (study.coders / "transcripts" / "txt" / f"{name}.txt").read_text("utf-8-sig")
    names = f"{len(understood)} of {len(gold.surfaces)}, {len(heard(understood, released))}"
    return f"| {shown} | {' | '.join(rates)} | {names} |"


def label_of(gold: Gold, transcript: Transcript, speaker: str) -> str:
    """Who `speaker` is in the transcript: the label of most words in whose middle nobody else speaks."""
    labels: Counter[str] = Counter()
    for utterance in transcript.utterances:
        for word in utterance.words:
            middle = (word.start + word.end) / 2
            if {turn.speaker for turn in gold.turns if turn.start <= middle < turn.end} == {speaker}:
                labels[utterance.speaker] += 1
    return labels.most_common(1)[0][0] if labels else "nobody"


def print_roles(study: StudyFolder, golds: dict[str, Gold]) -> None:
    """Who each person of the references became."""
    right = count = 0
    print("\n| recording | speaker | label | confidence | |\n|---|---|---|---|---|")
    for name, gold in golds.items():
        transcript = named(study, name)
        sure = {role.speaker: role.confidence for role in transcript.speakers}
        for speaker in sorted({turn.speaker for turn in gold.turns}):
            label = label_of(gold, transcript, speaker)
            right, count = right + (label == speaker), count + 1
            verdict = "right" if label == speaker else "**not right**"
            print(f"| {name} | {speaker} | {label} | {sure.get(label, 0.0):.2f} | {verdict} |")
    print(f"\nRoles right without enrolment: {right} of {count}.")


def main() -> None:
    """Runs both studies and prints the tables."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    telephone = Path(spec.origin).parent / "sample"
    print(f"| recording | {' | '.join(COLUMNS)} | names heard, left in coders/ |\n|---|{'---|' * (len(COLUMNS) + 1)}")
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
        study = StudyFolder(Path(folder) / "study")
        run(source, study)
        golds = {}
        for path in sorted((source / "gold").glob("*.json")):
            pair = json.loads(path.read_text("utf-8"))["pair"]
            codes = {"Interviewer": "INT", "PSW": f"{pair}-PSW", "PIR": f"{pair}-PIR"}
            golds[path.stem] = gold = read_gold(path, codes)
            turns = tuple(SpeechTurn(turn.speaker, turn.start, turn.end) for turn in gold.turns)
            print(line(study, path.stem, gold, turns, f"{path.stem} (synthetic)"))
        print_roles(study, golds)


if __name__ == "__main__":
    main()
