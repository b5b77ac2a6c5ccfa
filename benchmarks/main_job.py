"""Seconds per stage, × real time and peak memory of the main job on the sample study.

    .venv/bin/python benchmarks/main_job.py [AUDIO_FOLDER]

Runs `transcribe run AUDIO_FOLDER --study <new folder> --quality draft` in a process of its own, as a lab would, and
prints a Markdown table. Nothing else should be running on the machine.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from transcribe.records import Recording
from transcribe.store import STAGE_OUTPUTS, StudyFolder, read_run_log, stored

SAMPLES = Path(__file__).parent.parent / "samples"


def main() -> None:
    """Runs the job once and prints the table."""
    audio = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    with tempfile.TemporaryDirectory() as folder:
        study = StudyFolder(Path(folder) / "study")
        environment = {**os.environ, "TRANSCRIBE_CONFIG": str(Path(folder) / "config")}
        command = [sys.executable, "-m", "transcribe", "run", str(audio), "--study", str(study.root)]
        command += ["--quality", "draft", "--progress", "none", "--recovery-kept", "nowhere"]
        started = time.monotonic()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        wall = time.monotonic() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        names = [path.parent.name for path in study.private.glob("*/run.json")]
        seconds = dict.fromkeys(STAGE_OUTPUTS, 0.0)
        length = 0.0
        for name in names:
            recording = stored(Recording, study, name, "probe", None)
            length += recording.duration if recording is not None else 0.0
            for run in read_run_log(study, name).stages:
                seconds[run.stage] += run.seconds
    print(f"{len(names)} recordings, {length:.0f} s of audio, {os.cpu_count()} cores, peak memory {peak:.0f} MB\n")
    print("| stage | seconds | × real time |")
    print("|---|---|---|")
    for stage, spent in seconds.items():
        speed = f"{length / spent:.1f}" if spent >= 0.05 else ""
        print(f"| {stage} | {spent:.1f} | {speed} |")
    rest = wall - sum(seconds.values())
    print(f"| start of the program, imports, loading of weights, release | {rest:.1f} | |")
    print(f"| **whole command** | {wall:.1f} | {length / wall:.1f} |")


if __name__ == "__main__":
    main()
