"""What is found out about media files, and how bad ones are told."""

import http.server
import os
import re
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.make_audio import convert, noise, tone, write_video, write_wav
from transcribe.audio import header
from transcribe.audio.ffmpeg import decode_command, ffmpeg_version, header_command
from transcribe.audio.probe import MediaFacts, probe, probe_recording
from transcribe.errors import InputError
from transcribe.study.manifest import PlannedRecording

NAME = "Mary Chan"


def planned(*files: Path) -> PlannedRecording:
    return PlannedRecording(
        "P01-PSW-S2", "P01", "PSW", "P01-PSW", 2, "", "en", 2, (), frozenset({"transcribe"}), tuple(files)
    )


def refusal(path: Path) -> str:
    """Why `probe` refuses a file; its message names no file."""
    with pytest.raises(InputError) as error:
        probe(path)
    assert path.name not in error.value.message
    assert str(path.parent) not in error.value.message
    return error.value.message


@pytest.fixture(scope="module")
def ten_seconds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("audio") / "ten.wav", tone(10, 44_100), tone(10, 44_100), rate=44_100)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.m4a", (), ("mov", "aac", 44_100, 2)),
        ("a.mp3", (), ("mp3", "mp3", 44_100, 2)),
        ("a.ogg", (), ("ogg", "vorbis", 44_100, 2)),
        ("a.opus", (), ("ogg", "opus", 48_000, 2)),
        ("a.flac", (), ("flac", "flac", 44_100, 2)),
        ("a.wma", (), ("asf", "wmav2", 44_100, 2)),
        ("a.mka", (), ("matroska", "vorbis", 44_100, 2)),
        ("a.webm", ("-c:a", "libopus"), ("matroska", "opus", 48_000, 2)),
        ("a.aiff", (), ("aiff", "pcm_s16be", 44_100, 2)),
        ("a.caf", (), ("caf", "pcm_s16be", 44_100, 2)),
        ("a.w64", (), ("w64", "pcm_s16le", 44_100, 2)),
        ("a.aac", (), ("aac", "aac", 44_100, 2)),
        ("a.mpg", ("-f", "vob", "-c:a", "mp2"), ("mpeg", "mp2", 44_100, 2)),
        ("a.amr", ("-ar", "8000", "-ac", "1", "-c:a", "libopencore_amrnb"), ("amr", "amr_nb", 8_000, 1)),
        ("telephone.wav", ("-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"), ("wav", "pcm_mulaw", 8_000, 1)),
        ("studio.wav", ("-ar", "96000", "-c:a", "pcm_s24le"), ("wav", "pcm_s24le", 96_000, 2)),
        ("surround.wav", ("-ac", "6"), ("wav", "pcm_s16le", 44_100, 6)),
    ],
)
def test_what_recorders_and_phones_write_is_read(
    ten_seconds: Path, tmp_path: Path, name: str, options: tuple[str, ...], expected: tuple[str, str, int, int]
) -> None:
    facts = probe(convert(ten_seconds, tmp_path / name, *options))
    assert (facts.container, facts.codec, facts.sample_rate, facts.channels) == expected
    assert facts.duration == pytest.approx(10, abs=0.1)
    assert facts.warnings == ()
    assert re.fullmatch("[0-9a-f]{64}", facts.sha256)


def test_a_cameras_transport_stream_is_read_or_the_crash_of_an_old_ffmpeg_told(
    ten_seconds: Path, tmp_path: Path
) -> None:
    """The static ffmpeg 7.0.2 of imageio-ffmpeg 0.6.0 crashes on the station names of any transport stream."""
    path = convert(ten_seconds, tmp_path / "a.mts", "-f", "mpegts", "-c:a", "aac")
    try:
        told = probe(path).container
    except InputError as error:
        told = error.message.partition(" on ")[0]
    old = re.match(r"n?[4-7]\.", ffmpeg_version())
    assert told == "mpegts" or (old and told == "the ffmpeg program crashed")


def test_the_sound_of_a_video_is_read(ten_seconds: Path, tmp_path: Path) -> None:
    facts = probe(write_video(tmp_path / "v.mp4", 10, ten_seconds))
    assert (facts.container, facts.codec, round(facts.duration)) == ("mov", "aac", 10)


