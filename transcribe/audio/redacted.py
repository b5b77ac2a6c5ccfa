"""The redacted sound of a recording: written with a tone over every stretch that must not be heard, then checked.

Which stretches: `audio/redacted_spans.py`. The file is AAC in m4a, mono, 16 kHz: what phones record and every player
plays, every ffmpeg can write (MP3 needs a library that some lack), with an index that finds the very millisecond that a
time in a transcript means (players guess it in MP3), at a quarter of a WAV. Nothing but samples reaches the encoder, so
that no tag of the recorder can get into the file.

**The voice remains**: who knows it, knows the person. That is said to the lab, not solved here.
"""

import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcribe.audio.decode import IN_MEMORY_SECONDS
from transcribe.audio.ffmpeg import encode_command, header_command, run_ffmpeg
from transcribe.audio.header import MediaHeader, read_header
from transcribe.audio.pcm import stream_samples
from transcribe.audio.redacted_spans import audible_letters, complement, padded, spans_to_silence, united
from transcribe.audio.track import BLOCK, Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, RecognitionJob, Recognizer, Samples
from transcribe.errors import EngineError, TranscribeError, WithheldError
from transcribe.progress import Progress
from transcribe.records import (
    Diarization,
    Interval,
    Quarantined,
    Recognition,
    Recording,
    RedactionList,
    Segment,
    Transcript,
)
from transcribe.store import PRIVATE_FILE_MODE, sync_folder
from transcribe.study.languages import read_languages

SUFFIX = ".m4a"

TONE_HERTZ = 440
TONE_LEVEL = 0.03
"""Amplitude of the tone (-30 dB of full scale): heard, and softer than speech."""
FADE_SECONDS = 0.01

LENGTH_SLACK = 0.05
"""Seconds by which the written file may be longer or shorter than the recording."""
REST_LEVEL = 1e-3
"""RMS (-60 dB of full scale) that 20 ms of a silenced stretch may differ from the tone. AAC leaves -66 dB beside the
loudest speech; intelligible speech is above it."""
SMEAR_SECONDS = 0.064
"""Seconds at each end of a silenced stretch that are not measured: one AAC frame spreads its error so far. Redacted
words lie `redacted_spans.PADDING` inside."""
HEARD_SHARE = 0.5
"""Of the characters that remain to be heard, the check must have heard so many: a deaf check proves nothing."""

HEARINGS = 4
"""How often the sound is listened to: what is heard is silenced, too, and the rest listened to again."""

_BITS_PER_SECOND = 64_000
_MEASURED_SECONDS = 0.02
_LEAST_LETTERS = 100
"""From so many characters on, the share that is heard tells something."""
_SOME_LETTERS = 20
"""Of more than so many characters, at least something must be heard."""
_PERIOD = SAMPLE_RATE // 40
assert TONE_HERTZ % 40 == 0, "the tone repeats after _PERIOD samples"
_TONE: NDArray[np.float32] = (TONE_LEVEL * np.sin(2 * np.pi * TONE_HERTZ / SAMPLE_RATE * np.arange(_PERIOD))).astype(
    np.float32
)
_TAG = re.compile(r" {4,}(?!Stream #|Metadata:$)(.*?) *: ?(.*)")
_STREAM = re.compile(r" *Stream #0:0(?:\[0x1\])?(?:\(und\))?: Audio: aac .*")
_FORMAT_TAGS = {
    "major_brand": re.compile(r"M4A ?"),
    "minor_version": re.compile(r"\d+"),
    "compatible_brands": re.compile(r"M4A isomiso2"),
    "handler_name": re.compile(r"SoundHandler"),
    "vendor_id": re.compile(r"\[0\]\[0\]\[0\]\[0\]"),
}
"""What the container itself says in every file; anything more would be a tag."""
_ROUND = str.maketrans("[]", "()")
"""What a recogniser puts in brackets would be taken for a mark, and not searched."""


class StillHeardError(WithheldError):
    """Something known is still heard, in `stretches` (s) as far as a segment of the recogniser tells."""

    def __init__(self, message: str, stretches: Sequence[Interval]) -> None:
        super().__init__(message)
        self.stretches = tuple(stretches)


