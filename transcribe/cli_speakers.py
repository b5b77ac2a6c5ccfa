"""`transcribe speakers` and `transcribe enrol`: who is who, as the program sees it and as the lab corrects it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.cli_settings import study_of
from transcribe.errors import EXIT_OK, UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.speaker_evidence import RecordingSpeakers
    from transcribe.study.speaker_decisions import SpeakerDecision

StudyArgument = Annotated[Path, typer.Argument(help="The study folder.", show_default=False)]


def speakers(
    study: StudyArgument,
    recording: Annotated[
        str, typer.Argument(help="Show this recording with excerpts of what each voice says.", show_default=False)
    ] = "",
    confirm: Annotated[
        list[str] | None,
        typer.Option("--confirm", help="Its speakers are right, the unsure ones as shown; may repeat."),
    ] = None,
    swap: Annotated[
        list[str] | None, typer.Option("--swap", help="Its two main speakers are the other way round; may repeat.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="RECORDING:VOICE=SPEAKER, such as P03-OBS:SPEAKER-3=OTHER-1; may repeat."),
    ] = None,
    undo: Annotated[list[str] | None, typer.Option("--undo", help="Forget what was decided on it; may repeat.")] = None,
    later: Annotated[bool, typer.Option("--later", help="Only note it; the next run or release applies it.")] = False,
    accept_folder_risk: Annotated[
        bool,
        typer.Option("--accept-folder-risk", help="Release from a synced folder or a file system without modes."),
    ] = False,
) -> None:
    """Show who each voice is held to be; confirm or correct it, which does again only what follows from it."""
    from transcribe.speaker_corrections import decide_speakers, not_applied
    from transcribe.study.folder_risk import refuse_risky_folder
    from transcribe.study_speakers import stored_speakers

    target = study_of(study)
    if confirm or swap or name or undo:
        if recording:
            raise UsageError("name the recording in --confirm, --swap, --name or --undo alone")
        if not later:
            refuse_risky_folder(target.root, accept=accept_folder_risk)
        before = stored_speakers(target)
        made = decide_speakers(target, confirm or (), swap or (), name or (), undo or ())
        _show_decisions(made)
        if later:
            typer.echo(f"Noted. To apply it: transcribe release {study}")
            raise typer.Exit(EXIT_OK)
        code = _release(target)
        _show_also_changed(before, stored_speakers(target), {decision.recording for decision in made})
        raise typer.Exit(code)
    found = stored_speakers(target)
    if not found:
        raise UsageError(f"no recording has speakers yet; first: transcribe run {study}")
    if recording:
        one = next((item for item in found if item.recording == recording), None)
        if one is None:
            raise UsageError("no such recording has speakers yet; see: transcribe speakers STUDY")
        _show_one(one)
    else:
        _show_all(found, study)
    if waiting := not_applied(target, found):
        typer.echo(f"Noted, not applied yet: {', '.join(waiting)}. To apply it: transcribe release {study}")


def enrol(
    study: StudyArgument,
    clip: Annotated[
        Path | None, typer.Argument(help="Half a minute or more of this person alone.", show_default=False)
    ] = None,
    *,
    person: Annotated[str, typer.Option("--person", help="The person's code: INT, INT-2, P01-PSW ...")],
    remove: Annotated[bool, typer.Option("--remove", help="Delete this person's clip and vector.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
) -> None:
    """Keep a clip of one person's voice, so that the voice is known in every recording of the study."""
    from transcribe.cli_settings import settings_of
    from transcribe.config import open_engines
    from transcribe.enrolment import enrol as enrol_voice
    from transcribe.progress import showing_progress
    from transcribe.status import best_quality
    from transcribe.store import locked
    from transcribe.study.codes import is_person

    target = study_of(study)
    code = person.upper()
    if not is_person(code):
        raise UsageError(
            "--person: give the code of one certain person, such as INT, INT-2 or P01-PSW, never a name, and not "
            "INTERP, OTHER-1 or SPEAKER-1"
        )
    if remove:
        _remove(target, code)
        return
    if clip is None or not clip.expanduser().is_file():
        raise UsageError("enrol needs a clip of the person: no such file")
    if not _is_known(target, code):
        typer.echo(f"warning: no row of the manifest has {code}: is it the right code?", err=True)
    settings = settings_of(target, {"device": device})
    at_least = best_quality(target)
    engines = open_engines(settings.quality, settings.device, settings.jobs, at_least, settings.pii_model)
    with locked(target), showing_progress("auto") as observer:
        seconds = enrol_voice(target, code, clip.expanduser().absolute(), engines.diarizer, observer)
    typer.echo(f"{code} is enrolled with {seconds:.0f} s of speech. Their voice is biometric data: it stays in")
    typer.echo("private/enrolment until `transcribe withdraw`, or `enrol --remove`, deletes it.")
    typer.echo(f"To use it: transcribe release {study}")


