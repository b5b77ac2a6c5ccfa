"""`report/deidentification.md`: what was done to de-identify a release, for an ethics board and a methods section.

It quotes nothing and names nobody. It says what was done and what that cannot do; it promises nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from transcribe import __version__
from transcribe.records import RedactionList
from transcribe.redaction.decisions import LEVELS, at_level, standings
from transcribe.redaction.registry import Registry
from transcribe.release_check.recall import CanaryRecall
from transcribe.release_check.report_text import share_text
from transcribe.report import REPORT_FILE_MODE, REPORT_FOLDER_MODE
from transcribe.store import StudyFolder, digest, write_atomic
from transcribe.study.settings import Settings

CERTIFICATE = "deidentification.md"

_FAMILIES = {
    "roster": "names of the lab's roster, with aliases, misspellings and misheard forms",
    "checksum": "numbers with a valid check digit",
    "pattern": "written numbers, addresses and the like (Presidio)",
    "grammar": "what is said in words: numbers, spelled names, dates, addresses, names by cue, organisations",
    "ner": "names that the language model takes for such (spaCy, by Presidio)",
    "sweep": "found because it was met elsewhere in the study",
    "again": "found when the finished text was searched a second time",
    "gliner": "a second model (GLiNER)",
    "hf": "a second model (token classification)",
}
"""What a recogniser's family is, for people."""