def make_redacted_audio(
    audio: DecodedAudio,
    transcript: Transcript,
    redactions: RedactionList,
    diarization: Diarization,
    path: Path,
    holds_known: Callable[[str], bool],
    recognizer: Recognizer,
    progress: Progress,
) -> tuple[Interval, ...]:
    """The three steps in one: what to silence, writing, checking; `path` is there only when all is well.

    Where something known is heard, the whole segment is silenced, and the rest written and listened to again. So a name
    that was misheard before goes, and so does what only sounds like one; the check itself never yields. Transcript,
    redactions and `holds_known` are those of one level, `audio` and `diarization` the recording's. Holds the sound
    twice. Returns what was silenced (s). Raises as the steps do; the file then never had its name, and an
    earlier one stays.
    """
    spans = spans_to_silence(transcript, redactions, diarization, audio.recording.duration)
    unchecked = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unchecked.tmp")
    for hearing in range(HEARINGS):
        write_redacted_audio(audio, spans, unchecked)
        try:
            check_redacted_audio(unchecked, audio.recording, transcript, spans, holds_known, recognizer, progress)
        except StillHeardError as error:
            more = united((*spans, *padded(error.stretches)), audio.recording.duration)
            if more == spans or hearing == HEARINGS - 1:
                raise
            spans = more
        else:
            break
    unchecked.replace(path)
    sync_folder(path.parent)
    return spans


def redacted_blocks(track: Track, spans: Sequence[Interval]) -> Iterator[Samples]:
    """The sound with the tone in the spans (s; sorted, disjoint), block by block; as long as `track`, which stays.

    Speech fades out before a span and the tone within it, so that neither clicks.
    """
    fade = round(FADE_SECONDS * SAMPLE_RATE)
    limits = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in spans]
    first = 0
    for begin, sound in track.blocks():
        block = sound
        at = np.arange(begin, begin + len(block))
        while first < len(limits) and limits[first][1] + fade <= begin:
            first += 1
        for start, end in limits[first:]:
            if start - fade >= begin + len(block):
                break
            outside = np.maximum(start - at, at - (end - 1))
            block *= np.clip(outside / fade, 0, 1).astype(np.float32)
            inside = np.minimum(at - start, end - 1 - at)
            block += np.clip(inside / fade, 0, 1).astype(np.float32) * _TONE[at % _PERIOD]
        yield block


def write_redacted_audio(audio: DecodedAudio, spans: Sequence[Interval], path: Path) -> None:
    """Writes the sound with a tone over `spans` to `path` (`.m4a`), whole or not at all, for this account alone (0600).

    Same length and timeline as the recording; the same input gives the same bytes with the same ffmpeg. The file is not
    checked yet: write it where nobody takes it from, and call `check_redacted_audio`. Raises `EngineError` when
    ffmpeg fails, `InputError` when it stands still, `DependencyError` when there is none, `OSError` as the file system
    gives it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE))
        temporary.chmod(PRIVATE_FILE_MODE)
        pieces = (block.astype("<f4").tobytes() for block in redacted_blocks(audio.mix, spans))
        end = run_ffmpeg(encode_command(temporary, _BITS_PER_SECOND), lambda _: None, give=pieces)
        # ffmpeg's complaints hold the path and are not repeated.
        if end.code or end.line_count:
            raise EngineError(f"{audio.recording.id}: ffmpeg could not write its redacted sound (code {end.code})")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def check_redacted_audio(
    path: Path,
    recording: Recording,
    transcript: Transcript,
    spans: Sequence[Interval],
    holds_known: Callable[[str], bool],
    recognizer: Recognizer,
    progress: Progress,
) -> None:
    """Reads the written file again and deletes it unless it is as it must be; then raises `WithheldError`.

    Checked are its length, that nothing but the tone is in the spans, that it has no tags, and that `recognizer`,
    listening to all the rest anew (in and outside the speech mask), hears nothing of which `holds_known` is true:
    `leak_check.text_check` of the level. What was misheard the first time may be heard rightly now. Whatever else
    stops the check deletes the file as well. The message names the recording by `recording.id`, never what was heard.
    """
    try:
        header = read_header(path)
        _check_tags(path, header)
        audio = DecodedAudio(recording, _decoded(path, header, round(recording.duration * SAMPLE_RATE)))
        _check_tone(audio.mix, spans)
        _check_heard(_heard(audio, transcript, spans, recognizer, progress), holds_known)
    except StillHeardError as error:
        path.unlink(missing_ok=True)
        message = f"{recording.id}: its redacted sound is withheld: {error.message}"
        raise StillHeardError(message, error.stretches) from None
    except Exception as error:  # noqa: BLE001 - whatever an engine raises withholds; its message may hold speech
        path.unlink(missing_ok=True)
        why = error.message if isinstance(error, TranscribeError) else f"the check failed ({type(error).__name__})"
        raise WithheldError(f"{recording.id}: its redacted sound is withheld: {why}") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _check_tags(path: Path, header: MediaHeader) -> None:
    lines = run_ffmpeg(header_command(path), lambda _: None).lines
    tags = [match.groups() for line in lines if (match := _TAG.fullmatch(line))]
    known = all(key in _FORMAT_TAGS and _FORMAT_TAGS[key].fullmatch(value.strip()) for key, value in tags)
    streams = [line for line in lines if line.lstrip().startswith("Stream #")]
    if not known or header.channels != 1 or len(streams) != 1 or not _STREAM.fullmatch(streams[0]):
        raise WithheldError("the file holds more than sound")


def _decoded(path: Path, header: MediaHeader, length: int) -> Track:
    """The file's sound, `length` samples within `LENGTH_SLACK`."""
    slack = round(LENGTH_SLACK * SAMPLE_RATE)
    # What may be heard in it lies beside it in that file already, and in a long one for hours.
    folder = path.parent if length > IN_MEMORY_SECONDS * SAMPLE_RATE else None
    track = Track(length + slack, folder)
    count = 0

    def take(block: Samples) -> None:
        nonlocal count
        track.write(min(count, track.length), block[: max(track.length - count, 0), 0])
        count += len(block)

    decoding = stream_samples(path, header, take)
    if decoding.warnings or abs(count - length) > slack:
        raise WithheldError("the file is not as long as the recording, or damaged")
    track.shorten(count)
    return track


