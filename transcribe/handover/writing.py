"""An export's files, written and checked: the release as it is, in another form of it, or at another level.

Whatever is asked for is built with all that a release has, checked as a release is, and searched for every known name;
beyond the team, also for every code that would link people. Only then is it cut down to the formats asked for.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transcribe.errors import WithheldError
from transcribe.exports import self_checks
from transcribe.exports.bundle import LabLists, build, only
from transcribe.handover.content import Released, coder_transcript, frame_of
from transcribe.handover.form import ExportForm
from transcribe.redaction.decisions import Level
from transcribe.redaction.file_texts import readable_texts
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.levels import Interview, at_level, linking_codes
from transcribe.redaction.registry import Registry
from transcribe.release.coders_files import make_folders
from transcribe.study.roster import RosterEntry
from transcribe.study_release import LEAK_MESSAGE, without_speech

CODE_MESSAGE = "a code of the study stands in its text; have `transcribe decide` replace it, or correct the transcript"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: what is shown of each recording, by the study's ids, and why others were withheld.

    `files` is the whole bundle that was checked, of which the folder may hold a part; `lists` what it was built with;
    `codes` what must not stand in it because it would link people.
    """

    shown: Mapping[str, Interview]
    withheld: Mapping[str, str]
    files: Mapping[str, bytes]
    lists: LabLists
    codes: frozenset[str] = frozenset()


def write_released(
    folder: Path, released: Released, form: ExportForm, roster: Sequence[RosterEntry], registry: Registry
) -> Written:
    """Writes the release as coders have it, or in another form, into `folder`, which is empty.

    Raises `WithheldError` when it holds a name that roster or registry have learnt since, or would hold one in that
    form; `ValidationError` when files of another form fail their own checks.
    """
    files, frame = released.files, released.frame
    if not form.is_as_released(released.manifest.settings):
        options = replace(form.options(released.options), release=released.manifest.release)
        withheld, documents = released.manifest.withheld, released.documents
        items = list(released.items.values())
        files = build(items, withheld, options, released.manifest, documents, lists=released.lists)
        self_checks.check_bundle(files)
        frame = frame_of(released.items, released.manifest, options, documents)
    _write(folder, files)
    if find_leaks(folder, roster, registry, frame):
        raise WithheldError(
            f"release {released.manifest.release} holds a name that was learnt since: run `transcribe release STUDY`; "
            "nothing was exported"
        )
    _cut_down(folder, files, form)
    shown = {name: at_level(interview, registry, "team") for name, interview in released.interviews.items()}
    return Written(shown, {}, files, released.lists)


def write_at_level(
    folder: Path,
    released: Released,
    form: ExportForm,
    level: Level,
    chosen: Sequence[str],
    roster: Sequence[RosterEntry],
    registry: Registry,
) -> Written:
    """Writes the chosen recordings of a release at the level `share` or `archive` into `folder`, which is empty.

    Raises `WithheldError` when none is left or a name remains in a file of them all, `ValidationError` when the files
    fail their own checks.
    """
    codes = linking_codes(registry, [interview.recording for interview in released.interviews.values()])
    options = replace(form.options(released.options), level=level, release=released.manifest.release)
    withheld: dict[str, str] = {}
    while shown := {n: at_level(released.interviews[n], registry, level) for n in chosen if n not in withheld}:
        items = {n: coder_transcript(released.plans[n], released.drafts[n], i) for n, i in shown.items()}
        lists = _renamed(released.lists, shown)
        files = build(list(items.values()), (), options, lists=lists)
        self_checks.check_bundle(files)
        _write(folder, files)
        frame = build([without_speech(item) for item in items.values()], (), options)
        ids = {interview.recording.id: name for name, interview in shown.items()}
        leaking = {leak.file for leak in find_leaks(folder, roster, registry, frame, level)}
        linking = {name for name in files if holds_code(name, files[name], codes)}
        if not leaking | linking:
            _cut_down(folder, files, form)
            return Written(shown, withheld, files, lists, codes)
        reasons = {ids[stem]: LEAK_MESSAGE for stem in _stems(leaking) if stem in ids}
        reasons |= {ids[stem]: CODE_MESSAGE for stem in _stems(linking) if stem in ids}
        if not reasons:
            raise WithheldError("a known name or code remains in a file of the whole export; nothing was exported")
        withheld |= reasons
        _empty(folder)
    raise WithheldError(f"every recording was withheld, the first of them because {next(iter(withheld.values()))}")


def _renamed(lists: LabLists, shown: Mapping[str, Interview]) -> LabLists:
    """The same lists for transcripts that have other names; of others nothing."""
    asked = {interview.recording.id: lists.asked[name] for name, interview in shown.items() if name in lists.asked}
    return replace(lists, asked=asked)


def _cut_down(folder: Path, files: Mapping[str, bytes], form: ExportForm) -> None:
    if form.formats:
        _empty(folder)
        _write(folder, only(files, form.formats))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in sorted(files.items()):
        make_folders(folder, str(Path(name).parent))
        (folder / name).write_bytes(data)


def _stems(files: set[str]) -> set[str]:
    """What files are called after: `sync/P01-PSW.f4.txt` after `P01-PSW`."""
    return {Path(name.partition("!")[0]).name.partition(".")[0] for name in files}


def holds_code(name: str, data: bytes, codes: frozenset[str]) -> bool:
    """Whether a file's name or text holds a code of the study, also inside a longer one (`P01-PIR-SISTER_1`)."""
    if not codes:
        return False
    wanted = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, sorted(codes)))})(?![A-Za-z0-9])", re.IGNORECASE)
    return any(wanted.search(re.sub("[/_]", " ", text)) for text in (name, *readable_texts(name, data)))
