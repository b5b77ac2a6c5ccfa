"""Recognition of real speech with the embedded default weights, beside openai-whisper with the same ones."""

import json
import subprocess
import sys
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from rapidfuzz.distance import Levenshtein
from whisper.normalizers import EnglishTextNormalizer

from tests.recognition_model import load_openai, margins
from transcribe.audio.ffmpeg import ffmpeg_binary
from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, RecognitionJob, RecognitionOptions, Samples
from transcribe.progress import SilentProgress
from transcribe.recognition.features import log_mel
from transcribe.recognition.recognizer import WhisperRecognizer
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.slot_engine import SlotEngine
from transcribe.recognition.whisper_model import load_model, multiplies_bfloat16
from transcribe.recognition.windows import pack_windows
from transcribe.records import UNSUPPORTED, Interval, Recognition, Recording, Word
from transcribe.weights import locate, revision

pytestmark = pytest.mark.models

SAMPLES = Path(__file__).parent.parent / "samples"


def telephone() -> Path:
    """The real conversation inside pyannote.audio: `.wav`, `.rttm`, `.stm`."""
    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / "sample.wav"


def sound(path: Path) -> Samples:
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-i", f"file:{path}", "-f", "f32le"]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32).copy()


def job(name: str, samples: Samples, speech: Sequence[Interval], language: str = "en") -> RecognitionJob:
    recording = Recording(name, "", "PSW", "", 1, language, (), len(samples) / SAMPLE_RATE)
    return RecognitionJob(DecodedAudio.of(recording, samples), tuple(speech), (language,))


@pytest.fixture(scope="module")
def conversation() -> RecognitionJob:
    turns = [line.split() for line in telephone().with_suffix(".rttm").read_text().splitlines()]
    return job("sample", sound(telephone()), [(float(t[3]), float(t[3]) + float(t[4])) for t in turns])


@pytest.fixture(scope="module")
def observation() -> RecognitionJob:
    gold = json.loads((SAMPLES / "gold" / "D01-OBS.json").read_text())
    return job("D01-OBS", sound(SAMPLES / "D01-OBS.ogg"), [(turn["start"], turn["end"]) for turn in gold["turns"]])


FLOAT32 = RecognitionOptions(precision="float32")


@cache
def recognizer(options: RecognitionOptions = FLOAT32, slots: int = 0) -> WhisperRecognizer:
    return WhisperRecognizer(locate("whisper-base"), revision("whisper-base"), options, slots=slots)


def recognized(
    jobs: Sequence[RecognitionJob], options: RecognitionOptions = FLOAT32, slots: int = 0
) -> list[Recognition]:
    results = []
    for outcome in recognizer(options, slots).recognize(jobs, SilentProgress()):
        assert isinstance(outcome.result, Recognition)
        results.append(outcome.result)
    return results


@pytest.fixture(scope="module", autouse=True)
def models_go_with_the_module() -> Iterator[None]:
    yield
    recognizer.cache_clear()


@pytest.fixture(scope="module")
def both(conversation: RecognitionJob, observation: RecognitionJob) -> list[Recognition]:
    return recognized([conversation, observation])


@pytest.fixture(scope="module")
def parity() -> Iterator[ModuleType]:
    """`benchmarks/exact_parity.py`, which is in no package."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
        import exact_parity

        yield exact_parity
        sys.modules.pop("exact_parity")


@pytest.fixture(scope="module")
def sequential(
    parity: ModuleType, conversation: RecognitionJob, observation: RecognitionJob
) -> list[tuple[Track, list[Any]]]:
    """What `whisper.transcribe(temperature=0)` makes of the conversation and of a minute of the observation."""
    model = load_openai(locate("whisper-base"))
    tracks = [conversation.audio.mix, Track.of(observation.audio.cut(0, 60 * SAMPLE_RATE))]
    return [(track, parity.theirs(model, track.samples)) for track in tracks]


def text(recognition: Recognition) -> str:
    return "".join(segment.text for segment in recognition.segments)


def words(recognition: Recognition) -> list[Word]:
    return [word for segment in recognition.segments for word in segment.words]


@cache
def normalizer() -> EnglishTextNormalizer:
    with warnings.catch_warnings():
        # openai-whisper leaves the file with its spellings to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        return EnglishTextNormalizer()


def normal_words(said: str) -> list[str]:
    """Words after Whisper's own normalisation."""
    return str(normalizer()(said)).split()


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Per cent, after Whisper's own normalisation."""
    expected, found = normal_words(reference), normal_words(hypothesis)
    return 100 * Levenshtein.distance(expected, found) / len(expected)


