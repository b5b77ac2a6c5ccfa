"""Who spoke when in real speech, with the embedded default weights; and that nothing is sent anywhere."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.test_diarization import HeardProgress, job
from transcribe.audio.ffmpeg import ffmpeg_binary
from transcribe.diarization.diarizer import PyannoteDiarizer, draft_diarizer
from transcribe.diarization.torchaudio_stub import TELEMETRY_VARIABLE
from transcribe.diarization.turns import spoken_seconds
from transcribe.diarization.voices import Diarized, is_sound
from transcribe.engines import SAMPLE_RATE, DecodedAudio, DiarizationJob, Outcome, Samples
from transcribe.progress import SilentProgress
from transcribe.record_json import to_json
from transcribe.records import Diarization, Interval, SpeechTurn
from transcribe.weights import locate, revision

pytestmark = pytest.mark.models

SAMPLES = Path(__file__).parent.parent / "samples"
FILES = {"D01-OBS": "D01-OBS.ogg", "D01-PIR": "D01-PIR.m4a", "D01-PSW": "D01-PSW.mp3"}
STUDY = ("D01-OBS", "D01-PIR")
"""Those that are diarised whole."""
TELEPHONE = "sample"
"""The real conversation of two people inside pyannote.audio."""

FRAME = SAMPLE_RATE // 50
CLEARLY_LOUDER_DB = 3.0


def telephone() -> Path:
    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / "sample.wav"


@cache
def sound(name: str) -> Samples:
    path = telephone() if name == TELEPHONE else SAMPLES / FILES[name]
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-i", f"file:{path}", "-f", "f32le"]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)


@cache
def reference(name: str) -> tuple[SpeechTurn, ...]:
    if name == TELEPHONE:
        lines = [line.split() for line in telephone().with_suffix(".rttm").read_text().splitlines()]
        return tuple(SpeechTurn(f[7], float(f[3]), float(f[3]) + float(f[4])) for f in lines)
    gold = json.loads((SAMPLES / "gold" / f"{name}.json").read_text())
    return tuple(SpeechTurn(turn["speaker"], turn["start"], turn["end"]) for turn in gold["turns"])


@cache
def engine() -> PyannoteDiarizer:
    models = ("pyannote-segmentation-3.0", "campplus-zh-en")
    segmentation, embedding = (locate(model) for model in models)
    # One thread: two on a machine that is busy with something else wait for each other.
    return draft_diarizer(segmentation, embedding, "+".join(map(revision, models)), device="cpu", threads=1)


def diarized(name: str, samples: Samples, speakers: int | None = None) -> Outcome[Diarized]:
    (outcome,) = engine().diarize([job(name, samples, speakers)], SilentProgress())
    return outcome


@cache
def result(name: str) -> Diarization:
    outcome = diarized(name, sound(name), 2)
    assert isinstance(outcome.result, Diarized)
    assert outcome.warnings == ()
    return outcome.result.diarization


def errors(name: str, turns: tuple[SpeechTurn, ...]) -> dict[str, float]:
    """pyannote.metrics' parts of DER, no collar, overlap scored."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(spoken: tuple[SpeechTurn, ...]) -> Annotation:
        made = Annotation()
        for number, turn in enumerate(spoken):
            made[Segment(turn.start, turn.end), number] = turn.speaker
        return made

    whole = Timeline([Segment(0, len(sound(name)) / SAMPLE_RATE)])
    found: dict[str, float] = DiarizationErrorRate()(
        annotation(reference(name)), annotation(turns), uem=whole, detailed=True
    )
    return found


def frames_in(spans: list[Interval], count: int) -> np.ndarray:
    centres = (np.arange(count) + 0.5) * FRAME / SAMPLE_RATE
    return np.array([any(start <= time < end for start, end in spans) for time in centres])


