"""Which names of one pair's interviews mean the same person, when the roster does not say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from transcribe.redaction.lexicon import is_common
from transcribe.redaction.name_lists import is_listed
from transcribe.redaction.sounds import said_as, sound_alike
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.tokens import tokens

_KIND_OF_TITLE = {
    "mr": "man", "uncle": "man", "sir": "man", "brother": "man", "father": "man",
    "mrs": "woman", "miss": "woman", "ms": "woman", "madam": "woman", "sister": "woman", "aunt": "woman",
    "auntie": "woman", "dr": "professional", "prof": "professional", "nurse": "professional",
    "pastor": "professional", "reverend": "professional",
}  # fmt: skip
_CHINESE_BEFORE = "阿小老"
_CHINESE_AFTER = {
    "生": "man", "哥": "man", "叔": "man", "伯": "man", "仔": "", "太": "woman", "姐": "woman", "姨": "woman",
    "婆": "woman", "嬸": "woman", "醫生": "professional", "医生": "professional", "姑娘": "professional",
    "先生": "man", "小姐": "woman", "太太": "woman", "女士": "woman", "老師": "professional", "老师": "professional",
}  # fmt: skip
"""What follows a Chinese name and says who it is; the name itself is one to three characters."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name's words without its title, folded, and what the title says; spelled letters count as one word."""

    words: tuple[str, ...]
    title: str


@dataclass(slots=True)
class Group:
    """Names that mean one person; `entity` is the id it already has, if any.

    `unsure` are those of `names` that are another one of them in other letters.
    """

    entity: str | None
    names: list[Name] = field(default_factory=list)
    unsure: list[Name] = field(default_factory=list)


def parse_name(surface: str) -> Name:
    """`Mister Fung` is the word `fung` said of a man, `S-I-U` is `siu`; `阿強` and `強哥` are `強`."""
    if surface and all(0x3400 <= ord(c) <= 0x9FFF for c in surface):
        return _parse_chinese(surface)
    folds = [t.fold for t in tokens(surface)]
    title = next((_KIND_OF_TITLE[f] for f in folds if f in _KIND_OF_TITLE), "")
    words = tuple(f for f in folds if f not in TITLES and f != "sir") or tuple(folds)
    if len(words) > 1 and all(len(word) == 1 for word in words):
        words = ("".join(words),)
    return Name(words, title)


def _parse_chinese(surface: str) -> Name:
    bare, title = surface, ""
    for length in (2, 1):
        if len(bare) > length and bare[-length:] in _CHINESE_AFTER:
            bare, title = bare[:-length], _CHINESE_AFTER[bare[-length:]]
            break
    if len(bare) == 2 and bare[0] in _CHINESE_BEFORE:
        bare = bare[1:]
    return Name(tuple(bare), title)


def link_names(
    known: Sequence[tuple[str, Sequence[str]]],
    surfaces: Sequence[str],
    apart: Collection[frozenset[str]] = (),
) -> list[Group]:
    """Groups of names of one pair: `known` are entities with their surfaces, `surfaces` new names by first appearance.

    A short name joins the one group in which it is part of a longer name (`Edwin`, `Edwin Chan`); when several fit it
    stays by itself, for a person to decide. So does a name that is one of a single group in another spelling
    (`Jeffrey`, `Geoffrey`), which is noted as unsure, unless two of its spellings are `apart`: said side by side of two
    people. Titles must not contradict: Mister Chan and Mrs Chan are two, and then neither is the Edwin Chan without a
    title. Known entities are never united and keep their names, so that marks never change. Which names are one does
    not depend on the order of `surfaces`.
    """
    groups = [Group(entity, [parse_name(s) for s in met]) for entity, met in known]
    names = list(dict.fromkeys(parse_name(s) for s in surfaces))
    names = [name for name in names if not any(name in group.names for group in groups)]
    every = [*names, *(name for group in groups for name in group.names)]
    spelled = _spellings({word for name in every for word in name.words}, apart)
    order = {name: position for position, name in enumerate(names)}
    for name in sorted(names, key=lambda n: (-len(n.words), not n.title, order[n])):
        fitting = _fitting(name, groups, names)
        if fitting is None and (heard := _spelled_otherwise(name, groups, names, spelled)) is not None:
            heard.names.append(name)
            heard.unsure.append(name)
        elif fitting is None:
            groups.append(Group(None, [name]))
        else:
            fitting.names.append(name)
            if all(n in fitting.unsure for n in fitting.names if n != name and _are_one(n, name)):
                fitting.unsure.append(name)  # it is known through misheard names alone
    return groups