def test_telephone_conversation_is_recognised_as_well_as_by_openai_whisper(
    both: list[Recognition], sequential: list[tuple[Track, list[Any]]]
) -> None:
    lines = telephone().with_suffix(".stm").read_text().splitlines()
    reference = " ".join(line.split(maxsplit=5)[5] for line in lines)
    theirs = "".join(part.text for part in sequential[0][1])
    assert word_error_rate(reference, text(both[0])) <= word_error_rate(reference, theirs) + 3


def test_the_exact_schedule_states_openai_whispers_segments(
    parity: ModuleType, sequential: list[tuple[Track, list[Any]]]
) -> None:
    """Both recordings side by side, text, begin and end; all recordings: `benchmarks/exact_parity.py`."""
    engine = SlotEngine(load_model(locate("whisper-base"), "cpu"), slots=4)
    found = parity.ours(engine, [track for track, _ in sequential])
    same = sum(parity.alike(mine, theirs) for mine, (_, theirs) in zip(found, sequential, strict=True))
    total = sum(max(len(mine), len(theirs)) for mine, (_, theirs) in zip(found, sequential, strict=True))
    assert total > 15
    assert same / total >= 0.99


def test_synthetic_observation_is_recognised(both: list[Recognition]) -> None:
    gold = json.loads((SAMPLES / "gold" / "D01-OBS.json").read_text())
    assert word_error_rate(" ".join(turn["text"] for turn in gold["turns"]), text(both[1])) <= 6


def test_word_times_meet_the_reference(both: list[Recognition]) -> None:
    """Where a person's turn begins with a word that was heard right, that word begins there."""
    lines = telephone().with_suffix(".stm").read_text().splitlines()
    turns = [(float(line.split()[3]), normal_words(line.split(maxsplit=5)[5])[0]) for line in lines]
    heard = words(both[0])
    misses = []
    for start, first in turns:
        same = [abs(word.start - start) for word in heard if normal_words(word.text)[:1] == [first]]
        if same and min(same) < 1.0:
            misses.append(min(same))
    assert len(misses) >= 9
    assert np.median(misses) <= 0.15


def test_records_keep_their_promises(
    both: list[Recognition], conversation: RecognitionJob, observation: RecognitionJob
) -> None:
    for recognition, given in zip(both, (conversation, observation), strict=True):
        said = words(recognition)
        assert all("".join(word.text for word in s.words) == s.text for s in recognition.segments)
        assert all(before.end <= after.start for before, after in pairwise(said))
        assert said[0].start >= 0
        assert said[-1].end <= given.audio.seconds
        assert all(0 < word.probability <= 1 for word in said)
        assert not [word for word in said if word.flags]
        assert 0.7 < recognition.covered_seconds / recognition.voiced_seconds <= 1.0


def test_text_depends_neither_on_slots_nor_on_other_recordings(
    both: list[Recognition], conversation: RecognitionJob
) -> None:
    (alone,) = recognized([conversation], slots=1)
    together = both[0]
    assert [(s.text, s.temperature) for s in alone.segments] == [(s.text, s.temperature) for s in together.segments]
    assert [w.start for w in words(alone)] == pytest.approx([w.start for w in words(together)], abs=0.021)


