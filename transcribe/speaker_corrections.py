"""What the lab says of the voices: a person's answer becomes decisions in `private/edits.jsonl`."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from transcribe.diarization.cast import NO_VOICE
from transcribe.errors import UsageError
from transcribe.speaker_evidence import RecordingSpeakers, SpeakerEvidence
from transcribe.store import StudyFolder, locked
from transcribe.study.codes import is_code
from transcribe.study.speaker_decisions import SpeakerDecision, append_decisions, read_decisions
from transcribe.study_speakers import stored_speakers

_NAMED = re.compile(r"(?P<recording>[^:=]+):(?P<voice>SPEAKER-[1-9][0-9]*)=(?P<speaker>[^:=]+)")


def decide_speakers(
    study: StudyFolder, confirm: Sequence[str], swap: Sequence[str], name: Sequence[str], undo: Sequence[str]
) -> tuple[SpeakerDecision, ...]:
    """Notes what people say of the speakers of some recordings; all of it or, when it raises, nothing.

    `name` holds `RECORDING:VOICE=SPEAKER`. Raises `UsageError` for a recording without speakers, one that is named
    twice, and voices of which nobody can be guessed. Two voices may be one person: then the diariser heard them as two.
    """
    with locked(study):
        found = {item.recording: item for item in stored_speakers(study)}
        changed: dict[str, dict[str, str]] = {}
        for option, listed, answer in (
            ("--confirm", confirm, _confirmed),
            ("--swap", swap, _swapped),
            ("--undo", undo, _undone),
        ):
            for recording in listed:
                item = _known(found, recording, option)
                if recording in changed:
                    raise UsageError(f"{recording} is named twice: say one thing of it")
                changed[recording] = answer(item)
        for text in name:
            recording, voice, speaker = _parsed(text)
            item = _known(found, recording, "--name")
            if voice not in {speaker.voice for speaker in item.speakers}:
                raise UsageError(f"--name: {recording} has no {voice}; see: transcribe speakers STUDY {recording}")
            changed.setdefault(recording, {})[voice] = speaker
        when = datetime.now(UTC).isoformat(timespec="seconds")
        decisions = tuple(
            SpeakerDecision(when, recording, found[recording].diarization, voice, speaker)
            for recording, voices in changed.items()
            for voice, speaker in voices.items()
        )
        append_decisions(study, decisions)
    return decisions


def not_applied(study: StudyFolder, found: Sequence[RecordingSpeakers]) -> tuple[str, ...]:
    """The recordings among `found` of which something was decided that their speakers do not show yet."""
    decisions = read_decisions(study)
    waiting = []
    for item in found:
        decided = decisions.of(item.recording, item.diarization)
        shown = {s.voice: s.speaker if s.standing == "confirmed" else "" for s in item.speakers}
        if any(decided.get(voice, "") != speaker for voice, speaker in shown.items()):
            waiting.append(item.recording)
    return tuple(waiting)


def _known(found: dict[str, RecordingSpeakers], recording: str, option: str) -> RecordingSpeakers:
    if recording not in found:
        raise UsageError(f"{option} names no recording that has speakers; see: transcribe speakers STUDY")
    return found[recording]


def _parsed(text: str) -> tuple[str, str, str]:
    match = _NAMED.fullmatch(text.strip())
    if match is None or not is_code(match["speaker"].upper()):
        raise UsageError("--name reads RECORDING:VOICE=SPEAKER, with codes only: P03-OBS:SPEAKER-3=OTHER-1")
    speaker = match["speaker"].upper()
    if speaker.startswith("SPEAKER-"):
        raise UsageError("--name: a speaker is a person's code, INT, INTERP or OTHER-1; to take it back, --undo")
    return match["recording"].strip(), match["voice"], speaker


def _who(speaker: SpeakerEvidence) -> str:
    return speaker.likely or speaker.speaker


def _voices(item: RecordingSpeakers) -> list[SpeakerEvidence]:
    return [speaker for speaker in item.speakers if speaker.voice != NO_VOICE]


def _confirmed(item: RecordingSpeakers) -> dict[str, str]:
    """What is shown, for certain; a voice that is nobody yet and unlikely anybody stays so."""
    known = {s.voice: _who(s) for s in _voices(item) if not _who(s).startswith("SPEAKER-")}
    if not known:
        raise UsageError(
            f"{item.recording}: nobody is known in it, so there is nothing to confirm; say who the voices are: "
            f"--name {item.recording}:SPEAKER-1=CODE"
        )
    return known


def _swapped(item: RecordingSpeakers) -> dict[str, str]:
    """The two who talk most, exchanged."""
    main = sorted(_voices(item), key=lambda s: (-s.words, s.voice))[:2]
    if len(main) < 2 or any(_who(speaker).startswith("SPEAKER-") for speaker in main):
        raise UsageError(
            f"{item.recording}: it has no two known speakers to swap; say who the voices are: "
            f"--name {item.recording}:SPEAKER-1=CODE"
        )
    one, other = main
    if _who(one) == _who(other):
        raise UsageError(
            f"{item.recording}: its two main voices are both {_who(one)}, so there is nothing to swap; say who the "
            f"voices are: --name {item.recording}:{other.voice}=CODE"
        )
    return {one.voice: _who(other), other.voice: _who(one)}


def _undone(item: RecordingSpeakers) -> dict[str, str]:
    return {speaker.voice: "" for speaker in _voices(item)}
