"""`transcribe decide`: people look at what was replaced, thing by thing, and say whether it is right.

The one command that shows names on the terminal, beside their marks: whoever runs it holds the key of the study.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.cli_prompt import ask
from transcribe.errors import UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.redaction.deciding import Signature
    from transcribe.redaction.registry import Registry, RegistryEntity
    from transcribe.study.roster import RosterEntry

    Change = Callable[[Registry, RegistryEntity, Sequence[RosterEntry], str, str], Registry]

_CHOICES = "(a)ccept (r)eject (m)erge (s)plit re(n)ame (l)evel s(k)ip (q)uit"
_WORDS = {word.replace("(", "").replace(")", ""): word[word.index("(") + 1] for word in _CHOICES.split()}
_LETTERS = {**_WORDS, **{letter: letter for letter in _WORDS.values()}}
"""What may be typed, the whole word or its letter, and the letter that it means."""
_EXCERPTS = 3
_REACH = 50
"""Code points of an utterance that an excerpt shows on each side."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Where an entity is met: number of mentions, recordings, and some of them with what stands around them."""

    mentions: int
    recordings: tuple[str, ...]
    excerpts: tuple[str, ...]


def decide(
    study: Annotated[Path, typer.Argument(help="The study folder.", show_default=False)],
    only_list: Annotated[bool, typer.Option("--list", help="Show what is undecided, and end.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All marks of the study, decided ones too.")] = False,
    entity: Annotated[str, typer.Option("--entity", help="Decide this mark, such as '[PERSON_3]'.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="It is rightly replaced.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It identifies nobody: leave it as it was said.")] = False,
    merge: Annotated[str, typer.Option("--merge", help="It is the same as this mark.")] = "",
    split: Annotated[str, typer.Option("--split", help="These surfaces, separated by ;, mean another one.")] = "",
    rename: Annotated[str, typer.Option("--rename", help="Another label, such as SISTER.")] = "",
    level: Annotated[str, typer.Option("--level", help="Replace it from this level on: team, share, archive.")] = "",
    why: Annotated[str, typer.Option("--why", help="A reason, kept in the key.")] = "",
    who: Annotated[str, typer.Option("--who", help="Your initials, kept in the key.")] = "",
) -> None:
    """Look at the names that the program is not sure of, and say what they are. Shows names: for those with the key."""
    from transcribe.redaction.deciding import check_initials
    from transcribe.redaction.key import open_key

    target = StudyFolder(study.expanduser().absolute())
    if not target.manifest.exists():
        raise UsageError("this is not a study folder: name the folder that `transcribe init` made")
    change = _change(accept=accept, reject=reject, merge=merge, split=split, rename=rename, level=level)
    if entity:
        if change is None:
            raise UsageError("say what --entity is: one of --accept --reject --merge --split --rename --level")
        _save(target, _id_of(open_key(target), entity), change, check_initials(who), why)
        typer.echo(f"Saved. Now run: transcribe release {study}")
        return
    if change is not None:
        raise UsageError("say which mark is decided: --entity '[PERSON_3]'")
    if only_list or not sys.stdin.isatty():
        _show_list(target, study, everything)
        return
    _ask_for_all(target, study, everything, check_initials(who or ask("Your initials")))


def _change(*, accept: bool, reject: bool, merge: str, split: str, rename: str, level: str) -> "Change | None":
    """The change that the options ask for, None for none. Raises `UsageError` when they ask for two."""
    from transcribe.redaction import deciding

    changes: list[Change] = []
    if accept:
        changes.append(lambda r, e, roster, who, why: deciding.accept(r, e, _sign(who, why)))
    if reject:
        changes.append(lambda r, e, roster, who, why: deciding.reject(r, e, _sign(who, why), roster))
    if merge:
        changes.append(
            lambda r, e, roster, who, why: deciding.merge(r, e, deciding.find_entity(r, merge), _sign(who, why), roster)
        )
    if split:
        changes.append(lambda r, e, roster, who, why: deciding.split(r, e, split.split(";"), _sign(who, why), roster))
    if rename:
        changes.append(lambda r, e, roster, who, why: deciding.rename(r, e, rename, _sign(who, why), roster))
    if level:
        changes.append(lambda r, e, roster, who, why: deciding.set_level(r, e, level, _sign(who, why)))
    if len(changes) > 1:
        raise UsageError("one decision at a time: only one of --accept --reject --merge --split --rename --level")
    return changes[0] if changes else None


def _sign(who: str, why: str) -> "Signature":
    from transcribe.redaction.deciding import Signature

    return Signature(who, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), why)


def _id_of(registry: "Registry", mark: str) -> str:
    from transcribe.redaction.deciding import find_entity

    return find_entity(registry, mark).id


def _save(study: StudyFolder, entity: str, change: "Change", who: str, why: str) -> None:
    """Makes one decision on the key as it is now, while nothing else works on the study."""
    from transcribe.redaction.key import open_key, save_key
    from transcribe.redaction.tombstones import roster_to_replace
    from transcribe.store import locked

    with locked(study):
        registry = open_key(study)
        found = next(e for e in registry.entities if e.id == entity)
        save_key(study, change(registry, found, roster_to_replace(study, registry), who, why))


def _queue(registry: "Registry", everything: bool) -> list["RegistryEntity"]:
    from transcribe.redaction.decisions import open_entities, standings

    if not everything:
        return list(open_entities(registry))
    known = standings(registry)
    return [entity for entity in registry.entities if not known[entity.id].same_as]


def _show_list(target: StudyFolder, study: Path, everything: bool) -> None:
    from transcribe.redaction.decisions import open_entities
    from transcribe.redaction.key import open_key

    registry = open_key(target)
    uses = _uses(target)
    for entity in _queue(registry, everything):
        typer.echo("\n".join(_view(registry, entity, uses)) + "\n")
    number = len(open_entities(registry))
    typer.echo(f"{number} undecided. " + (f"To decide: transcribe decide {study}" if number else "Nothing to do."))


def _ask_for_all(target: StudyFolder, study: Path, everything: bool, who: str) -> None:
    """Goes through the queue on a terminal; every decision is saved at once."""
    from transcribe.redaction.key import open_key

    uses = _uses(target)
    seen: set[str] = set()
    saved = 0
    try:
        while True:
            registry = open_key(target)
            queue = [entity for entity in _queue(registry, everything) if entity.id not in seen]
            if not queue:
                break
            entity = queue[0]
            typer.echo("\n" + "\n".join(_view(registry, entity, uses)))
            typer.echo(f"{len(queue)} to go")
            answer = _LETTERS.get(typer.prompt(_CHOICES, default="k").strip().casefold(), "")
            if not answer:
                typer.echo("Please type one of the letters in brackets.")
                continue
            if answer == "q":
                break
            if answer == "k":
                seen.add(entity.id)
                continue
            try:
                change = _asked(answer)
                if change is not None:
                    _save(target, entity.id, change, who, typer.prompt("Why", default="", show_default=False))
                    saved += 1
                    seen |= {entity.id} if everything or answer in "ar" else set()
            except UsageError as error:
                typer.echo(f"Not possible: {error.message}")
    except typer.Abort:
        typer.echo("")
    typer.echo(f"{saved} decisions saved." + (f" Now run: transcribe release {study}" if saved else ""))


def _asked(answer: str) -> "Change | None":
    """The change that a letter asks for, with what it needs to know; None for a letter that means nothing."""
    options: dict[str, str] = dict.fromkeys(("merge", "split", "rename", "level"), "")
    questions = {"m": "merge", "s": "split", "n": "rename", "l": "level"}
    texts = {
        "merge": "Same as which mark",
        "split": "Which surfaces mean another one, separated by ;",
        "rename": "New label",
        "level": "Replaced from which level on (team, share, archive)",
    }
    if answer in questions:
        options[questions[answer]] = typer.prompt(texts[questions[answer]])
    return _change(accept=answer == "a", reject=answer == "r", **options)


def _view(registry: "Registry", entity: "RegistryEntity", uses: Mapping[str, Uses]) -> Iterator[str]:
    """What a person needs to see of an entity to decide, in lines."""
    from transcribe.redaction.deciding import family
    from transcribe.redaction.decisions import open_variants, own_surfaces, standings

    standing = standings(registry)[entity.id]
    own, members = own_surfaces(registry), family(registry, entity)
    surfaces = dict.fromkeys(s for e in members for s in own[e.id])
    unsure = {s for e in members for s in open_variants(registry, e)}
    met = [uses[e.id] for e in members if e.id in uses]
    recordings = sorted({name for use in met for name in use.recordings})
    level = "" if standing.level == "team" else f", replaced from {standing.level} on"
    yield f"{standing.mark}  {entity.entity_type}, {standing.class_}, {standing.status}{level}"
    yield "  surfaces: " + "; ".join(f"{s} (only sounds alike)" if s in unsure else s for s in surfaces)
    yield f"  {sum(use.mentions for use in met)} times in {', '.join(recordings) or 'no transcript'}"
    yield from (f"  … {text}" for text in [text for use in met for text in use.excerpts][:_EXCERPTS])


def _uses(study: StudyFolder) -> dict[str, Uses]:
    """Where every entity is replaced now. Raises `CorruptFileError`."""
    from transcribe.documents.stored import read_documents
    from transcribe.records import RedactionList, Transcript
    from transcribe.store import stored
    from transcribe.study.manifest import read_manifest

    mentions: dict[str, int] = {}
    recordings: dict[str, dict[str, None]] = {}
    excerpts: dict[str, list[str]] = {}
    names = [plan.id for plan in read_manifest(study).recordings]
    spoken = {name: stored(Transcript, study, name, "name", None) for name in names}
    written = {document.id: document.transcript for document in read_documents(study)}
    for name, transcript in (spoken | written).items():
        listed = stored(RedactionList, study, name, "redact", None)
        if listed is None or transcript is None:
            continue
        texts = {utterance.id: utterance.text for utterance in transcript.utterances}
        for found in listed.redactions:
            mentions[found.entity] = mentions.get(found.entity, 0) + 1
            recordings.setdefault(found.entity, {})[name] = None
            text = texts.get(found.utterance, "")
            if len(excerpts.setdefault(found.entity, [])) < _EXCERPTS and found.end <= len(text):
                before, after = text[max(0, found.start - _REACH) : found.start], text[found.end : found.end + _REACH]
                excerpts[found.entity].append(f"{before}»{text[found.start : found.end]}«{after} ({name})")
    return {name: Uses(mentions[name], tuple(recordings[name]), tuple(excerpts[name])) for name in mentions}
