"""The facts of a recording's media files, and their common timeline."""

from dataclasses import dataclass
from pathlib import Path

from transcribe.audio.header import check_readable, file_digest, naming_part, read_header
from transcribe.audio.pcm import stream_samples
from transcribe.engines import SAMPLE_RATE
from transcribe.errors import InputError
from transcribe.records import Part, Recording, to_milliseconds_grid
from transcribe.study.manifest import PlannedRecording


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A media file: container and codec by ffmpeg's names, Hz, channels, and `duration` as decoded (s, 1 ms).

    `warnings` tell what the lab should know: an early end, damage, further audio tracks.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration: float
    sha256: str
    warnings: tuple[str, ...] = ()


def probe(path: Path) -> MediaFacts:
    """Reads and decodes the file once, keeping no samples: its length is what really comes out of it.

    Raises `InputError`, whose message holds no file name, for a file that is gone, closed, empty, no media, a playlist,
    without sound, cut off, shorter than 0.5 s, or changed meanwhile.
    """
    before = check_readable(path)
    header = read_header(path)
    decoding = stream_samples(path, header, lambda _: None)
    sha256 = file_digest(path)
    after = check_readable(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError("its file changed while it was read: wait until it is copied, then run again")
    return MediaFacts(
        container=header.container,
        codec=header.codec,
        sample_rate=header.sample_rate,
        channels=header.channels,
        duration=to_milliseconds_grid(decoding.count / SAMPLE_RATE),
        sha256=sha256,
        warnings=decoding.warnings,
    )


def probe_recording(planned: PlannedRecording) -> Recording:
    """The recording of a manifest's row or rows, its parts one behind the other on one timeline.

    Raises `InputError` as `probe` does, naming the part where there are several, and for sound that was withdrawn.
    """
    parts: list[Part] = []
    offset = 0.0
    for number, path in enumerate(planned.files, start=1):
        with naming_part(number, len(planned.files)):
            facts = probe(path)
            if any(part.sha256 == facts.sha256 for part in parts):
                raise InputError("its file has the same content as an earlier part: which file belongs here?")
        parts.append(
            Part(
                sha256=facts.sha256,
                offset=offset,
                duration=facts.duration,
                container=facts.container,
                codec=facts.codec,
                sample_rate=facts.sample_rate,
                channels=facts.channels,
            )
        )
        offset = to_milliseconds_grid(offset + facts.duration)
    if refused := planned.withdrawals.why_refused(planned.id, [part.sha256 for part in parts]):
        raise InputError(refused)
    return Recording(
        id=planned.id,
        pair=planned.pair,
        role=planned.role,
        person=planned.person,
        session=planned.session,
        language=planned.language,
        parts=tuple(parts),
        duration=offset,
    )