def _check_tone(track: Track, spans: Sequence[Interval]) -> None:
    """Raises `WithheldError` when 20 ms anywhere in a span are not the tone (or, where it fades, less of it)."""
    step = round(_MEASURED_SECONDS * SAMPLE_RATE)
    for start, end in spans:
        margin = min(SMEAR_SECONDS, (end - start) / 4)
        first, last = round((start + margin) * SAMPLE_RATE), min(round((end - margin) * SAMPLE_RATE), track.length)
        for begin in range(first, last, BLOCK):
            at = np.arange(begin, min(begin + BLOCK, last))
            power = np.square(track.cut(begin, begin + len(at)) - _TONE[at % _PERIOD], dtype=np.float64)
            # The last step takes in the samples before it, so that a short rest is measured, too.
            starts = [*range(0, len(power) - step, step), max(len(power) - step, 0)]
            if any(power[i : i + step].mean() > REST_LEVEL**2 for i in starts):
                raise WithheldError("something but the tone is heard in a silenced stretch")


def _heard(
    audio: DecodedAudio,
    transcript: Transcript,
    spans: Sequence[Interval],
    recognizer: Recognizer,
    progress: Progress,
) -> list[Segment]:
    """What is recognised in everything that is not silenced; text as it may be searched.

    What the recogniser would keep out of a transcript is searched, too: a name in it may have been said.
    """
    recording = audio.recording
    audible = complement(spans, audio.seconds)
    said = Counter(utterance.language for utterance in transcript.utterances for _ in utterance.words)
    languages = tuple(filter(None, (language for language, _ in said.most_common()))) or read_languages(
        recording.language
    )
    job = RecognitionJob(audio, audible, languages)
    outcomes = list(recognizer.recognize(iter([job]), progress))
    results = [outcome.result for outcome in outcomes if outcome.recording == recording.id]
    if len(outcomes) != 1 or len(results) != 1:
        raise WithheldError("the recogniser gave no result for it")
    if not isinstance(results[0], Recognition):
        raise results[0]
    said_or_not = [*results[0].segments, *(_put_away(text) for text in results[0].quarantined)]
    segments = [replace(s, text=s.text.strip().translate(_ROUND)) for s in sorted(said_or_not, key=lambda s: s.start)]
    expected = audible_letters(transcript, spans)
    heard = sum(len(segment.text.strip()) for segment in results[0].segments)
    if (expected >= _LEAST_LETTERS and heard < HEARD_SHARE * expected) or (expected > _SOME_LETTERS and not heard):
        raise WithheldError("the recogniser heard too little of it to check it")
    return segments


def _put_away(text: Quarantined) -> Segment:
    return Segment(0, text.start, text.end, "", text.text, (), 0.0, 0.0, 0.0)


def _check_heard(segments: Sequence[Segment], holds_known: Callable[[str], bool]) -> None:
    texts = [segment.text for segment in segments]
    # Both ways: a rule may look at the line that a name stands in, and a name may be cut in two by a segment's end.
    if not (holds_known("\n".join(texts)) or holds_known(" ".join(texts))):
        return
    held = [(s.start, s.end) for s in segments if holds_known(s.text)]
    held = held or [(a.start, b.end) for a, b in pairwise(segments) if holds_known(f"{a.text} {b.text}")]
    raise StillHeardError("something that is replaced in the transcript is still heard", held)
