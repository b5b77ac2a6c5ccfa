"""What guards the files with times: the self-checks of a release, and the search for names in each of them."""

import dataclasses
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.export_samples import OPTIONS, small, transcript, utterance
from tests.sync_samples import CONVENTIONS, lay
from transcribe.errors import ValidationError
from transcribe.exports import chat, eaf, f4, manifest, nvivo, rttm, seglst, srt, stm, vtt
from transcribe.exports.bundle import build
from transcribe.exports.bundle_files import TRANSCRIPT_PATHS, all_formats
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.self_checks import check_bundle
from transcribe.redaction.leak_check import Leak, find_leaks
from transcribe.redaction.registry import Decision, Registry, RegistryEntity
from transcribe.study.roster import RosterEntry
from transcribe.study_release import without_speech

SYNC = ("vtt", "srt", "f4", "nvivo", "eaf", "cha", "stm", "rttm", "seglst")


def _files(item: CoderTranscript, **options: object) -> dict[str, bytes]:
    return build([item], [], dataclasses.replace(OPTIONS, formats=all_formats(), **options))


FILES = _files(small())


def _path(form: str) -> str:
    return TRANSCRIPT_PATHS[form].format("P01-PSW")


def _changed(files: dict[str, bytes], form: str, old: str, new: str) -> dict[str, bytes]:
    """The bundle with one file changed, and a manifest that says so, for the check to speak and not the checksum."""
    text = files[_path(form)].decode()
    assert old in text
    inner = {path: data for path, data in files.items() if path != "manifest.json"}
    inner[_path(form)] = text.replace(old, new, 1).encode()
    found = manifest.parse(files["manifest.json"])
    return {
        **inner,
        "manifest.json": manifest.write(dataclasses.replace(found, files=manifest.file_entries(inner))),
    }


@pytest.mark.parametrize("newline", ["lf", "crlf"])
@pytest.mark.parametrize("conventions", CONVENTIONS[::41])
def test_every_format_of_a_bundle_passes(newline: str, conventions: object) -> None:
    files = _files(small(), newline=newline, conventions=conventions)
    check_bundle(files)
    assert {_path(form) for form in SYNC} < set(files)


@pytest.mark.parametrize(
    ("form", "old", "new", "told"),
    [
        ("vtt", "Thank", "thank", "vtt and turns.csv differ"),
        ("vtt", "u0001\n", "u0009\n", "vtt and turns.csv differ"),
        ("vtt", "<v INT>", "<v P01-PSW>", "vtt and turns.csv differ"),
        ("vtt", "00:00:04.250", "00:00:04.350", "vtt and turns.csv differ"),
        ("vtt", " --> ", " -> ", "cannot be read"),
        ("srt", "Thank", "thank", "srt and turns.csv differ"),
        ("srt", "INT: Th", "P01-PSW: Th", "srt and turns.csv differ"),
        ("srt", "00:00:04,250", "00:00:04,251", "srt and turns.csv differ"),
        ("srt", "00:00:00,000", "00:00:00,001", "srt and turns.csv differ"),
        ("srt", "\n\n", "\n", "cut off"),
        ("srt", "1\n00:", "2\n00:", "cannot be read"),
        ("f4", "Thank", "thank", "f4 and turns.csv differ"),
        ("f4", "INT: Th", "P01-PSW: Th", "f4 and turns.csv differ"),
        ("f4", "#00:00:04-2#", "#00:00:04-3#", "f4 and turns.csv differ"),
        ("f4", "#00:00:04-2#", "[00:00:04]", "cannot be read"),
        ("nvivo", "Thank", "Than", "nvivo and turns.csv differ"),
        ("nvivo", "\tINT\t", "\tP01-PSW\t", "nvivo and turns.csv differ"),
        ("nvivo", "00:00:04.2", "00:00:04.3", "nvivo and turns.csv differ"),
        ("nvivo", "00:00:00.0", "00:00:00.1", "nvivo and turns.csv differ"),
        ("nvivo", "start?", "start?,", "cannot be read"),
        ("nvivo", "start?", "start?\t", "cannot be read"),
        ("cha", "\x150_4250\x15", "\x150_4250", "control characters"),
        ("cha", "day", "d\x15ay", "control characters"),
        ("stm", "day", "d\x150_1\x15ay", "control characters"),
    ],
)
def test_a_file_with_other_turns_is_refused(form: str, old: str, new: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        check_bundle(_changed(FILES, form, old, new))
    assert caught.value.exit_code == 6
    assert "hank" not in caught.value.message


def test_a_file_that_lacks_a_turn_is_refused() -> None:
    for form, last in (("f4", "INT: And"), ("nvivo", "00:00:41.0"), ("srt", "7\n"), ("vtt", "\nu0006\n")):
        text = FILES[_path(form)].decode()
        cut = text[text.rindex(last) :]
        with pytest.raises(ValidationError, match=f"{form} and turns.csv differ"):
            check_bundle(_changed(FILES, form, cut, ""))


ROSTER = (
    RosterEntry("", "Janet Lau", ("Janet",), "friend", "", ""),
    RosterEntry("", "Marks & Spencer", (), "organisation", "", ""),
    RosterEntry("", "阿強", (), "friend", "", ""),
)
REGISTRY = Registry(
    (
        RegistryEntity("e1", "PHONE", "PHONE", "[PHONE_1]", "0912 345 678", ("0912 345 678",), pairs=("P01",)),
        RegistryEntity(
            "e2", "EMAIL", "EMAIL", "[EMAIL_2]", "jl82@mail.example", ("jl82@mail.example",), pairs=("P01",)
        ),
        RegistryEntity("e3", "ID", "ID", "[ID_3]", "123456", ("123456",), pairs=("P01",)),
    )
)
WRITERS = {
    "vtt": vtt.write,
    "srt": srt.write,
    "f4": f4.write,
    "nvivo": nvivo.write,
    "eaf": eaf.write,
    "cha": lambda laid: chat.write(laid, CONVENTIONS[0]),
    "stm": stm.write,
    "seglst": seglst.write,
}


def _leaks(folder: Path, form: str, item: CoderTranscript, conventions: int = 0) -> set[str]:
    """What is found in one file of a transcript, beside the same file without speech."""
    folder = folder / "stage"
    path = folder / _path(form)
    path.parent.mkdir(parents=True, exist_ok=True)
    choice = CONVENTIONS[conventions]
    path.write_bytes(WRITERS[form](lay(item, choice)))
    frame = {_path(form): WRITERS[form](lay(without_speech(item), choice))}
    return {leak.entity for leak in find_leaks(folder, ROSTER, REGISTRY, frame)}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("said", "entity"),
    [
        ("I met Janet.", "roster"),
        ("Janet: hello", "roster"),
        ("J-A-N-E-T it is", "roster"),
        ("at Marks & Spencer, yes", "roster"),
        ("(Janet) sighs", "roster"),
        ("(Janet Lau) sighs", "roster"),
        ("Jan- Janet", "roster"),
        ("我同阿強講。", "roster"),
        ("call 0912 345 678 now", "e1"),
        ("it is 0912345678.", "e1"),
        ("jl82@mail.example", "e2"),
        ("my number is 123456", "e3"),
    ],
)
def test_a_name_is_found_in_every_format(tmp_path: Path, form: str, said: str, entity: str) -> None:
    assert entity in _leaks(tmp_path, form, transcript(utterance(1, "P01-PSW", 1.0, 3.0, said)))


