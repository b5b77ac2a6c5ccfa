"""A transcript is taken out of a finished bundle, of which nothing can be made anew: nothing of it is left anywhere."""

from dataclasses import replace

import pytest

from tests.export_samples import OPTIONS, small, transcript, utterance
from tests.test_export import texts_in
from transcribe.exports import manifest
from transcribe.exports.bundle import LabLists, build, only, study_text, without
from transcribe.exports.bundle_files import all_formats
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import BundleManifest
from transcribe.exports.self_checks import check_bundle
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode

LISTS = LabLists(
    (GuideQuestion("Q1", "", "How did the day start?"),),
    (StarterCode("answer", "", "What is told", "#336699"),),
    {"P07-PSW": {"u0001": "Q1"}, "P07-PIR": {"u0001": "Q1"}, "P08-PSW": {"u0001": "Q1"}},
)
SAID = "Marmalade skies over Tuen Mun"
"""What nobody else says."""


def items() -> list[CoderTranscript]:
    gone = transcript(
        utterance(1, "INT", 0.0, 3.0, "And you? How did the day start?"),
        utterance(2, "P07-PIR", 3.5, 50.0, f"{SAID}, [PERSON_7] said.", "[PERSON_7]", flags=("unsupported",)),
        recording="P07-PIR",
        role="PIR",
    )
    return [of_pair(small("P07-PSW"), "P07"), of_pair(gone, "P07"), of_pair(small("P08-PSW"), "P08")]


def of_pair(item: CoderTranscript, pair: str) -> CoderTranscript:
    return replace(item, header=replace(item.header, pair=pair))


def everything(**changes: object) -> dict[str, bytes]:
    options = replace(OPTIONS, formats=all_formats(), **changes)  # type: ignore[arg-type]  # fields by name
    return build(items(), [], options, lists=LISTS)


def manifest_of(files: dict[str, bytes]) -> BundleManifest:
    return manifest.parse(files["manifest.json"])


@pytest.mark.parametrize("newline", ["lf", "crlf"])
def test_nothing_of_it_is_left_in_any_file(newline: str) -> None:
    before = everything(newline=newline, redactions_coded=True)
    traces = ("P07-PIR", SAID, "Marmalade", "PERSON_7")
    for trace in traces:
        assert any(trace in text for data in before.values() for text in texts_in(data)), "the test looks for something"
    left = without(manifest_of(before), before, ["P07-PIR"], LISTS)
    check_bundle(left)
    assert manifest_of(left).release == 2
    for name, data in left.items():
        texts = (name, *texts_in(data))
        found = [trace for trace in traces if any(trace in text for text in texts)]
        assert found == (["P07-PIR"] if name == "manifest.json" else []), name
    assert [known.id for known in manifest_of(left).absent] == ["P07-PIR"], "its number goes on if it comes back"
    assert not any(name.startswith("dyads/") for name in left), "a pair of one is none"


def test_what_stays_is_the_same_to_the_byte_and_as_if_made_anew() -> None:
    before = everything()
    left = without(manifest_of(before), before, ["P07-PIR"], LISTS)
    stay = [item for item in items() if item.header.recording != "P07-PIR"]
    anew = build(stay, [], replace(OPTIONS, formats=all_formats()), manifest_of(before), lists=LISTS)
    assert left == anew
    kept = [name for name in left if "P07-PSW" in name or "P08-PSW" in name]
    assert kept
    assert all(left[name] == before[name] for name in kept)


def test_the_last_transcript_can_be_taken_out_too() -> None:
    before = everything()
    left = without(manifest_of(before), before, [item.header.recording for item in items()], LISTS)
    check_bundle(left)
    assert not any(SAID in text for data in left.values() for text in texts_in(data))


def test_a_bundle_cut_down_is_a_part_of_it() -> None:
    before = everything()
    for name in all_formats():
        part = only(before, [name])
        same = {path for path, data in part.items() if before.get(path) == data}
        assert set(part) - same <= {"README.md", "conventions.md", "manifest.json"}
        assert manifest_of(part).settings == replace(manifest_of(before).settings, formats=(name,))
        assert {*manifest_of(part).sha256, "manifest.json"} == set(part)


def test_files_about_the_study_can_be_made_from_its_own_files() -> None:
    before = everything()
    study = study_text(before, LISTS)
    assert [entry.id for entry in study.transcripts] == ["P07-PIR", "P07-PSW", "P08-PSW"]
    for entry in study.transcripts:
        assert study.text(entry) == before[f"transcripts/txt/{entry.id}.txt"].decode("utf-8-sig")
