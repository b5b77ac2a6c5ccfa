"""The detectors on the files as they will be handed over: what is still found, and nobody rejected, is withheld."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcribe.conventions import speech_of
from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import WithheldError
from transcribe.exports import turns
from transcribe.exports.layout import EVENT_FLAG
from transcribe.record_json import from_json, to_json
from transcribe.records import Transcript, Utterance
from transcribe.redaction.decisions import is_replaced, own_surfaces, standings
from transcribe.redaction.registry import MARK, Registry
from transcribe.redaction.rejections import Rejections
from transcribe.redaction.study_redaction import REDACTION_VERSION
from transcribe.redaction.surfaces import key_of
from transcribe.release_check.masking import snippet
from transcribe.release_check.second_pass import find_again
from transcribe.store import StudyFolder, digest, make_private_folder, write_atomic

FINISHED_VERSION = "1"
FINISHED = "finished.json"
FOLDER = "release-check"
"""The folder in `private/` with what the release check remembers."""
FOUND_AGAIN = (
    "a detector found a possible name or number again in its finished text; `transcribe check STUDY --list` shows "
    "which: put it on the roster if it is one, and release again; if not, reject its mark with `transcribe decide`"
)
_TURNS = "turns.csv"
_SPEAKER = re.compile(r"([A-Z][A-Z0-9_-]{0,15}): ")


@dataclass(frozen=True, slots=True)
class Passed:
    """A finished text in which nothing was found, with the digest of all that this depends on."""

    recording: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """Why a recording was withheld: where something was found in its finished text, and what stands there. PRIVATE."""

    recording: str
    utterance: str
    text: str


@dataclass(frozen=True, slots=True)
class FinishedChecks:
    """`private/release-check/finished.json`: what need not be searched again as long as nothing changes, and what was
    found where the recording was last searched.
    """

    passed: tuple[Passed, ...] = ()
    found: tuple[FoundAgain, ...] = ()


class Allowed:
    """What a finished text may hold by people's decisions: rejected in its pair, or replaced from a higher level on.

    What is left to the team may be found as something else of the same name, for the language model's types waver, but
    not where anything that is still replaced has that name: Jordan the country, Jordan the friend.
    """

    def __init__(self, registry: Registry) -> None:
        known, own = standings(registry), own_surfaces(registry)
        self._rejections = Rejections(registry)
        above: set[str] = set()
        replaced: set[str] = set()
        for entity in registry.entities:
            if known[entity.id].status != "rejected":
                found = replaced if is_replaced(known[entity.id], "team") else above
                found |= {key_of(surface, entity.entity_type) for surface in own[entity.id]}
        self._above = above - replaced
        self.basis = digest(
            repr(
                [(e.entity_type, e.pairs, own[e.id], known[e.id].status, known[e.id].level) for e in registry.entities]
            ).encode()
        )
        """A digest of all that the answers depend on."""

    def holds(self, surface: str, candidate: PiiCandidate, scope: str) -> bool:
        """Whether a find may stay; `scope` is the pair, or the recording's id where it has none."""
        kind = candidate.entity_type
        rejected = self._rejections.holds(surface, kind, candidate.recognizer, scope)
        return rejected or key_of(surface, kind) in self._above


def finished_texts(folder: Path, frame: Mapping[str, bytes]) -> dict[str, Transcript]:
    """The text of every transcript and document of a bundle by its id, read from its files.

    `frame` holds the files without any speech: their lines are ours. Raises `ValidationError` when turns.csv cannot be
    read.
    """
    rows: dict[str, list[turns.TurnRow]] = {}
    for row in turns.parse((folder / _TURNS).read_bytes()) if (folder / _TURNS).is_file() else ():
        if EVENT_FLAG not in row.flags:
            rows.setdefault(row.transcript, []).append(row)
    texts = {name: Transcript(name, tuple(map(_utterance, mine))) for name, mine in rows.items()}
    for path in sorted(folder.glob("documents/*.txt")):
        ours = frame.get(f"documents/{path.name}", b"").decode("utf-8-sig").split("\n")
        lines = [line for line in path.read_text("utf-8-sig").split("\n") if line not in ours]
        texts[path.stem] = Transcript(path.stem, tuple(_line(number, line) for number, line in enumerate(lines, 1)))
    return texts


