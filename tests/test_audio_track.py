"""16-bit tracks: what is written is read, in memory and in a file that nobody else can find."""

import errno
import gc
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.audio.track import BLOCK, FULL_SCALE, Track
from transcribe.engines import DecodedAudio
from transcribe.errors import ValidationError
from transcribe.records import Recording

BOTH = pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "file"])


@BOTH
@given(
    length=st.integers(0, 3000),
    pieces=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 1200), st.integers(0, 9)), max_size=5),
    cuts=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), max_size=5),
)
def test_what_is_written_is_read_back_within_half_a_step(
    tmp_path_factory: pytest.TempPathFactory,
    on_disk: bool,
    length: int,
    pieces: list[tuple[int, int, int]],
    cuts: list[tuple[int, int]],
) -> None:
    track = Track(length, tmp_path_factory.mktemp("private") if on_disk else None)
    expected = np.zeros(length)
    for start, count, seed in pieces:
        values = np.random.default_rng(seed).uniform(-1.2, 1.2, max(min(count, length - start), 0))
        first = min(start, length)
        track.write(first, values)
        expected[first : first + len(values)] = np.clip(values, -1, 1)
    for one, other in [(0, length), *cuts]:
        start, end = sorted((min(one, length), min(other, length)))
        cut = track.cut(start, end)
        assert cut.dtype == np.float32
        # Half a step of rounding; +1.0 itself is one step beyond the largest value.
        assert np.abs(cut - expected[start:end]).max(initial=0) <= 1 / FULL_SCALE
        assert np.abs(cut).max(initial=0) <= 1


@BOTH
def test_every_16_bit_value_stays_what_it_is(tmp_path: Path, on_disk: bool) -> None:
    values = np.arange(-FULL_SCALE, FULL_SCALE).astype(np.float32) / FULL_SCALE
    track = Track(len(values), tmp_path if on_disk else None)
    track.write(0, values)
    assert np.array_equal(track.samples, values)


@BOTH
def test_a_cut_is_its_readers_own_and_lies_within_the_track(tmp_path: Path, on_disk: bool) -> None:
    track = Track(2 * BLOCK + 7, tmp_path if on_disk else None)
    track.write(0, np.full(track.length, 0.25))
    track.cut(0, 10)[:] = 1
    track.samples[:] = 1
    assert (track.samples == 0.25).all()
    assert [(start, len(block)) for start, block in track.blocks()] == [(0, BLOCK), (BLOCK, BLOCK), (2 * BLOCK, 7)]
    for start, end in ((-1, 5), (5, 4), (0, track.length + 1)):
        with pytest.raises(ValueError, match="outside the track"):
            track.cut(start, end)
    with pytest.raises(ValueError, match="beyond the end"):
        track.write(track.length - 1, np.zeros(2))
    track.shorten(BLOCK)
    assert len(track.samples) == BLOCK
    with pytest.raises(ValueError, match="outside the track"):
        track.cut(0, BLOCK + 1)


@pytest.mark.parametrize("nameless", [True, False], ids=["O_TMPFILE", "unlinked"])
def test_the_file_has_no_name_and_no_other_reader_and_goes_with_the_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nameless: bool
) -> None:
    if not nameless:
        monkeypatch.delattr("os.O_TMPFILE")
    track = Track(1000, tmp_path)
    track.write(0, np.ones(1000))
    state = os.fstat(track._file)
    assert list(tmp_path.iterdir()) == []
    assert (state.st_nlink, state.st_mode & 0o777, state.st_size) == (0, 0o600, 2000)
    descriptor = track._file
    del track
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_full_disk_is_told_without_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = Track(1000, tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ValidationError, match="no space is left") as caught:
        track.write(0, np.zeros(10))
    assert str(tmp_path) not in caught.value.message
    with pytest.raises(ValidationError, match="cannot be written"):
        Track(10, tmp_path / "none")


def test_short_writes_and_reads_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = Track(1000, tmp_path)
    write, read = os.pwrite, os.pread
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:300], at))
    monkeypatch.setattr(os, "pread", lambda file, count, at: read(file, min(count, 300), at))
    values = np.random.default_rng(1).integers(-FULL_SCALE, FULL_SCALE, 1000) / FULL_SCALE
    track.write(0, values)
    assert np.array_equal(track.cut(17, 983), values[17:983].astype(np.float32))


def test_audio_from_floats() -> None:
    recording = Recording("P01-PIR", "P01", "PIR", "P01-PIR", 1, "en", (), 0.25)
    samples, channel = np.full(4000, 0.5, np.float32), np.full(4000, -0.25, np.float32)
    audio = DecodedAudio.of(recording, samples, [channel])
    assert (audio.length, audio.seconds) == (4000, 0.25)
    assert np.array_equal(audio.cut(10, 20), samples[10:20])
    assert np.array_equal(audio.samples, samples)
    assert [np.array_equal(one.samples, channel) for one in audio.channels] == [True]