@pytest.mark.parametrize("form", WRITERS)
def test_a_name_is_found_across_signs(tmp_path: Path, form: str) -> None:
    """A pause, an overlap and an uncertain word between the two words of a name."""
    said = utterance(
        1, "P01-PSW", 1.0, 9.0, "so Janet Lau went", over="Lau went", unsure="Lau", times={1: (2.0, 3.0), 2: (7.0, 8.0)}
    )
    for conventions in range(0, len(CONVENTIONS), 31):
        assert "roster" in _leaks(tmp_path, form, transcript(said), conventions)


@pytest.mark.parametrize("form", [*WRITERS, "rttm"])
def test_times_are_no_numbers_of_anybody(tmp_path: Path, form: str) -> None:
    """An utterance at 123.456 s beside the known number 123456."""
    writers = {**WRITERS, "rttm": rttm.write}
    item = transcript(utterance(1, "P01-PSW", 123.456, 1234.567, "Well."), duration=2000.0)
    path = tmp_path / _path(form)
    path.parent.mkdir(parents=True)
    path.write_bytes(writers[form](lay(item)))
    assert find_leaks(tmp_path, ROSTER, REGISTRY) == ()


@pytest.mark.parametrize("form", WRITERS)
def test_marks_and_bands_are_no_leaks(tmp_path: Path, form: str) -> None:
    """The band of a place that is in the key stands in its mark alone."""
    registry = Registry(
        (
            *REGISTRY.entities,
            RegistryEntity("e4", "PLACE", "PLACE", "[PLACE_4 Kowloon]", "Kowloon", ("Kowloon",), pairs=("P01",)),
        )
    )
    item = transcript(utterance(1, "P01-PSW", 1.0, 3.0, "in [PLACE_4 Kowloon] then", "[PLACE_4 Kowloon]"))
    for choice in CONVENTIONS[::13]:
        path = tmp_path / _path(form)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WRITERS[form](lay(item, choice)))
        assert find_leaks(tmp_path, ROSTER, registry) == ()


@pytest.mark.parametrize("name", ["note.f4.txt", "note.nvivo.txt", "note.seglst.json", "note.srt"])
def test_a_file_belongs_to_the_transcript_before_its_first_point(tmp_path: Path, name: str) -> None:
    """What was rejected in P01 may stand in the files of P01 alone."""
    found = RegistryEntity("e1", "PERSON", "PERSON", "[PERSON_1]", "Zoltan", ("Zoltan",), pairs=("P01",))
    registry = Registry((found,), (Decision("e1", "reject", "KL", "2024-03-01T00:00:00Z"),))
    (tmp_path / "sync").mkdir()
    (tmp_path / "sync" / name).write_text('"Zoltan"')
    assert find_leaks(tmp_path, (), registry, scopes={"note": "P02"})
    assert not find_leaks(tmp_path, (), registry, scopes={"note": "P01"})


def test_a_leak_in_any_file_withholds_its_recording_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def found_in_f4(folder: Path, *rest: object, **more: object) -> tuple[Leak, ...]:
        path = "sync/P01-PSW.f4.txt"
        return (Leak(path, "roster", "text"),) if (folder / path).is_file() else ()

    monkeypatch.setattr("transcribe.study_release.find_leaks", found_in_f4)
    lab.pair()
    lab.go()
    assert lab.released() == {"P01-PIR"}