def _spellings(words: Collection[str], apart: Collection[frozenset[str]]) -> dict[str, str]:
    """For every word one that stands for all spellings of its name.

    Equal in sound, vowels too, is an equivalence. A spelling that no list knows (`jennet`) is besides the one listed
    name of which it may be misheard; two listed names never are one another. Common words are no names here.
    """
    classes: dict[str, list[str]] = {}
    for word in sorted(words):
        if not is_common(word) and said_as(word):
            classes.setdefault(said_as(word), []).append(word)
    sound = [same for same in classes.values() if not any(pair <= set(same) for pair in apart)]
    listed = [same for same in sound if any(is_listed(word) for word in same)]
    result = {word: same[0] for same in sound for word in same}
    for same in sound:
        if same not in listed:
            fitting = [other for other in listed if any(sound_alike(a, b) for a in same for b in other)]
            if len(fitting) == 1 and not any(frozenset((a, b)) in apart for a in same for b in fitting[0]):
                result |= dict.fromkeys(same, fitting[0][0])
    return result


def _spelled_otherwise(
    name: Name, groups: Sequence[Group], names: Sequence[Name], spelled: Mapping[str, str]
) -> Group | None:
    """The only group with a name that is `name` in another spelling, or of which it is a part."""

    def plain(one: Name) -> Name:
        return Name(tuple(spelled.get(word, word) for word in one.words), one.title)

    wanted = plain(name)
    alike = [
        g
        for g in groups
        if any(_joined(plain(n)) == _joined(wanted) or _is_part(wanted, plain(n)) for n in g.names)
        and _agree(name, g, names)
    ]
    return alike[0] if len(alike) == 1 else None


def _are_one(one: Name, other: Name) -> bool:
    return _joined(one) == _joined(other) or _is_part(one, other) or _is_part(other, one)


def _fitting(name: Name, groups: Sequence[Group], names: Sequence[Name]) -> Group | None:
    same = [g for g in groups if any(_joined(n) == _joined(name) for n in g.names) and _agree(name, g, names)]
    if same:
        return same[0] if len(same) == 1 else None
    around = [g for g in groups if any(_is_part(name, n) for n in g.names) and _agree(name, g, names)]
    if around:
        return around[0] if len(around) == 1 else None
    within = [g for g in groups if all(_is_part(n, name) for n in g.names) and _agree(name, g, names)]
    if len(within) == 1:
        rivals = {n.words for n in names if any(_is_part(own, n) for own in within[0].names)}
        if rivals <= {name.words}:
            return within[0]
    return None


def _joined(name: Name) -> str:
    return "".join(name.words)


def _agree(name: Name, group: Group, names: Sequence[Name]) -> bool:
    """Whether no title of the group contradicts the name's, nor one by which another new name would join it."""
    if not name.title or any(n.title == name.title for n in group.names):
        return all(not n.title or not name.title or n.title == name.title for n in group.names)
    rivals = any(n.words == name.words and n.title not in ("", name.title) for n in names)
    return not rivals and all(not n.title for n in group.names)


def _is_part(short: Name, long: Name) -> bool:
    """Whether the words of `short` stand side by side in the longer name `long`."""
    count = len(short.words)
    if count >= len(long.words):
        return False
    return any(long.words[i : i + count] == short.words for i in range(len(long.words) - count + 1))
