"""The decoded sound: where it lies in time, which channels are kept, and what stops it."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make_audio import FULL_SCALE, convert, noise, tone, write_video, write_wav
from tests.test_audio_probe import planned
from transcribe.audio import decode as decode_module
from transcribe.audio.decode import Decoded, decode
from transcribe.audio.pcm import stream_samples
from transcribe.audio.probe import probe_recording
from transcribe.engines import SAMPLE_RATE
from transcribe.errors import InputError


def decoded(*files: Path) -> Decoded:
    return decode(probe_recording(planned(*files)), files)


def open_files_in(folder: Path) -> int:
    """How many files of a folder this process holds open, with a name or without one."""
    held = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            held += str(link.readlink()).startswith(f"{folder}/")
    return held


def loudness(samples: np.ndarray, start: float, end: float) -> float:
    piece = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    return float(np.sqrt(np.mean(piece.astype(float) ** 2)))


def test_a_16_khz_wav_is_decoded_sample_by_sample(tmp_path: Path) -> None:
    samples = noise(3)
    result = decoded(write_wav(tmp_path / "a.wav", samples))
    assert result.audio.samples.dtype == np.float32
    assert result.audio.samples.shape == (3 * SAMPLE_RATE,)
    assert result.audio.seconds == 3.0
    written = np.round(np.clip(samples, -1, 1) * FULL_SCALE) / 32_768
    assert np.array_equal(result.audio.samples, written.astype(np.float32))
    assert result.audio.channels == ()
    assert result.warnings == ()


@pytest.mark.parametrize(("rate", "codec"), [(8_000, "pcm_s16le"), (96_000, "pcm_s24le"), (44_100, "pcm_f32le")])
def test_other_rates_keep_time_and_pitch(tmp_path: Path, rate: int, codec: str) -> None:
    source = write_wav(tmp_path / "s.wav", tone(2, rate, 1000), tone(2, rate, 1000), rate=rate)
    audio = decoded(convert(source, tmp_path / "a.wav", "-c:a", codec)).audio
    assert audio.seconds == 2.0
    assert np.argmax(np.abs(np.fft.rfft(audio.samples))) == 2000
    assert audio.channels == ()


@pytest.mark.parametrize("ending", ["m4a", "mp3", "ogg", "opus", "flac", "mka"])
def test_a_sound_is_heard_where_it_was_recorded(tmp_path: Path, ending: str) -> None:
    """A lossy codec's own delay must not shift the words: within 5 ms."""
    samples = np.zeros(4 * 48_000)
    samples[2 * 48_000 : 2 * 48_000 + 4_800] = tone(0.1, 48_000)
    audio = decoded(convert(write_wav(tmp_path / "s.wav", samples, rate=48_000), tmp_path / f"a.{ending}")).audio
    heard = np.flatnonzero(np.abs(audio.samples) > 0.1)
    assert heard[0] / SAMPLE_RATE == pytest.approx(2, abs=0.005)
    assert heard[-1] / SAMPLE_RATE == pytest.approx(2.1, abs=0.005)


def test_sound_that_starts_late_in_a_film_keeps_the_films_time(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "s.wav", tone(2))
    film = write_video(tmp_path / "v.mkv", 5)
    late = tmp_path / "late.mkv"
    convert(film, late, "-itsoffset", "1.5", "-i", f"file:{sound}", "-map", "0:v", "-map", "1:a", "-c:v", "copy")
    audio, warnings = decoded(late).audio, decoded(late).warnings
    assert warnings == ("the file ends early: 3.5 s of 5.0 s could be decoded",)
    assert np.flatnonzero(np.abs(audio.samples) > 0.1)[0] / SAMPLE_RATE == pytest.approx(1.5, abs=0.02)


def test_channels_that_differ_are_kept_and_mixed(tmp_path: Path) -> None:
    left, right = noise(2, seed=1), noise(2, seed=2)
    audio = decoded(write_wav(tmp_path / "a.wav", left, right)).audio
    assert [channel.length for channel in audio.channels] == [2 * SAMPLE_RATE] * 2
    assert np.abs(audio.channels[0].samples - left).max() < 1e-4
    assert np.abs(audio.channels[1].samples - right).max() < 1e-4
    assert np.abs(audio.samples - (left + right) / 2).max() < 1e-4


def test_what_is_long_or_has_many_channels_is_the_same_from_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    same = noise(2, seed=1)
    sources = [(same,), (same, same), (same, noise(2, seed=2)), (same, noise(2, seed=2), noise(2, seed=3))]
    for number, signals in enumerate(sources):
        path = write_wav(tmp_path / f"{number}.wav", *signals)
        recording = probe_recording(planned(path))
        in_memory = decode(recording, [path]).audio
        before = open_files_in(folder)
        usual = decode(recording, [path], folder).audio
        assert open_files_in(folder) - before == (4 if len(signals) == 3 else 0)
        del usual
        with monkeypatch.context() as patch:
            patch.setattr(decode_module, "IN_MEMORY_SECONDS", 1)
            on_disk = decode(recording, [path], folder).audio
        assert open_files_in(folder) == {1: 1, 2: 1 if number == 1 else 3, 3: 4}[len(signals)]
        assert list(folder.iterdir()) == []
        assert np.array_equal(on_disk.samples, in_memory.samples)
        assert on_disk.samples.any()
        pairs = zip(on_disk.channels, in_memory.channels, strict=True)
        assert all(np.array_equal(one.samples, other.samples) for one, other in pairs)
        del on_disk, pairs
        assert open_files_in(folder) == 0


