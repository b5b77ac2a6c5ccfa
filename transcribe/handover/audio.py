"""Redacted audio in an export: for recordings whose people agreed to it, listened to again before it goes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transcribe.audio.decode import decode
from transcribe.audio.redacted import SUFFIX, make_redacted_audio
from transcribe.consent import ConsentRules, with_consent
from transcribe.engines import Recognizer
from transcribe.errors import EngineError, TranscribeError, WithheldError
from transcribe.exports import manifest
from transcribe.exports.manifest import MANIFEST
from transcribe.handover.content import Released
from transcribe.progress import Progress
from transcribe.records import Diarization
from transcribe.redaction import decisions
from transcribe.redaction.decisions import Level, standings
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.levels import Interview
from transcribe.redaction.registry import Registry
from transcribe.release.coders_files import hash_file, make_folders
from transcribe.store import StudyFolder, stored
from transcribe.study.roster import RosterEntry
from transcribe.study_consent import agreed_speakers

AUDIO = "audio"
_NOTE = """# Redacted audio

A quiet tone stands for what was replaced in the transcript, for what was withheld, and for speech that stands in no
transcript. Times are those of the recording: the stamps of the transcript fit.

**The voices are as they were.** A voice is a biometric identifier: who knows it, knows the person. Keep these files
apart from the transcripts, give them to nobody, and delete them when you have heard what you needed to hear. The same
holds for `study_with_audio.qdpx`, where the export has it: the project with the same sound in it.
"""

_README = """
## Redacted audio

`audio/` holds a sound file per transcript: a tone stands for what was replaced. Times are those of the transcript. \
**The voices can be recognised**: `audio/README.md` says how to handle them.
"""
_PROJECT = """
`{project}` is `study.qdpx` with this sound: import it instead of `study.qdpx`, by the same steps, where the voices \
may be heard. Each utterance has its place in the sound.
"""


@dataclass(frozen=True, slots=True)
class Listening:
    """The recogniser that listens to the redacted audio again, and who is told how far it is."""

    recognizer: Recognizer
    progress: Progress


def add_audio(
    study: StudyFolder,
    folder: Path,
    names: Mapping[str, str],
    released: Released,
    roster: Sequence[RosterEntry],
    registry: Registry,
    level: Level,
    listening: Listening,
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Puts `audio/<name>.m4a` into an export's folder for every recording in `names` (the study's id: its name there).

    Returns the recordings whose audio is in it, and why that of others is not: the originals are gone, a known name was
    heard again, or an engine failed; their transcripts stay. The folder's `manifest.json` lists the files.
    """
    holds_known = text_check(registry, roster, level)
    known = standings(registry)
    done: list[str] = []
    withheld: dict[str, str] = {}
    length = sum(released.interviews[name].recording.duration for name in names)
    listening.progress.expect("recognize", length)
    if names:
        make_folders(folder, AUDIO)
    for name, shown in names.items():
        interview = released.interviews[name]
        try:
            diarization = stored(Diarization, study, name, "diarize", None)
            if diarization is None:
                raise WithheldError("who spoke when is not known any more: transcribe run STUDY")
            plan = released.plans[name]
            said = of_those_who_agreed(interview, agreed_speakers(plan, released.plans.values()))
            make_redacted_audio(
                decode(interview.recording, plan.files, study.private).audio,
                said.transcript,
                decisions.at_level(said.redactions, known, level),
                diarization,
                folder / AUDIO / f"{shown}{SUFFIX}",
                holds_known,
                listening.recognizer,
                listening.progress,
            )
        except TranscribeError as error:
            withheld[name] = error.message.removeprefix(f"{name}: ")
        except FileNotFoundError:
            withheld[name] = "its media file is not there any more: put it back, or correct its row in the manifest"
        except Exception as error:  # noqa: BLE001 - what an engine raises may hold speech; its audio does not go
            withheld[name] = EngineError(f"an engine failed ({type(error).__name__})").message
        else:
            done.append(name)
    if done:
        (folder / AUDIO / "README.md").write_text(_NOTE, "utf-8")
        list_in_manifest(folder, [path.relative_to(folder) for path in (folder / AUDIO).iterdir()])
    elif names:
        (folder / AUDIO).rmdir()
    return tuple(done), withheld


def of_those_who_agreed(interview: Interview, agreed: tuple[str, ...]) -> Interview:
    """The interview without third voices, whatever the study does with their words: they never agreed to be heard."""
    rules = ConsentRules(withhold_third_voices=True, agreed=agreed)
    transcript = with_consent(interview.recording, interview.transcript, rules)
    left = {utterance.id for utterance in transcript.utterances}
    kept = tuple(r for r in interview.redactions.redactions if r.utterance in left)
    return replace(interview, transcript=transcript, redactions=replace(interview.redactions, redactions=kept))


def list_in_manifest(folder: Path, names: Iterable[Path]) -> None:
    """Adds files of an export, by their relative paths, to its manifest; one that is in it is listed as it is now."""
    found = manifest.parse((folder / MANIFEST).read_bytes())
    files = {entry.path: entry for entry in found.files}
    for name in names:
        path = folder / name
        files[name.as_posix()] = manifest.FileEntry(name.as_posix(), path.stat().st_size, hash_file(path))
    listed = tuple(entry for _, entry in sorted(files.items()))
    (folder / MANIFEST).write_bytes(manifest.write(replace(found, files=listed)))


def tell_of_audio(folder: Path, project: str) -> None:
    """Adds to an export's README what `audio/` is, and the name of the project with sound; empty: there is none."""
    with (folder / manifest.README).open("a", encoding="utf-8") as file:
        file.write(_README + (_PROJECT.format(project=project) if project else ""))
    list_in_manifest(folder, [Path(manifest.README)])
