"""Word lists that ship with the program: common words, what must be kept, places; and whether a word is a name."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
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
    were weve dont didnt doesnt isnt wasnt cant couldnt wont thats whats ive youve theyve youd youll theyd theyll
    hed itll itd arent werent hasnt havent hadnt wouldnt shouldnt mustnt neednt aint whos wheres theres heres lets
    wouldve couldve shouldve mightve mustve gonna wanna gotta
    """)
"""Words that no name consists of, and where a name ends."""

_PRONOUNS = word_set("""
    i you he she it we they there this that the a an my your his her our their not be have
    """)
MONTHS = word_set("""
    january february march april may june july august september october november december
    """)
_MONTH_CUES = (
    word_set("""
    in of last this next since until till by every early late mid
    """)
    | MONTHS
)


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a list of places: its kind (place or country) and the region that a mark keeps, empty for none."""

    name: str
    kind: str
    region: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """A row of `data/organisations.csv`: the label of its mark, and the talk in which alone it is one (`@work`)."""

    name: str
    label: str
    cue: str


def data_lines(name: str) -> Iterator[str]:
    """The lines of a list under `data/`, without comments."""
    text = (files("transcribe.redaction") / "data" / name).read_text(encoding="utf-8")
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def common_words() -> frozenset[str]:
    """English words that are also written in lower case, folded."""
    lists = ("common_words.txt", "common_words_speech.txt")
    return frozenset(fold(line) for name in lists for line in data_lines(name)) | FUNCTION_WORDS


@cache
def must_keep() -> frozenset[str]:
    """Phrases that research needs and that identify nobody: folded words joined by one space."""
    lines = (line.rstrip("*") for line in data_lines("must_keep.txt"))
    phrases = {" ".join(t.fold for t in tokens(line)) for line in lines} | peoples()
    numbers = {p.replace(" ", "") for p in phrases if p.replace(" ", "").isdigit()}
    return frozenset(phrases | numbers)


@cache
def peoples() -> frozenset[str]:
    """Nationalities, peoples and languages, one or several (`somali`, `somalis`)."""
    said = {" ".join(t.fold for t in tokens(line.rstrip("*"))) for line in data_lines("peoples.txt")}
    return frozenset(said | {f"{word}s" for word in said if not word.endswith(("s", "ese", "sh", "ch", "lao"))})


@cache
def _names_too() -> frozenset[str]:
    both = (line for name in ("must_keep.txt", "peoples.txt") for line in data_lines(name))
    lines = (line for line in both if line.endswith("*"))
    return frozenset(" ".join(t.fold for t in tokens(line.rstrip("*"))) for line in lines)


@cache
def _kept_phrases() -> dict[str, list[tuple[str, ...]]]:
    """The must-keep phrases of several words, by their first word, longest first."""
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted((tuple(p.split()) for p in must_keep() if " " in p), key=lambda p: (-len(p), p)):
        phrases.setdefault(phrase[0], []).append(phrase)
    return phrases


def kept_phrases(words: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Offsets of must-keep phrases of several words: `St John's wort`, `Parkinson's disease`."""
    known = _kept_phrases()
    for index, word in enumerate(words):
        for phrase in known.get(word.fold, ()):
            part = words[index : index + len(phrase)]
            if tuple(w.fold for w in part) == phrase:
                yield part[0].start, part[-1].end
                break


def is_kept_after_cue(word: Token) -> bool:
    """Whether a word must be kept even after a title or relation: not `Christian` in `my son Christian`."""
    return is_kept([word]) and not (word.fold in _names_too() and is_capitalised(word.text))


@cache
def places() -> dict[tuple[str, ...], Place]:
    """The gazetteer of places, by folded words; what is in both lists is as `places.csv` has it."""
    rows = [row for name in ("places_geonames.csv", "places.csv") for row in csv.DictReader(data_lines(name))]
    return {words: Place(**row) for row in rows for words in _forms(row["name"])}


@cache
def organisations() -> dict[tuple[str, ...], Organisation]:
    """The gazetteer of organisations, by folded words."""
    rows = csv.DictReader(data_lines("organisations.csv"))
    return {words: Organisation(**row) for row in rows for words in _forms(row["name"])}


def _forms(name: str) -> set[tuple[str, ...]]:
    """The folded words of a name; without `the`, and with `St Paul's` also as `st pauls`."""
    written = {name, re.sub(r"['’]", "", name), re.sub(r"^(?:the|The) ", "", name)}
    return {tuple(t.fold for t in tokens(form)) for form in written}


_MEDICINE = re.compile(
    r"(?:azepam|zolam|ridone|apine|azine|oxetine|triptyline|ipramine|opram|traline|piprazole|prazole|conazole"
    r"|cillin|mycin"
    r"|cycline|oxacin|enadine|atadine|statin|sartan|dipine|olol|thiazide|profen|oxicam|cortisone|predniso\w+|barbital"
    r"|codeine|morphine|codone|methoprim|peridol|zosin|gliptin|gliflozin|formin|parin|triptan|setron|amol|thixol"
    r"|afaxine"
    r"|citalopram|melteon|orexant|faxine|giline|mantine|pezil|stigmine|nidazole|fenac|profezone|dronate|xaban|clovir"
    r"|vudine|tidine|lukast|terol|sonide|metasone|asone|olone|trexate|mustine|platin|taxel|rubicin|mab|tinib|caine"
    r"|zodone|zepine|zolpidem|clone|quine|zide|semide|actone|lactone|thyroxine|gabalin|gabapentin|racetam"
    r"|trigine|lithium"
    r"|phenidate|amfetamine|amphetamine|ketamine|oxone|orphine|orphan|dopa|ergoline|anserin|bamate|toin)s?$"
)
"""Stems of the international non-proprietary names of medicines (WHO, "The use of stems", 2018), at a word's end."""


@lru_cache(maxsize=65536)
def is_medicine(word: str) -> bool:
    """Whether a folded word has the form of a medicine's name and at least seven letters: `aripiprazole`."""
    return len(word) > 6 and _MEDICINE.search(word) is not None


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
            if phrase in keep or (length == 1 and (phrase in FUNCTION_WORDS or is_medicine(phrase))):
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
    if word.fold in MONTHS and (before in _MONTH_CUES or (after is not None and after.text[0].isdigit())):
        return False
    if before in ("a", "an"):
        return False
    if opening:
        return after is not None and after.fold not in _PRONOUNS and text[word.end : after.start].strip() in ("", ",")
    return True
