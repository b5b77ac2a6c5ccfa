"""Bad input, one test each: a clear message, exit 8, and the good recordings done all the same."""

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from tests.conftest import HEADER, Lab, write_tone
from tests.fakes import FakeDiarizer, fake_engines


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def assert_only_the_good_pair_is_done(lab: Lab, bad: str = "P02-PIR") -> str:
    answer = lab.go()
    assert answer.code == 8, answer.text
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    assert "Traceback" not in answer.text
    assert bad in answer.out
    return answer.text


def test_an_empty_file(lab: Lab) -> None:
    lab.pair()
    (lab.audio / "P02-PIR.wav").touch()
    assert "empty" in assert_only_the_good_pair_is_done(lab)


def test_text_renamed_to_wav(lab: Lab) -> None:
    lab.pair()
    (lab.audio / "P02-PIR.wav").write_text("Dear all, the recording is attached.\n" * 50)
    assert_only_the_good_pair_is_done(lab)


def test_a_truncated_m4a(lab: Lab) -> None:
    lab.pair()
    whole = lab.audio.parent / "whole.m4a"
    ffmpeg("-i", lab.audio / "P01-PSW.wav", "-c:a", "aac", whole)
    (lab.audio / "P02-PIR.m4a").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert_only_the_good_pair_is_done(lab)


def test_a_video_without_an_audio_track(lab: Lab) -> None:
    lab.pair()
    ffmpeg("-f", "lavfi", "-i", "color=c=black:s=64x64:d=2", "-an", lab.audio / "P02-PIR.mp4")
    assert "picture" in assert_only_the_good_pair_is_done(lab)


def test_a_fifth_of_a_second(lab: Lab) -> None:
    lab.pair()
    write_tone(lab.audio / "P02-PIR.wav", seconds=0.2)
    assert "less than 0.5 s" in assert_only_the_good_pair_is_done(lab)


def test_ten_minutes_of_silence_give_an_empty_transcript_and_a_warning(lab: Lab) -> None:
    """Decoded as it is; that no engine invents words over silence is tested with the real ones."""
    with wave.open(str(lab.audio / "P01-PIR.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000 * 600))
    assert lab.go().code == 0
    assert "10:00" in lab.run("status", str(lab.study.root)).out


@pytest.mark.parametrize(("rate", "channels", "width"), [(8_000, 1, 2), (96_000, 2, 3)])
def test_unusual_but_good_formats_are_done(lab: Lab, rate: int, channels: int, width: int) -> None:
    samples = np.random.default_rng(1).integers(-1000, 1000, rate * 2 * channels)
    with wave.open(str(lab.audio / "P01-PIR.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
    assert lab.go().code == 0
    assert lab.released() == {"P01-PIR"}


def test_a_file_that_disappears_during_the_run(lab: Lab) -> None:
    lab.pair()
    victim = write_tone(lab.audio / "P02-PIR.wav", pitch=440)

    def remove(recording: str) -> None:
        victim.unlink(missing_ok=True)

    lab.engines = fake_engines(FakeDiarizer(trouble=remove))
    assert_only_the_good_pair_is_done(lab)


def manifest(lab: Lab, *rows: str, encoding: str = "utf-8", delimiter: str = ",") -> None:
    text = "\r\n".join([HEADER, *rows]).replace(",", delimiter)
    (lab.audio / "manifest.csv").write_bytes(text.encode(encoding))


GOOD_ROWS = (
    "P01-PSW,P01-PSW.wav,1,P01,PSW,P01-PSW,1,2026-03-05,en,2,,transcribe,yes,",
    "P01-PIR,P01-PIR.wav,1,P01,PIR,P01-PIR,1,2026-03-06,en,2,,transcribe,yes,",
)


def test_two_rows_for_one_id_and_part(lab: Lab) -> None:
    lab.pair()
    write_tone(lab.audio / "a.wav", pitch=440)
    write_tone(lab.audio / "b.wav", pitch=550)
    row = "P02-PIR,{},1,P02,PIR,P02-PIR,1,2026-03-06,en,2,,transcribe,yes,"
    manifest(lab, *GOOD_ROWS, row.format("a.wav"), row.format("b.wav"))
    assert_only_the_good_pair_is_done(lab)


def test_an_unknown_role(lab: Lab) -> None:
    lab.pair()
    write_tone(lab.audio / "a.wav", pitch=440)
    manifest(lab, *GOOD_ROWS, "P02-PIR,a.wav,1,P02,PEER,P02-PIR,1,2026-03-06,en,2,,transcribe,yes,")
    assert "role" in assert_only_the_good_pair_is_done(lab)


def test_a_row_whose_file_is_missing(lab: Lab) -> None:
    lab.pair()
    manifest(lab, *GOOD_ROWS, "P02-PIR,gone.wav,1,P02,PIR,P02-PIR,1,2026-03-06,en,2,,transcribe,yes,")
    text = assert_only_the_good_pair_is_done(lab)
    assert "gone" not in text


def test_a_recording_whose_file_goes_missing_later_stays_released(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    (lab.audio / "P01-PIR.wav").unlink()
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert lab.released() == {"P01-PSW", "P01-PIR"}


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16", ";"), ("big5", ","), ("big5", ";")]
)
def test_a_manifest_that_excel_saved_again_is_read(lab: Lab, encoding: str, delimiter: str) -> None:
    lab.pair()
    note = "第一次訪談"
    manifest(lab, *(row + note for row in GOOD_ROWS), encoding=encoding, delimiter=delimiter)
    assert lab.go().code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    data = (lab.audio / "manifest.csv").read_bytes()
    lab.study.manifest.write_bytes(data)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}


@pytest.mark.parametrize("name", ["P01 PIR (copy).wav", "P01-PIR 'x' \"y\".wav", "P01-PIR 陳美玲.wav", "-P01-PIR.wav"])
def test_odd_file_names_are_done_and_shown_nowhere(lab: Lab, name: str) -> None:
    write_tone(lab.audio / name)
    manifest(lab, 'P01-PIR,"{}",1,P01,PIR,P01-PIR,1,2026-03-06,en,2,,transcribe,yes,'.format(name.replace('"', '""')))
    assert lab.go().code == 0
    assert lab.released() == {"P01-PIR"}
    assert name not in lab.everything_outside_private()
    assert name not in lab.run("run", str(lab.study.root), "--progress", "json").text


@pytest.mark.parametrize("name", ["P02-PIR.m3u8", "P02-PIR.wav"])
@pytest.mark.parametrize("target", ["{secret}", "http://127.0.0.1:9/x.wav", "concat:{secret}"])
def test_a_playlist_is_refused(lab: Lab, name: str, target: str) -> None:
    lab.pair()
    secret = write_tone(lab.audio.parent / "secret.wav", pitch=660)
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:4.0,", target.format(secret=secret), "#EXT-X-ENDLIST"]
    (lab.audio / name).write_text("\n".join(lines))
    manifest(lab, *GOOD_ROWS, f"P02-PIR,{name},1,P02,PIR,P02-PIR,1,2026-03-06,en,2,,transcribe,yes,")
    assert_only_the_good_pair_is_done(lab)