_DATE_LINE = re.compile(r"^Written on .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the certificate states.

    `categories` are (entities, mentions) by a mark's label, codes taken out of it; `methods` mentions by family of
    recogniser; `standing` entities by how they stand (`confirmed`, `auto`, `open`, `rejected`); `reviewers` initials
    with how many decisions they took; `settings_digest` a sha256 of all that decides what is replaced; `cut_off`
    recordings of which every step ran without a network.
    """

    release: int
    recordings: int
    documents: int
    withheld: int
    detector: str
    policy: str
    second_model: str
    settings_digest: str
    roster_entries: int
    categories: Mapping[str, tuple[int, int]]
    methods: Mapping[str, int]
    standing: Mapping[str, int]
    reviewers: Mapping[str, int]
    levels: Mapping[str, int]
    recall: CanaryRecall
    cut_off: int


def collect_facts(
    settings: Settings,
    registry: Registry,
    redactions: Iterable[RedactionList],
    detector: str,
    rules_version: str,
    roster_entries: int,
    release: int,
    recordings: int,
    documents: int,
    withheld: int,
    recall: CanaryRecall,
    cut_off: int,
) -> CertificateFacts:
    """The facts of a release; `redactions` are those of its recordings and documents, `detector` its fingerprint."""
    known = standings(registry)
    shown = [r for listed in redactions for r in at_level(listed, known, "team").redactions]
    mentions: Counter[str] = Counter(_category(r.label) for r in shown)
    entities = Counter(label for label, _ in {(_category(r.label), r.entity) for r in shown})
    mine = {r.entity for r in shown}
    second = settings.pii_model.partition(":")[0]
    decisive = repr((settings.policy, settings.unconsented_voices, settings.pii_model, rules_version, detector))
    return CertificateFacts(
        release=release,
        recordings=recordings,
        documents=documents,
        withheld=withheld,
        detector=detector,
        policy=settings.policy,
        second_model=second,
        settings_digest=digest(decisive.encode()),
        roster_entries=roster_entries,
        categories={label: (entities[label], mentions[label]) for label in sorted(mentions)},
        methods=dict(sorted(Counter(_family(r.recognizer) for r in shown).items())),
        standing=dict(
            Counter(known[e.id].status for e in registry.entities if e.id in mine or known[e.id].status == "rejected")
        ),
        reviewers=dict(sorted(Counter(decision.who for decision in registry.decisions).items())),
        levels=dict(Counter(known[e.id].level for e in registry.entities if e.id in mine)),
        recall=recall,
        cut_off=cut_off,
    )


def certificate_text(facts: CertificateFacts) -> str:
    """The certificate as Markdown, without its date."""
    open_items = facts.standing.get("open", 0)
    return "\n\n".join(
        part
        for part in (
            f"# De-identification of release {facts.release}",
            _summary(facts, open_items),
            "## What was replaced",
            _table(("category", "different ones", "mentions"), [(k, *v) for k, v in facts.categories.items()]),
            "The same mark is the same person or thing in the whole study. Who is behind a mark stands in an encrypted "
            "key that coders do not have.",
            "## How it was found",
            _table(("by", "mentions"), [(_FAMILIES.get(k, k), v) for k, v in facts.methods.items()]),
            f"The lab's roster had {facts.roster_entries} entries. Each of these ways was enough: what any of them "
            "found was replaced, unless a person decided that it identifies nobody.",
            "## Who looked at it",
            _review(facts, open_items),
            "## How it was checked",
            _checks(facts),
            "## What remains",
            _REMAINS,
            "## For a repetition",
            _versions(facts),
        )
        if part
    )


def write_certificate(study: StudyFolder, facts: CertificateFacts) -> None:
    """Writes `report/deidentification.md`; its date is that of the last change of what it says. Raises `OSError`."""
    path = study.report / CERTIFICATE
    text = certificate_text(facts)
    head, _, rest = text.partition("\n\n")
    today = datetime.now(UTC).date().isoformat()
    dated = f"{head}\n\nWritten on {today} by transcribe {__version__}.\n\n{rest}\n"
    if path.exists() and _undated(path.read_text("utf-8")) == _undated(dated):
        return
    study.report.mkdir(exist_ok=True)
    study.report.chmod(REPORT_FOLDER_MODE)
    write_atomic(path, dated.encode(), REPORT_FILE_MODE)


def _undated(text: str) -> str:
    return _DATE_LINE.sub("", text)


def _summary(facts: CertificateFacts, open_items: int) -> str:
    state = (
        "No direct identifier in it is undecided."
        if not open_items
        else f"**{open_items} direct identifiers in it are undecided** (`transcribe decide STUDY`): they are replaced, "
        "and nobody has looked whether rightly. This is not the final certificate."
    )
    held = f" {facts.withheld} more were withheld: `report/run.md` says why." if facts.withheld else ""
    notes = f" and {facts.documents} documents" if facts.documents else ""
    return (
        f"{facts.recordings} transcripts{notes} were **pseudonymised** (GDPR Art. 4(5)): what identifies people was "
        f"replaced by marks. They remain personal data.{held} {state}"
    )


def _review(facts: CertificateFacts, open_items: int) -> str:
    people = ", ".join(f"{who} ({n} decisions)" for who, n in facts.reviewers.items())
    rows = [
        ("confirmed by the roster or by a person", facts.standing.get("confirmed", 0)),
        ("certain by their form, or no direct identifiers", facts.standing.get("auto", 0)),
        ("undecided", open_items),
        ("left as they were said, for a person decided that they identify nobody", facts.standing.get("rejected", 0)),
    ]
    kept = sum(facts.levels.get(level, 0) for level in LEVELS[1:])
    later = f"\n\n{kept} stay readable for the team and are replaced when the text is shared further." if kept else ""
    return f"Reviewers: {people or 'nobody yet'}.\n\n{_table(('people and things', 'number'), rows)}{later}"


def _checks(facts: CertificateFacts) -> str:
    lines = [
        "- The finished files (Word, text, subtitles, tables, their properties and names) were searched for every "
        "name, number and place of the key and of the roster, however written or spelled. A transcript with a find "
        "is withheld.",
        "- The finished text was read by the detectors a second time, marks masked.",
    ]
    if facts.recall.counts:
        lines.append(
            "- Made-up names, numbers, addresses, dates and places were planted in copies of this study's own "
            f"transcripts: {share_text(facts.recall.counts)}. What people really say may be harder."
        )
    lines.append(f"- {_network(facts)}")
    return "\n".join(lines)


def _network(facts: CertificateFacts) -> str:
    if not facts.cut_off:
        return (
            "The program opens no connection; no recording was worked on in a run that proves it (`--offline-proof`)."
        )
    which = (
        "Every recording" if facts.cut_off == facts.recordings else f"{facts.cut_off} of {facts.recordings} recordings"
    )
    return (
        f"{which} went from the sound to the marks in runs from which the operating system had taken every network: "
        "`report/offline-proof.md`, of the last such run."
    )


_REMAINS = """- **What is told.** A story, an event or a rare combination of facts can be recognised by people who
  know the person, above all by their partner in the pair. `report/release-check.md` lists what to look at.
- **The voice**, in every recording and in redacted audio: it is biometric.
- **What was missed.** No method finds every identifier. A person should read each transcript before it is shared.
- **The key**, the recordings and the private transcripts, as long as they are kept: they lead back to people.
- Turns of phrase, language and dialect; public figures, illnesses and medicines, which are kept on purpose."""


def _versions(facts: CertificateFacts) -> str:
    second = f", and a second model ({facts.second_model})" if facts.second_model else ""
    return (
        f"transcribe {__version__}; detector: {facts.detector}{second}; policy for undecided names: {facts.policy}; "
        f"settings, rules and lists: sha256 {facts.settings_digest}."
    )


def _category(label: str) -> str:
    """A mark's label without the code in it: `P01-PIR` is a participant, `P01-PIR-SISTER` a relation."""
    if not re.search(r"\d", label):
        return "interviewer" if label.startswith("INT") else label
    word = label.rpartition("-")[2]
    return "participants and their partners" if re.search(r"\d", word) or word in ("PSW", "PIR", "OBS") else word


def _family(recognizer: str) -> str:
    return recognizer.partition("/")[0]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "Nothing."
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