def test_telephone_conversation() -> None:
    found = result(TELEPHONE)
    assert {turn.speaker for turn in found.turns} == {"SPEAKER-1", "SPEAKER-2"}
    assert errors(TELEPHONE, found.turns)["diarization error rate"] <= 0.06


def test_two_voices_are_found_without_being_told() -> None:
    outcome = diarized(TELEPHONE, sound(TELEPHONE))
    assert isinstance(outcome.result, Diarized)
    assert {turn.speaker for turn in outcome.result.diarization.turns} == {"SPEAKER-1", "SPEAKER-2"}


@pytest.mark.parametrize("name", STUDY)
def test_voices_of_the_sample_study_are_not_confused(name: str) -> None:
    # The reference's turns hold the pauses inside them, so that misses say little; who it is must be right.
    found = errors(name, result(name).turns)
    assert found["confusion"] / found["total"] <= 0.02
    assert found["false alarm"] / found["total"] <= 0.02


@pytest.mark.parametrize("name", [TELEPHONE, *STUDY])
def test_the_mask_covers_the_speech(name: str) -> None:
    samples = sound(name)
    count = len(samples) // FRAME
    level = 10 * np.log10(np.square(samples[: count * FRAME].reshape(count, FRAME)).mean(axis=1) + 1e-12)
    spoken = frames_in([(turn.start, turn.end) for turn in reference(name)], count)
    # The reference's turns hold pauses; speech is what is louder in them than nearly all of the background.
    speech = spoken & (level > np.percentile(level[~spoken], 95) + CLEARLY_LOUDER_DB)
    mask = frames_in(list(result(name).speech), count)
    assert speech.sum() > 0.4 * spoken.sum()
    assert mask[speech].mean() >= 0.99
    assert mask.mean() < 0.95  # and it leaves something out


@pytest.mark.parametrize("name", [TELEPHONE, *STUDY])
def test_exclusive_turns_and_mask_fit_the_turns(name: str) -> None:
    found = result(name)
    assert all(before.end <= after.start for before, after in pairwise(found.exclusive))
    count = len(sound(name)) // FRAME
    anybody = frames_in([(turn.start, turn.end) for turn in found.turns], count)
    assert (frames_in([(turn.start, turn.end) for turn in found.exclusive], count) == anybody).mean() > 0.998
    assert frames_in(list(found.speech), count)[anybody].all()


def test_recordings_together_give_the_same_bytes_as_alone() -> None:
    short = sound("D01-OBS")[: 13 * SAMPLE_RATE]
    jobs = [job("D01-OBS", short, 2), job(TELEPHONE, sound(TELEPHONE), 2)]
    together = {outcome.recording: outcome.result for outcome in engine().diarize(jobs, SilentProgress())}
    for name, samples in (("D01-OBS", short), (TELEPHONE, sound(TELEPHONE))):
        alone = diarized(name, samples, 2).result
        assert isinstance(alone, Diarized)
        assert to_json(alone) == to_json(together[name])


def test_voices_have_vectors_that_tell_them_apart() -> None:
    outcome = diarized(TELEPHONE, sound(TELEPHONE), 2)
    assert isinstance(outcome.result, Diarized)
    one, other = outcome.result.voices.voices
    assert (one.voice, other.voice) == ("SPEAKER-1", "SPEAKER-2")
    assert is_sound(one)
    assert is_sound(other)
    assert np.dot(one.vector, other.vector) < 0.7
    for voice in (one, other):
        alone = sum(t.end - t.start for t in outcome.result.diarization.exclusive if t.speaker == voice.voice)
        assert 0.6 * alone < voice.seconds <= alone + 0.1


def spoken_by(name: str, speaker: str, seconds: float) -> Samples:
    """So much of one voice's turns, one after the other."""
    own = [turn for turn in reference(name) if turn.speaker == speaker]
    others = [turn for turn in reference(name) if turn.speaker != speaker]
    alone = [t for t in own if not any(t.start < other.end and other.start < t.end for other in others)]
    cut = [sound(name)[int(t.start * SAMPLE_RATE) : int(t.end * SAMPLE_RATE)] for t in alone]
    return np.concatenate(cut)[: int(seconds * SAMPLE_RATE)]