def _remove(study: StudyFolder, person: str) -> None:
    from transcribe.enrolment import forget_enrolled
    from transcribe.store import locked

    with locked(study):
        if not forget_enrolled(study, person):
            raise UsageError(f"{person} is not enrolled")
    typer.echo(f"{person}: the clip and its vector are deleted; the next run or release does without them.")


def _is_known(study: StudyFolder, person: str) -> bool:
    """Whether the manifest has a person: somebody's recording, a pair's member, an interviewer, who else was there."""
    from transcribe.study.codes import is_interviewer
    from transcribe.study.manifest import read_manifest

    reading = read_manifest(study)
    plans = (*reading.recordings, *reading.withdrawn)
    if is_interviewer(person) and any(plan.role != "OBS" and not plan.interviewers for plan in plans):
        return True  # who held that interview is not said
    others = {told.upper() for plan in plans for told in plan.also_present}
    return person in others or any(person in (plan.person, *plan.members, *plan.interviewers) for plan in plans)


def _release(study: StudyFolder) -> int:
    """Makes transcripts and release anew from what was heard, without audio work."""
    from transcribe.cli_settings import settings_of
    from transcribe.cli_tables import show_run
    from transcribe.config import open_detector
    from transcribe.pipeline import release_only
    from transcribe.progress import showing_progress

    settings = settings_of(study, {})
    with showing_progress("auto") as observer:
        report = release_only(study, settings, open_detector(settings.pii_model), observer)
    show_run(study, report, None)
    return report.exit_code


def _show_all(found: "tuple[RecordingSpeakers, ...]", study: Path) -> None:
    from transcribe.cli_tables import print_table
    from transcribe.intervals import clock
    from transcribe.speaker_page import how_sure

    rows = []
    for item in found:
        words = max(1, sum(speaker.words for speaker in item.speakers))
        for speaker in item.speakers:
            share = f"{100 * speaker.words / words:.0f} %"
            who = f"{speaker.speaker}, likely {speaker.likely}" if speaker.likely else speaker.speaker
            row = (item.recording, speaker.voice, who, how_sure(speaker), clock(speaker.seconds), share)
            rows.append((*row, speaker.evidence))
    print_table(rows, "recording", "voice", "speaker", "standing", "talks", "words", "evidence")
    unsure = [item.recording for item in found if any(s.standing == "unsure" for s in item.speakers)]
    if unsure:
        typer.echo(f"\nUnsure: {', '.join(unsure)}")
    first = (unsure or [item.recording for item in found])[0]
    typer.echo(f"To hear what each voice says: transcribe speakers {study} {first}")
    typer.echo(f"Right as shown: --confirm {first}; the other way round: --swap {first}")


def _show_one(item: "RecordingSpeakers") -> None:
    from transcribe.intervals import clock
    from transcribe.speaker_page import how_sure

    for speaker in item.speakers:
        who = f"{speaker.speaker}, likely {speaker.likely}" if speaker.likely else speaker.speaker
        typer.echo(f"{speaker.voice} is {who} ({how_sure(speaker)}): {speaker.evidence}")
        for excerpt in speaker.excerpts:
            typer.echo(f"  {clock(excerpt.start)}  {excerpt.text}")
        if not speaker.excerpts:
            typer.echo("  nothing of it is transcribed")


def _show_decisions(made: "tuple[SpeakerDecision, ...]") -> None:
    for decision in sorted(made, key=lambda decision: (decision.recording, decision.voice)):
        typer.echo(f"{decision.recording}: {decision.voice} is {decision.speaker or 'as the program finds'}")


def _show_also_changed(
    before: "tuple[RecordingSpeakers, ...]", after: "tuple[RecordingSpeakers, ...]", decided: set[str]
) -> None:
    """Which speakers of other recordings are called otherwise now: what is known of one voice tells of others."""
    were = {(item.recording, speaker.voice): speaker.speaker for item in before for speaker in item.speakers}
    for item in after:
        for speaker in item.speakers if item.recording not in decided else ():
            old = were.get((item.recording, speaker.voice), speaker.speaker)
            if old != speaker.speaker:
                typer.echo(f"also changed  {item.recording}: {speaker.voice} was {old}, is {speaker.speaker}")