@pytest.mark.parametrize(
    "name", ["two words.wav", 'it\'s "here".wav', "-dash.wav", "陳大文.wav", "%03d.wav", "a|b:c.wav", "concat:x.wav"]
)
def test_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_wav(tmp_path / name, tone(1))
    monkeypatch.chdir(tmp_path)
    assert probe(tmp_path / name) == probe(Path(name))
    assert probe(Path(name)).duration == 1.0


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.wav"
    path.write_bytes(b"")
    assert "empty" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"This is an interview.\n" * 50, bytes(range(256)) * 40, b"PK\x03\x04" + b"\0" * 999]
)
def test_something_else_renamed_wav(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"{NAME}.wav"
    path.write_bytes(content)
    assert "not an audio or video file" in refusal(path)


def test_an_m4a_whose_index_was_never_written(ten_seconds: Path, tmp_path: Path) -> None:
    whole = convert(ten_seconds, tmp_path / "a.m4a").read_bytes()
    path = tmp_path / f"{NAME}.m4a"
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut off" in refusal(path)


@pytest.mark.parametrize("ending", ["wav", "mp3", "m4a"])
def test_a_file_cut_in_the_middle_is_refused(ten_seconds: Path, tmp_path: Path, ending: str) -> None:
    options = ("-movflags", "faststart") if ending == "m4a" else ()
    whole = convert(ten_seconds, tmp_path / f"a.{ending}", *options).read_bytes()
    path = tmp_path / f"{NAME}.{ending}"
    path.write_bytes(whole[: len(whole) // 2])
    message = refusal(path)
    assert re.match(r"the file ends early: [45]\.\d s of 10\.0 s", message)
    assert "copy it again" in message


def test_a_file_cut_near_its_end_is_kept_and_told(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(20))
    os.truncate(path, path.stat().st_size * 95 // 100)
    facts = probe(path)
    assert facts.duration == pytest.approx(19, abs=0.01)
    assert facts.warnings == ("the file ends early: 19.0 s of 20.0 s could be decoded",)


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_a_recorder_that_lost_power_leaves_an_open_header(tmp_path: Path, size: bytes) -> None:
    path = write_wav(tmp_path / "a.wav", tone(3))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = size
    path.write_bytes(data)
    assert probe(path).duration == pytest.approx(3, abs=0.01)


def test_damage_in_the_middle_is_told(ten_seconds: Path, tmp_path: Path) -> None:
    path = convert(ten_seconds, tmp_path / "a.m4a", "-movflags", "faststart")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = b"\xa5" * 3000
    path.write_bytes(data)
    (warning,) = probe(path).warnings
    assert re.match(r"the file is damaged: ffmpeg reported \d+ errors", warning)


def test_a_video_without_sound(tmp_path: Path) -> None:
    assert "no sound" in refusal(write_video(tmp_path / f"{NAME}.mp4"))


def test_a_film_cut_in_the_middle(ten_seconds: Path, tmp_path: Path) -> None:
    film = write_video(tmp_path / "v.mp4", 10, ten_seconds)
    whole = convert(film, tmp_path / "f.mp4", "-c", "copy", "-movflags", "faststart").read_bytes()
    path = tmp_path / f"{NAME}.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path).startswith("the file ends early")


def test_a_slip_of_the_finger(tmp_path: Path) -> None:
    assert "0.20 s of sound" in refusal(write_wav(tmp_path / f"{NAME}.wav", tone(0.2)))
    assert probe(write_wav(tmp_path / "half.wav", tone(0.5))).duration == 0.5


def test_a_header_without_any_sound(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
    assert "nothing in its file can be decoded" in refusal(path)


def test_ten_minutes_of_silence_are_a_recording(tmp_path: Path) -> None:
    assert probe(write_wav(tmp_path / "a.wav", np.zeros(600 * 16_000))).duration == 600.0


def test_a_second_audio_track_is_told(ten_seconds: Path, tmp_path: Path) -> None:
    path = convert(ten_seconds, tmp_path / "a.mka", "-map", "0:a", "-map", "0:a")
    assert probe(path).warnings == ("the file has 2 audio tracks; only the first is used",)


def test_numbers_that_are_none(tmp_path: Path) -> None:
    samples = tone(1).astype("<f4")
    samples[100:110] = np.nan
    samples[200] = np.inf
    (tmp_path / "raw").write_bytes(samples.tobytes())
    raw = ("-f", "f32le", "-ar", "16000", "-ac", "1")
    path = convert_raw(tmp_path / "raw", tmp_path / "a.wav", raw)
    assert probe(path).warnings == ("11 samples were no numbers and are taken for silence",)


def convert_raw(source: Path, target: Path, options: tuple[str, ...]) -> Path:
    """A float WAV with exactly the samples of `source`: header by hand, as ffmpeg would clean them."""
    data = source.read_bytes()
    rate = int(options[3])
    fmt = b"".join(
        number.to_bytes(size, "little") for number, size in ((3, 2), (1, 2), (rate, 4), (4 * rate, 4), (4, 2), (32, 2))
    )
    body = b"WAVEfmt " + len(fmt).to_bytes(4, "little") + fmt + b"data" + len(data).to_bytes(4, "little") + data
    target.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    return target


def test_files_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not there any more" in refusal(tmp_path / f"{NAME}.wav")
    (tmp_path / "folder.wav").mkdir()
    assert "cannot be read" in refusal(tmp_path / "folder.wav")
    path = write_wav(tmp_path / "closed.wav", tone(1))

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    assert "closed to this account" in refusal(path)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / f"{NAME}.wav", tone(1))
    digest = header.file_digest

    def growing(file: Path) -> str:
        with file.open("ab") as more:
            more.write(b"\0" * 100)
        return digest(file)

    monkeypatch.setattr("transcribe.audio.probe.file_digest", growing)
    assert "changed while it was read" in refusal(path)


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret.wav", asked
        server.shutdown()
        thread.join()


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "bom": "\ufeff#EXTM3U\n#EXTINF:10,\n{target}\n",
    "m3u": "#EXTM3U\n{target}\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "pls": "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "asx": '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>',
    "wms": "[Reference]\nRef1={target}\n",
}


@pytest.mark.parametrize("ending", ["wav", "m3u8", "mp4"])
@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("target", ["url", "file", "relative"])
def test_playlists_are_refused_and_followed_nowhere(
    tmp_path: Path, listening: tuple[str, list[str]], kind: str, ending: str, target: str
) -> None:
    url, asked = listening
    other = write_wav(tmp_path / "other.wav", tone(1))
    where = {"url": url, "file": str(other), "relative": "other.wav"}[target]
    path = tmp_path / f"{NAME}.{ending}"
    path.write_text(PLAYLISTS[kind].format(target=where), "utf-8")
    assert "playlist" in refusal(path)
    assert asked == []


@pytest.mark.parametrize("kind", ["hls", "concat", "dash"])
def test_ffmpeg_itself_refuses_a_playlist_that_does_not_begin_like_one(
    tmp_path: Path, listening: tuple[str, list[str]], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should our look at the first bytes miss one, the white lists still hold."""
    monkeypatch.setattr(header, "_PLAYLISTS", (b"never",))
    url, asked = listening
    other = write_wav(tmp_path / "other.wav", tone(1))
    for where in (url, str(other), "other.wav"):
        for ending in ("wav", "m3u8", "mpd"):
            path = tmp_path / f"{NAME}.{ending}"
            path.write_text(PLAYLISTS[kind].format(target=where), "utf-8")
            assert re.search("playlist|of a kind that is not read|not an audio", refusal(path))
    assert asked == []


def test_every_call_of_ffmpeg_has_the_white_lists_and_an_absolute_file_address() -> None:
    for command in (header_command(Path("-a b.wav")), decode_command(Path("-a b.wav"), 2)):
        assert command[command.index("-protocol_whitelist") + 1] == "file,pipe"
        assert "hls" not in command[command.index("-format_whitelist") + 1]
        assert "concat" not in command[command.index("-format_whitelist") + 1]
        assert command[command.index("-i") + 1] == f"file:{Path.cwd()}/-a b.wav"
        assert "-nostdin" in command


def test_parts_lie_one_behind_the_other(ten_seconds: Path, tmp_path: Path) -> None:
    second = convert(ten_seconds, tmp_path / "b.mp3", "-t", "2.5", "-ac", "1")
    third = write_wav(tmp_path / "c.wav", noise(1.2345))
    recording = probe_recording(planned(ten_seconds, second, third))
    assert [part.offset for part in recording.parts] == [0.0, 10.0, 10.0 + recording.parts[1].duration]
    assert recording.duration == round(recording.parts[2].offset + recording.parts[2].duration, 3)
    assert recording.parts[2].duration == pytest.approx(1.2345, abs=0.001)
    assert (recording.id, recording.pair, recording.role, recording.person, recording.session, recording.language) == (
        *("P01-PSW-S2", "P01", "PSW", "P01-PSW"),
        *(2, "en"),
    )
    facts = probe(second)
    part = recording.parts[1]
    assert facts == MediaFacts(part.container, part.codec, part.sample_rate, part.channels, part.duration, part.sha256)


def test_a_bad_part_is_named_by_its_number(ten_seconds: Path, tmp_path: Path) -> None:
    bad = tmp_path / f"{NAME}.wav"
    bad.write_bytes(b"")
    with pytest.raises(InputError, match=r"^part 2: its file is empty"):
        probe_recording(planned(ten_seconds, bad))
    with pytest.raises(InputError, match=r"^its file is empty"):
        probe_recording(planned(bad))
    copy = tmp_path / "copy.wav"
    copy.write_bytes(ten_seconds.read_bytes())
    with pytest.raises(InputError, match=r"^part 2: .*same content"):
        probe_recording(planned(ten_seconds, copy))