def test_one_signal_on_two_channels_is_one(tmp_path: Path) -> None:
    samples = noise(2)
    for index, right in enumerate((samples, 0.5 * samples, samples + noise(2, seed=2, level=0.005))):
        audio = decoded(write_wav(tmp_path / f"{index}.wav", samples, right)).audio
        assert audio.channels == ()
        assert np.abs(audio.samples - (samples + right) / 2).max() < 1e-4
    lossy = convert(tmp_path / "0.wav", tmp_path / "a.mp3", "-b:a", "64k")
    assert decoded(lossy).audio.channels == ()


def test_a_microphone_in_only_one_socket_keeps_its_level(tmp_path: Path) -> None:
    samples = noise(2)
    for left, right in ((samples, 0 * samples), (0 * samples, samples)):
        audio = decoded(write_wav(tmp_path / "a.wav", left, right)).audio
        assert audio.channels == ()
        assert np.abs(audio.samples - samples).max() < 1e-4


def test_a_microphone_wired_the_wrong_way_round_does_not_silence_the_mix(tmp_path: Path) -> None:
    samples = noise(2)
    result = decoded(write_wav(tmp_path / "a.wav", samples, -samples))
    assert np.abs(result.audio.samples - samples).max() < 1e-3
    assert result.audio.channels == ()
    assert result.warnings == ("its channels have opposite polarity; one is turned",)


def test_silence_on_two_channels(tmp_path: Path) -> None:
    audio = decoded(write_wav(tmp_path / "a.wav", np.zeros(SAMPLE_RATE), np.zeros(SAMPLE_RATE))).audio
    assert audio.channels == ()
    assert not audio.samples.any()


def test_more_channels_than_are_kept_are_mixed_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_module, "MOST_CHANNELS", 2)
    signals = [noise(1, seed=seed) for seed in range(4)]
    audio = decoded(write_wav(tmp_path / "a.wav", *signals)).audio
    assert audio.channels == ()
    assert np.abs(audio.samples - np.mean(signals, axis=0)).max() < 1e-4


def test_parts_are_one_timeline(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "1.wav", noise(1.5, seed=1), noise(1.5, seed=2))
    second = write_wav(tmp_path / "2.wav", noise(1, seed=3), noise(1, seed=4))
    audio = decoded(first, second).audio
    assert audio.seconds == 2.5
    assert len(audio.channels) == 2
    assert np.abs(audio.channels[1].samples[24_000:] - noise(1, seed=4)).max() < 1e-4
    mono = write_wav(tmp_path / "3.wav", tone(1))
    mixed = decoded(first, mono).audio
    assert mixed.channels == ()
    assert mixed.seconds == 2.5
    assert loudness(mixed.samples, 1.5, 2.5) == pytest.approx(0.3 / 2**0.5, rel=0.01)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(8_000, 40_000), min_size=1, max_size=3))
def test_duration_offset_and_samples_agree_for_odd_lengths(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    files = [write_wav(folder / f"{i}.wav", noise(n / 16_000, seed=i)) for i, n in enumerate(lengths)]
    audio = decoded(*files).audio
    assert len(audio.samples) == round(audio.recording.duration * SAMPLE_RATE)
    assert len(audio.samples) == pytest.approx(sum(lengths), abs=8 * len(lengths))
    for part, path in zip(audio.recording.parts, files, strict=True):
        start = round(part.offset * SAMPLE_RATE)
        alone = decoded(path).audio.samples
        assert np.array_equal(audio.samples[start : start + len(alone)], alone)


def test_the_same_file_gives_the_same_samples(tmp_path: Path) -> None:
    path = convert(write_wav(tmp_path / "s.wav", noise(3), noise(3, seed=2)), tmp_path / "a.m4a")
    assert decoded(path).audio.samples.tobytes() == decoded(path).audio.samples.tobytes()


def test_warnings_of_a_part_name_it(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "1.wav", tone(1))
    cut = write_wav(tmp_path / "2.wav", tone(20))
    os.truncate(cut, cut.stat().st_size * 93 // 100)
    assert decoded(whole, cut).warnings == ("part 2: the file ends early: 18.6 s of 20.0 s could be decoded",)
    assert decoded(cut).warnings == ("the file ends early: 18.6 s of 20.0 s could be decoded",)


def test_a_file_that_went_away_or_became_another_since_it_was_probed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "Mary Chan.wav", noise(1))
    recording = probe_recording(planned(path))
    write_wav(path, noise(1, seed=2))
    with pytest.raises(InputError, match="not the one that was looked at") as changed:
        decode(recording, [path])
    path.unlink()
    with pytest.raises(InputError, match="not there any more") as gone:
        decode(recording, [path])
    assert "Mary" not in changed.value.message + gone.value.message


def test_a_file_that_changes_while_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / "a.wav", noise(1))
    recording = probe_recording(planned(path))

    def touched(*arguments: object) -> object:
        result = stream_samples(*arguments)  # type: ignore[arg-type]  # the arguments are passed on as they come
        os.utime(path, (1, 1))
        return result

    monkeypatch.setattr(decode_module, "stream_samples", touched)
    with pytest.raises(InputError, match="changed while it was read"):
        decode(recording, [path])


def test_time_stamps_that_would_fill_days_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcribe.audio.pcm.LONGEST_SECONDS", 1)
    with pytest.raises(InputError, match="24 hours"):
        decoded(write_wav(tmp_path / "a.wav", noise(3)))