def found_in(transcript: Transcript, detector: PiiDetector, allowed: Allowed, scope: str) -> list[PiiCandidate]:
    """The direct identifiers that are found in a finished text beside its marks, and that nobody rejected.

    Raises `WithheldError` when the detector fails.
    """
    texts = {u.id: u.text for u in transcript.utterances}
    marks = {name: [match.span() for match in MARK.finditer(text)] for name, text in texts.items()}
    return [
        candidate
        for candidate in find_again(detector, transcript, marks)
        if candidate.class_ == "direct"
        if not allowed.holds(texts[candidate.utterance][candidate.start : candidate.end], candidate, scope)
    ]


def check_finished(
    folder: Path,
    frame: Mapping[str, bytes],
    detector: PiiDetector,
    registry: Registry,
    scopes: Mapping[str, str],
    earlier: FinishedChecks,
) -> tuple[dict[str, str], FinishedChecks]:
    """Why each recording of a bundle that is not clean is withheld, and what to remember of all.

    A text that passed before, with the same detector and decisions, is not searched again. The reasons quote nothing.
    """
    before = {(known.recording, known.sha256) for known in earlier.passed}
    allowed = Allowed(registry)
    reasons: dict[str, str] = {}
    clean: list[Passed] = []
    texts = finished_texts(folder, frame)
    found = [known for known in earlier.found if known.recording not in texts]
    for name, transcript in texts.items():
        depends = [FINISHED_VERSION, REDACTION_VERSION, detector.fingerprint, allowed.basis, scopes.get(name, name)]
        mine = Passed(name, digest("\n".join([*depends, repr(transcript)]).encode()))
        if (mine.recording, mine.sha256) not in before:
            try:
                if candidates := found_in(transcript, detector, allowed, scopes.get(name, name)):
                    reasons[name] = FOUND_AGAIN
                    found += _quoted(transcript, candidates)
                    continue
            except WithheldError as error:
                reasons[name] = error.message
                continue
        clean.append(mine)
    return reasons, FinishedChecks(tuple(clean), tuple(found))


def read_finished(study: StudyFolder) -> FinishedChecks:
    """What the last check of finished files remembers. Raises `CorruptFileError`."""
    path = study.private / FOLDER / FINISHED
    if not path.exists():
        return FinishedChecks()
    return from_json(FinishedChecks, path.read_bytes(), f"private/{FOLDER}/{FINISHED}")


def write_finished(study: StudyFolder, checks: FinishedChecks) -> None:
    """Keeps it. Raises `OSError`."""
    make_private_folder(study.private / FOLDER)
    write_atomic(study.private / FOLDER / FINISHED, to_json(checks))


def _quoted(transcript: Transcript, candidates: Sequence[PiiCandidate]) -> list[FoundAgain]:
    texts = {u.id: u.text for u in transcript.utterances}
    return [
        FoundAgain(transcript.recording, c.utterance, snippet(texts[c.utterance], c.start, c.end)) for c in candidates
    ]


def _utterance(row: turns.TurnRow) -> Utterance:
    text = speech_of(row.text)
    return Utterance(row.turn, row.speaker, "", row.start_ms / 1000, row.end_ms / 1000, text, ())


def _line(number: int, line: str) -> Utterance:
    speaker = _SPEAKER.match(line)
    text = line[speaker.end() :] if speaker else line
    return Utterance(f"u{number:04d}", speaker.group(1) if speaker else "", "", 0.0, 0.0, text, ())