def seconds_of(found: Diarization) -> list[float]:
    return sorted(spoken_seconds(found.turns).values(), reverse=True)


def test_a_tenth_of_the_talk_and_somebody_who_walks_in() -> None:
    much, little = spoken_by("D01-PSW", "PSW", 30), spoken_by("D01-PIR", "Interviewer", 7)
    tenth = [much[: 20 * SAMPLE_RATE], little[: 3 * SAMPLE_RATE], much[20 * SAMPLE_RATE : 27 * SAMPLE_RATE]]
    outcome = diarized("P01-PSW", np.concatenate(tenth), 2)
    assert isinstance(outcome.result, Diarized)
    assert outcome.warnings == ()
    talker, listener = seconds_of(outcome.result.diarization)
    assert listener == pytest.approx(2.5, abs=0.7)  # the turns hold pauses
    assert talker > 22

    before = [much[: 20 * SAMPLE_RATE], little, much[20 * SAMPLE_RATE : 27 * SAMPLE_RATE]]
    start = sum(map(len, before)) / SAMPLE_RATE
    stranger = sound(TELEPHONE)[22 * SAMPLE_RATE : int(27.5 * SAMPLE_RATE)]
    outcome = diarized("P01-PSW", np.concatenate([*before, stranger, much[-3 * SAMPLE_RATE :]]), 2)
    assert isinstance(outcome.result, Diarized)
    assert len(seconds_of(outcome.result.diarization)) == 3
    (warning,) = outcome.warnings
    times = re.fullmatch(r"a voice beyond the 2 expected speaks from 0:(\d\d) to 0:(\d\d)", warning)
    assert times is not None
    assert [int(time) for time in times.groups()] == pytest.approx([start, start + 5.5], abs=1.5)


def test_two_microphones_with_bleed() -> None:
    recorded_by = {0: spoken_by("D01-PSW", "PSW", 30), 1: spoken_by("D01-PIR", "PIR", 30)}
    alone = np.zeros((2, 20 * SAMPLE_RATE), np.float32)
    turns = [(0, 0.5, 6.0), (1, 6.2, 12.0), (0, 11.0, 15.0), (1, 15.5, 19.5)]
    for person, start, end in turns:
        piece = slice(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))
        alone[person, piece] = recorded_by[person][piece]
    hiss = np.random.default_rng(0).normal(0, 3e-4, alone.shape).astype(np.float32)
    channels = (alone + 0.1 * alone[::-1] + hiss) * np.array([[1.0], [0.5]], np.float32)  # -20 dB; 6 dB quieter
    mono = job("P01-PSW", channels.mean(axis=0), 2)
    audio = DecodedAudio.of(mono.audio.recording, mono.audio.samples, tuple(channels))
    (outcome,) = engine().diarize([DiarizationJob(audio, 2)], SilentProgress())
    assert isinstance(outcome.result, Diarized)
    assert outcome.warnings == ()
    count = 20 * 50
    for person, speaker in enumerate(("SPEAKER-1", "SPEAKER-2")):
        own = frames_in([(start, end) for one, start, end in turns if one == person], count)
        found = [t for t in outcome.result.diarization.turns if t.speaker == speaker]
        heard = frames_in([(turn.start, turn.end) for turn in found], count)
        assert heard[~own].sum() < 15  # 0.3 s; cross-talk would be 8 s
        assert heard[own].mean() > 0.7  # the turns hold pauses
        assert heard[int(11.2 * 50) : int(11.8 * 50)].mean() > 0.8  # both speak
    assert len(outcome.result.voices.voices) == 2


