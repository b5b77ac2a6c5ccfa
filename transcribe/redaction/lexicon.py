"""Word lists that ship with the program: common words, what must be kept, places; and whether a word is a name."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from transcribe.redaction.tokens import Token, at_sentence_start, fold, is_capitalised, tokens, word_set

FUNCTION_WORDS = word_set("""
    a an the this that these those my your his her its our their i you he she it we they me him us them and or
    but so nor of at in on to from for with by about as into like than then if when while where who whom what
    which why how is am are was were be been being do does did done have has had having will would shall
    should can could may might must not no yes yeah okay ok oh well um uh er erm hmm mm just also too very
    really because there here now some any all each every another other one more most much many such only same
    go going went gone get got said say says tell told know knew think thought see saw want wanted please
    sorry thanks thank hello hi hey bye good still even maybe actually let im ive ill id youre hes shes theyre
    were weve dont didnt doesnt isnt wasnt cant couldnt wont thats whats
    """)
"""Words that no name consists of, and where a name ends."""

_PRONOUNS = word_set("""
    i you he she it we they there this that the a an my your his her our their not be have
    """)
_MONTHS = word_set("""
    january february march april may june july august september october november december
    """)
_MONTH_CUES = (
    word_set("""
    in of last this next since until till by every early late mid
    """)
    | _MONTHS
)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of `data/places.csv`: its kind (place or hospital) and the region that a mark keeps, empty for none."""

    name: str
    kind: str
    region: str


def _lines(name: str) -> Iterator[str]:
    text = (files("transcribe.redaction") / "data" / name).read_text(encoding="utf-8")
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def common_words() -> frozenset[str]:
    """English words that are also written in lower case, folded."""
    return frozenset(fold(line) for line in _lines("common_words.txt")) | FUNCTION_WORDS


@cache
def must_keep() -> frozenset[str]:
    """Phrases that research needs and that identify nobody: folded words joined by one space."""
    return frozenset(" ".join(t.fold for t in tokens(line)) for line in _lines("must_keep.txt"))


@cache
def places() -> dict[tuple[str, ...], Place]:
    """The gazetteer, by folded words."""
    rows = csv.DictReader(_lines("places.csv"))
    return {tuple(t.fold for t in tokens(row["name"])): Place(**row) for row in rows}


@cache
def lexicon_digest() -> str:
    """sha256 over all word lists, for the detector's fingerprint."""
    whole = hashlib.sha256()
    for name in ("common_words.txt", "must_keep.txt", "places.csv"):
        whole.update((files("transcribe.redaction") / "data" / name).read_bytes())
    return whole.hexdigest()


def is_common(word: str) -> bool:
    """Whether a folded word is a common English word."""
    return word in common_words()


def is_kept(words: Sequence[Token]) -> bool:
    """Whether the words are a must-keep phrase, or consist of nothing but such phrases and function words."""
    folds = [word.fold for word in words]
    keep = must_keep()
    if " ".join(folds) in keep:
        return True
    position = 0
    while position < len(folds):
        for length in range(min(5, len(folds) - position), 0, -1):
            phrase = " ".join(folds[position : position + length])
            if phrase in keep or (length == 1 and phrase in FUNCTION_WORDS):
                position += length
                break
        else:
            return False
    return True


def is_name_use(text: str, words: Sequence[Token], index: int) -> bool:
    """Whether a word that can be a name (`Will`, `May`, `Hope`) is used as one at `words[index]`.

    It must have a capital. Inside a sentence that is enough unless an article precedes it (`a Rose`) or it is a month
    (`in May`, `May 2019`). At a sentence's start the next word decides: a pronoun or article makes it a verb (`Will
    you`), nothing after it an interjection (`Hope.`). A question of masking too much or too little: `Hope so` at a
    sentence's start is masked.
    """
    word = words[index]
    if not is_capitalised(word.text):
        return False
    opening = at_sentence_start(text, word.start)
    before = words[index - 1].fold if index and not opening else ""
    after = words[index + 1] if index + 1 < len(words) else None
    if word.fold in _MONTHS and (before in _MONTH_CUES or (after is not None and after.text[0].isdigit())):
        return False
    if before in ("a", "an"):
        return False
    if opening:
        return after is not None and after.fold not in _PRONOUNS and text[word.end : after.start].strip() in ("", ",")
    return True
