"""Which names of one pair's interviews mean the same person, when the roster does not say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.tokens import tokens

_KIND_OF_TITLE = {
    "mr": "man", "uncle": "man", "sir": "man", "brother": "man", "father": "man",
    "mrs": "woman", "miss": "woman", "ms": "woman", "madam": "woman", "sister": "woman", "aunt": "woman",
    "auntie": "woman", "dr": "professional", "prof": "professional", "nurse": "professional",
    "pastor": "professional", "reverend": "professional",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A name's words without its title, folded, and what the title says; spelled letters count as one word."""

    words: tuple[str, ...]
    title: str


@dataclass(slots=True)
class Group:
    """Names that mean one person; `entity` is the id it already has in the registry, if any."""

    entity: str | None
    names: list[Name] = field(default_factory=list)


def parse_name(surface: str) -> Name:
    """`Mister Fung` is the word `fung` said of a man; `S-I-U` is the word `siu`."""
    folds = [t.fold for t in tokens(surface)]
    title = next((_KIND_OF_TITLE[f] for f in folds if f in _KIND_OF_TITLE), "")
    words = tuple(f for f in folds if f not in TITLES and f != "sir") or tuple(folds)
    if len(words) > 1 and all(len(word) == 1 for word in words):
        words = ("".join(words),)
    return Name(words, title)


def link_names(known: Sequence[tuple[str, Sequence[str]]], surfaces: Sequence[str]) -> list[Group]:
    """Groups of names of one pair: `known` are entities with their surfaces, `surfaces` new names by first appearance.

    A short name joins the one group in which it is part of a longer name (`Edwin`, `Edwin Chan`); when several fit it
    stays by itself, for a person to decide. Titles must not contradict: Mister Chan and Mrs Chan are two. Known
    entities are never united and keep their names, so that marks never change.
    """
    groups = [Group(entity, [parse_name(s) for s in met]) for entity, met in known]
    names = list(dict.fromkeys(parse_name(s) for s in surfaces))
    names = [name for name in names if not any(name in group.names for group in groups)]
    order = {name: position for position, name in enumerate(names)}
    for name in sorted(names, key=lambda n: (-len(n.words), order[n])):
        fitting = _fitting(name, groups, names)
        if fitting is None:
            groups.append(Group(None, [name]))
        else:
            fitting.names.append(name)
    return groups


def _fitting(name: Name, groups: Sequence[Group], names: Sequence[Name]) -> Group | None:
    same = [g for g in groups if any(_joined(n) == _joined(name) for n in g.names) and _agree(name, g)]
    if same:
        return same[0] if len(same) == 1 else None
    around = [g for g in groups if any(_is_part(name, n) for n in g.names) and _agree(name, g)]
    if around:
        return around[0] if len(around) == 1 else None
    within = [g for g in groups if all(_is_part(n, name) for n in g.names) and _agree(name, g)]
    if len(within) == 1:
        rivals = {n.words for n in names if any(_is_part(own, n) for own in within[0].names)}
        if rivals <= {name.words}:
            return within[0]
    return None


def _joined(name: Name) -> str:
    return "".join(name.words)


def _agree(name: Name, group: Group) -> bool:
    """Whether no title of the group contradicts the name's."""
    return not name.title or all(not n.title or n.title == name.title for n in group.names)


def _is_part(short: Name, long: Name) -> bool:
    """Whether the words of `short` stand side by side in the longer name `long`."""
    count = len(short.words)
    if count >= len(long.words):
        return False
    return any(long.words[i : i + count] == short.words for i in range(len(long.words) - count + 1))