def test_no_bit_depends_on_the_order_of_windows_and_no_word_on_the_number_of_slots(
    conversation: RecognitionJob, observation: RecognitionJob
) -> None:
    """Real windows through 16 slots in two orders, and through one: `tests/test_recognition_engine.py` does it with
    random weights in many orders.
    """
    model = load_model(locate("whisper-base"), "cpu")
    windows = [
        window.cut(each.audio.mix)
        for each in (conversation, observation)
        for window in pack_windows(each.speech, each.audio.mix, 12.0)
    ][:6]
    assert len(windows) == 6
    with torch.inference_mode():
        features = [model.encode(log_mel(window, 80, torch.device("cpu"))[None])[0] for window in windows]

    def asked(number: int) -> Request:
        return Request(
            mel=lambda: log_mel(windows[number], 80, torch.device("cpu")),
            languages=("en",),
            temperatures=(0.0,),
            most_tokens=100,
            frames=len(windows[number]) // 320,
            seed=number,
            features=features[number],
        )

    def decoded(order: Sequence[int], slots: int) -> list[Heard]:
        requests = {asked(number): number for number in order}
        found: dict[int, Heard] = {}
        for request, heard in SlotEngine(model, slots=slots).decode(deque(requests)):
            assert isinstance(heard, Heard)
            found[requests[request]] = heard
        return [found[number] for number in range(len(windows))]

    numbers = list(range(len(windows)))
    expected = decoded(numbers, 16)
    for number, heard in enumerate(decoded([*numbers[5:], *numbers[4::-1]], 16)):
        if heard != expected[number]:
            pytest.fail(margins(model, asked(number), expected[number], heard))
    for number, heard in enumerate(decoded(numbers, 1)):
        if heard.hypothesis.tokens != expected[number].hypothesis.tokens:
            pytest.fail(margins(model, asked(number), expected[number], heard))
        assert heard.hypothesis.probabilities == pytest.approx(expected[number].hypothesis.probabilities, abs=1e-3)
        assert heard.starts == pytest.approx(expected[number].starts, abs=0.021)


@pytest.mark.skipif(not multiplies_bfloat16(), reason="this processor does not multiply bfloat16")
def test_the_precision_that_is_chosen_changes_a_few_words_at_most(
    conversation: RecognitionJob, both: list[Recognition]
) -> None:
    (recognition,) = recognized([conversation], RecognitionOptions(precision="auto"))
    expected, found = normal_words(text(both[0])), normal_words(text(recognition))
    assert Levenshtein.distance(expected, found) <= 3
    assert np.median(starts_apart(both[0], recognition)) <= 0.021


def starts_apart(one: Recognition, other: Recognition) -> list[float]:
    """How far apart (s) the nearest words of the same text begin."""
    near = [
        [abs(a.start - b.start) for b in words(other) if normal_words(a.text) == normal_words(b.text)]
        for a in words(one)
    ]
    return [min(distances) for distances in near if distances]


def test_language_is_found_when_none_is_given(conversation: RecognitionJob, both: list[Recognition]) -> None:
    unstated = RecognitionJob(conversation.audio, conversation.speech, ())
    (recognition,) = recognized([unstated])
    assert {segment.language for segment in recognition.segments} == {"en"}
    assert text(recognition) == text(both[0])


def test_the_empty_second_half_of_a_file_gives_no_words(conversation: RecognitionJob, both: list[Recognition]) -> None:
    half = np.concatenate([conversation.audio.samples, np.zeros(60 * SAMPLE_RATE, dtype=np.float32)])
    (recognition,) = recognized([job("half", half, conversation.speech)])
    assert text(recognition) == text(both[0])
    assert words(recognition)[-1].end <= conversation.audio.seconds


def test_noise_that_the_mask_takes_for_speech_gives_no_sentence() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, 20 * SAMPLE_RATE).astype(np.float32)
    (recognition,) = recognized([job("noise", noise, [(0.0, 20.0)])])
    assert len(text(recognition).split()) <= 2


def test_a_phantom_over_silence_is_flagged(conversation: RecognitionJob) -> None:
    """What lies in a pause that a window keeps is heard, but the mask knows of no speech there."""
    (recognition,) = recognized([job("gap", conversation.audio.samples, [(6.6, 14.2), (15.9, 29.9)])])
    inside = [word for word in words(recognition) if word.start > 14.4 and word.end < 15.7]
    assert inside
    assert all(word.flags == (UNSUPPORTED,) for word in inside)