@pytest.mark.parametrize("speakers", [None, 2])
@pytest.mark.parametrize(
    ("seconds", "loudness"),
    [(0.01, 0.1), (0.2, 0.1), (30.0, 0.0), (30.0, 0.05)],
    ids=["10 ms", "0.2 s", "silence", "noise"],
)
def test_no_speech_gives_no_turns(seconds: float, loudness: float, speakers: int | None) -> None:
    hiss = np.random.default_rng(0).normal(0, 1, int(seconds * SAMPLE_RATE)).astype(np.float32)
    outcome = diarized("P01-PSW", loudness * hiss, speakers)
    assert isinstance(outcome.result, Diarized)
    assert len(outcome.result.diarization.turns) <= (1 if seconds == 0.2 else 0)
    assert sum(end - start for start, end in outcome.result.diarization.speech) <= 0.2
    assert outcome.warnings == ()  # that nobody speaks is told once, by recognition


def test_a_fifth_of_a_second_of_speech() -> None:
    outcome = diarized("P01-PSW", sound(TELEPHONE)[9 * SAMPLE_RATE :][: SAMPLE_RATE // 5])
    assert isinstance(outcome.result, Diarized)
    assert len(outcome.result.diarization.turns) == 1
    assert outcome.result.diarization.speech == ((0.0, 0.2),)


def test_one_voice_where_two_are_expected_is_told_and_not_cut_in_two() -> None:
    outcome = diarized("P01-PSW", spoken_by("D01-PSW", "PSW", 30), 2)
    assert isinstance(outcome.result, Diarized)
    assert {turn.speaker for turn in outcome.result.diarization.turns} == {"SPEAKER-1"}
    assert outcome.warnings == ("voices expected: 2, clearly heard: 1; check who speaks, and the recording",)


def test_progress_adds_up_to_the_recording() -> None:
    progress = HeardProgress()
    list(engine().diarize([job("P01-PSW", sound(TELEPHONE), 2)], progress))
    assert sum(seconds for _, _, seconds in progress.steps) == pytest.approx(30.0)
    assert len(progress.steps) >= 4


WATCHED = """
import sys, time
from pathlib import Path
reached = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        reached.append(event)
        raise OSError("this test lets nothing out")
sys.addaudithook(watch)

import os
import transcribe
del os.environ["OTEL_SDK_DISABLED"]  # the second lock; this is a test of the first, and its control needs it open

import numpy as np
from tests.test_diarization import job
from transcribe.diarization.diarizer import draft_diarizer
from transcribe.progress import SilentProgress

sound = np.fromfile(sys.argv[3], np.float32)
engine = draft_diarizer(Path(sys.argv[1]), Path(sys.argv[2]), "r", device="cpu", threads=1)
outcome, = engine.diarize([job("P01-PSW", sound, 2)], SilentProgress())
from pyannote.audio.telemetry import metrics
enabled = metrics.is_metrics_enabled()
metrics.provider.force_flush(2000)
print(len(outcome.result.diarization.turns), enabled, reached)

# The watch would have seen it: what pyannote does when its telemetry is on.
metrics.set_telemetry_metrics(True)
metrics.track_model_init(object())
for _ in range(100):
    if reached:
        break
    time.sleep(0.1)
print("seen" if reached else "not seen", flush=True)
import os
os._exit(0)
"""


def test_telemetry_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "sound.f32").write_bytes(sound(TELEPHONE)[: 12 * SAMPLE_RATE].tobytes())
    folders = [str(locate(model)) for model in ("pyannote-segmentation-3.0", "campplus-zh-en")]
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    environment = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *folders, str(tmp_path / "sound.f32")],
        cwd=SAMPLES.parent,
        env=environment | {TELEMETRY_VARIABLE: "1"},  # somebody had it on
        capture_output=True,
        text=True,
        check=True,
    )
    told, control = done.stdout.splitlines()
    turns, enabled, reached = told.split(maxsplit=2)
    assert int(turns) > 1
    assert enabled == "False"
    assert reached == "[]"
    assert control == "seen"
