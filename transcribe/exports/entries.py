"""What a manifest says of each transcript: counts, its version, and the digest that decides about the next one."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from transcribe.exports.layout import ASKED_FLAG, DRAFT_FLAG, EVENT_FLAG, LaidOut
from transcribe.exports.manifest import BundleManifest, KnownVersion, LabelCount, TranscriptEntry
from transcribe.exports.turns import TurnRow
from transcribe.exports.words import count_words
from transcribe.records import RedactedTranscript


def transcript_digest(laid: LaidOut) -> str:
    """The sha256 of a transcript's utterances: ids, speakers, times, texts and flags; sections play no part."""
    plain = [
        [turn.id, turn.speaker, turn.start_ms, turn.end_ms, turn.text, [f for f in turn.flags if f not in _NO_CONTENT]]
        for turn in laid.turns
    ]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


_NO_CONTENT = (DRAFT_FLAG, ASKED_FLAG)


def _marks(transcript: RedactedTranscript) -> tuple[LabelCount, ...]:
    labels = Counter(mark.label for utterance in transcript.utterances for mark in utterance.marks)
    return tuple(LabelCount(label, count) for label, count in sorted(labels.items()))


def entry_of(laid: LaidOut, transcript: RedactedTranscript) -> TranscriptEntry:
    """What the manifest says of a transcript as it was laid out."""
    header = laid.header
    spoken = [turn for turn in laid.turns if not turn.is_event]
    return TranscriptEntry(
        id=header.recording,
        pair=header.pair,
        role=header.role,
        month=header.month,
        duration_ms=round(header.duration * 1000),
        version=header.version,
        review=header.review,
        draft=header.draft,
        content=transcript_digest(laid),
        utterances=len(spoken),
        words=sum(count_words(turn.text) for turn in spoken),
        repunctuated=sum(turn.repunctuated for turn in spoken),
        redactions=_marks(transcript),
        speakers=tuple(dict.fromkeys(turn.speaker for turn in spoken)),
        session=header.session,
    )


def recounted(entry: TranscriptEntry, rows: Sequence[TurnRow]) -> TranscriptEntry:
    """The same with its utterances and words as they are counted today: an earlier version counted otherwise."""
    said = [row.text for row in rows if EVENT_FLAG not in row.flags]
    return replace(entry, utterances=len(said), words=sum(map(count_words, said)))


def known_versions(previous: BundleManifest | None) -> dict[str, KnownVersion]:
    """The last version of every transcript that was ever released."""
    if previous is None:
        return {}
    released = (KnownVersion(entry.id, entry.version, entry.content) for entry in previous.transcripts)
    return {entry.id: entry for entry in (*previous.absent, *released)}


def absent_versions(entries: Sequence[TranscriptEntry], previous: BundleManifest | None) -> tuple[KnownVersion, ...]:
    """The last version of every transcript that was released and is not among `entries`."""
    present = {entry.id for entry in entries}
    return tuple(known for name, known in sorted(known_versions(previous).items()) if name not in present)
