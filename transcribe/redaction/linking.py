"""Which names of one pair's interviews mean the same person, when the roster does not say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from transcribe.redaction.lexicon import is_common
from transcribe.redaction.sounds import sound_alike
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

    `unsure` are those of `names` that only sound like another one of them. A `lay` person has no profession's title.
    """

    entity: str | None
    names: list[Name] = field(default_factory=list)
    unsure: list[Name] = field(default_factory=list)
    lay: bool = False


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
    known: Sequence[tuple[str, Sequence[str]]], surfaces: Sequence[str], lay: Collection[str] = ()
) -> list[Group]:
    """Groups of names of one pair: `known` are entities with their surfaces, `surfaces` new names by first appearance.

    A short name joins the one group in which it is part of a longer name (`Edwin`, `Edwin Chan`); when several fit it
    stays by itself, for a person to decide. So does a name that sounds like one of a single group (`Edvin`), which is
    noted as unsure. Titles must not contradict: Mister Chan and Mrs Chan are two. Known entities are never united and
    keep their names, so that marks never change. Those whose id is in `lay` are called by no profession: `Doctor Lau`
    is not the listed participant Lau.
    """
    groups = [Group(entity, [parse_name(s) for s in met], lay=entity in lay) for entity, met in known]
    names = list(dict.fromkeys(parse_name(s) for s in surfaces))
    names = [name for name in names if not any(name in group.names for group in groups)]
    order = {name: position for position, name in enumerate(names)}
    for name in sorted(names, key=lambda n: (-len(n.words), order[n])):
        fitting = _fitting(name, groups, names)
        if fitting is None and (heard := _sounding(name, groups)) is not None:
            heard.names.append(name)
            heard.unsure.append(name)
        elif fitting is None:
            groups.append(Group(None, [name]))
        else:
            fitting.names.append(name)
            if all(n in fitting.unsure for n in fitting.names if n != name and _are_one(n, name)):
                fitting.unsure.append(name)  # it is known through misheard names alone
    return groups


def _sounding(name: Name, groups: Sequence[Group]) -> Group | None:
    """The only group with a name that sounds like `name`, or like a part of which `name` sounds."""
    alike = [g for g in groups if any(_sounds_like(name, n) for n in g.names) and _agree(name, g)]
    return alike[0] if len(alike) == 1 else None


def _sounds_like(name: Name, known: Name) -> bool:
    count = len(name.words)
    return any(
        all(a == b or _misheard(a, b) for a, b in zip(name.words, known.words[i : i + count], strict=True))
        for i in range(len(known.words) - count + 1)
    )


def _misheard(a: str, b: str) -> bool:
    return not is_common(a) and not is_common(b) and sound_alike(a, b)


def _are_one(one: Name, other: Name) -> bool:
    return _joined(one) == _joined(other) or _is_part(one, other) or _is_part(other, one)


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
    if group.lay and name.title == "professional":
        return False
    return not name.title or all(not n.title or n.title == name.title for n in group.names)


def _is_part(short: Name, long: Name) -> bool:
    """Whether the words of `short` stand side by side in the longer name `long`."""
    count = len(short.words)
    if count >= len(long.words):
        return False
    return any(long.words[i : i + count] == short.words for i in range(len(long.words) - count + 1))
