"""Nothing is invented where nobody speaks, and what one look misses the other finds, with the embedded weights.

`TRANSCRIBE_NO_SPEECH_SECONDS=600` makes each sound without speech ten minutes long, which takes minutes.
"""

import os
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests import no_speech
from tests.test_diarization_models import diarized
from tests.test_recognition_models import job, normal_words, sound, telephone, text, words
from transcribe.engines import SAMPLE_RATE, RecognitionJob, Samples
from transcribe.progress import SilentProgress
from transcribe.recognition import fast
from transcribe.recognition.quarantine import is_mere_sign
from transcribe.recognition.recognizer import WhisperRecognizer
from transcribe.recognition.windows import voiced_within
from transcribe.records import UNSUPPORTED, Recognition, Segment
from transcribe.weights import locate, revision

pytestmark = pytest.mark.models

SECONDS = float(os.environ.get("TRANSCRIBE_NO_SPEECH_SECONDS", "150"))
SOUNDS: dict[str, Callable[[float], Samples]] = {
    "silence": no_speech.silence,
    "hiss": no_speech.hiss,
    "music": no_speech.music,
    "cafe": no_speech.cafe,
    "door": no_speech.door,
}
QUIET = ("silence", "hiss", "door")


def recognized(*jobs: RecognitionJob) -> list[Recognition]:
    recognizer = WhisperRecognizer(locate("whisper-base"), revision("whisper-base"))
    results = []
    for outcome in recognizer.recognize(jobs, SilentProgress()):
        assert isinstance(outcome.result, Recognition)
        results.append(outcome.result)
    return results


def invented(recognition: Recognition) -> list[Segment]:
    """What a coder would read as speech: all but sounds of listening that are flagged."""
    return [
        segment
        for segment in recognition.segments
        if not (is_mere_sign(segment.words) and all(UNSUPPORTED in word.flags for word in segment.words))
    ]


@pytest.fixture(scope="module")
def taken_for_speech() -> dict[str, Recognition]:
    """The worst case: a mask by which somebody speaks all the time (for music, the diariser's own says so)."""
    jobs = []
    for name, make in SOUNDS.items():
        samples = make(SECONDS)
        jobs.append(job(name, samples, [(0.0, len(samples) / SAMPLE_RATE)]))
    return dict(zip(SOUNDS, recognized(*jobs), strict=True))


@pytest.mark.parametrize("name", SOUNDS)
def test_no_sentence_is_invented_even_where_the_mask_is_wrong(
    name: str, taken_for_speech: dict[str, Recognition]
) -> None:
    recognition = taken_for_speech[name]
    assert not invented(recognition)
    marked = sum(voiced_within(recognition.inaudible, a, b) for a, b in [(0.0, SECONDS)])
    assert marked >= 0.9 * SECONDS, "what nobody could hear is marked, not left out"


@pytest.mark.parametrize("name", ["silence", "music", "cafe"])
def test_what_was_put_away_can_be_read(name: str, taken_for_speech: dict[str, Recognition]) -> None:
    put_away = taken_for_speech[name].quarantined
    assert any(any(map(str.isalpha, item.text)) for item in put_away)
    assert {item.reason for item in put_away} <= {"silence", "unsure", "loop"}
    assert all(0 <= item.start <= item.end <= SECONDS for item in put_away)


@pytest.mark.parametrize("name", QUIET)
def test_the_diariser_hears_nobody_where_it_is_quiet(name: str) -> None:
    samples = SOUNDS[name](60.0)
    outcome = diarized(name, samples)
    assert not isinstance(outcome.result, Exception)
    mask = outcome.result.diarization.speech
    assert sum(end - start for start, end in mask) < 2.0
    (recognition,) = recognized(job(name, samples, mask))
    assert not invented(recognition)


@pytest.fixture(scope="module")
def conversation() -> RecognitionJob:
    turns = [line.split() for line in telephone().with_suffix(".rttm").read_text().splitlines()]
    return job("sample", sound(telephone()), [(float(t[3]), float(t[3]) + float(t[4])) for t in turns])


def test_what_the_first_look_misses_is_found_by_the_second(
    conversation: RecognitionJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = recognized(conversation)
    assert whole.quarantined == ()
    assert whole.unsupported_words == 0
    looks = []

    def missing(*given: object) -> list[Segment]:
        looks.append(given[0])
        found = original(*given)
        return [segment for segment in found if len(looks) > 1 or not 12.0 < segment.start < 18.0]

    original = fast.window_segments
    monkeypatch.setattr(fast, "window_segments", missing)
    (mended,) = recognized(conversation)
    assert len(looks) > whole.windows
    lost = [word for word in words(whole) if 12.0 < word.start < 18.0]
    assert len(lost) > 10
    found = normal_words("".join(word.text for word in words(mended) if 11.5 < word.start < 18.5))
    expected = normal_words("".join(word.text for word in lost))
    assert sum(word in found for word in expected) >= 0.7 * len(expected)
    assert abs(len(normal_words(text(mended))) - len(normal_words(text(whole)))) <= 4, "and no word comes twice"
    starts = [word.start for word in words(mended)]
    assert starts == sorted(starts)
    assert all(before.end <= after.start + 1e-6 for before, after in pairwise(words(mended)))
    assert mended.covered_seconds >= whole.covered_seconds - 1.5


def test_what_both_looks_miss_is_marked(conversation: RecognitionJob, monkeypatch: pytest.MonkeyPatch) -> None:
    original = fast.window_segments

    def deaf(*given: object) -> list[Segment]:
        return [segment for segment in original(*given) if not 12.0 < segment.start < 18.0]

    monkeypatch.setattr(fast, "window_segments", deaf)
    (recognition,) = recognized(conversation)
    assert any(start < 15.0 < end for start, end in recognition.inaudible)
    assert not any(
        start < word.end and word.start < end for start, end in recognition.inaudible for word in words(recognition)
    )
