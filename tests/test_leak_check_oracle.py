"""The quick check of finished files finds what the slow one found, file by file, and nothing else."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import leak_check_slow
from transcribe.conventions import without_pauses
from transcribe.redaction import leak_check
from transcribe.redaction.decisions import LEVELS, Level
from transcribe.redaction.known_search import squeeze
from transcribe.redaction.registry import Decision, Registry, RegistryEntity, all_marks
from transcribe.study.roster import RosterEntry

ROSTER = (
    RosterEntry("D01-PIR", "Janet Lau", ("Janet", "Lau"), "participant", "", ""),
    RosterEntry("", "Hope", ("Ng", "May Wood"), "friend", "", ""),
    RosterEntry("", "Bright Path Wellness Centre", ("Bright Path",), "organisation", "", ""),
    RosterEntry("", "阿強", ("陳大文",), "friend", "", ""),
)


def known(id_: str, kind: str, pair: str, *surfaces: str) -> RegistryEntity:
    return RegistryEntity(id_, kind, kind, f"[{kind}_{int(id_[1:])}]", surfaces[0], surfaces, pairs=(pair,))


REGISTRY = Registry(
    (
        known("e00001", "PERSON", "D01", "Mister Fung", "Janet Lowe", "José"),
        known("e00002", "PHONE", "D01", "nine one two, double four, seven oh three", "91 24 4703"),
        known("e00003", "EMAIL", "D01", "janet dot lau eighty two at gmail dot com"),
        known("e00006", "PLACE", "D01", "Andover", "Straße"),
        known("e00007", "ORG", "D02", "Golden Crust"),
        known("e00008", "PERSON", "D02", "Jordan", "O'Neill", "Ann-Marie"),
        known("e00009", "PERSON", "D01", "jordan"),
        known("e00010", "PLACE", "D02", "Sai Ying Pun", "서울"),
    ),
    (
        Decision("e00008", "reject", "KL", "2024-03-01T00:00:00Z"),
        Decision("e00007", "level", "KL", "2024-03-01T00:00:00Z", target="share"),
        Decision("e00010", "level", "KL", "2024-03-01T00:00:00Z", target="archive"),
    ),
)
SURFACES = [
    *(name for entry in ROSTER for name in (entry.name, *entry.aliases)),
    *(surface for entity in REGISTRY.entities for surface in entity.surfaces),
]
SIGNS = (
    *(
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "-",
        "–",
        "_",
        ".",
        ",",
        "'",
        "’",
        "s",
        "'s",
        "/",
        "//",
        "(2.0)",
        " (.)",
        "(",
        ")",
    ),
    *(
        "[?",
        "?]",
        "<seg>",
        "</seg>",
        "[PERSON_1]",
        "[JANET_2]",
        "[D01-PIR]",
        "[AGE_1 45-49]",
        "[PLACE_10]",
        "[NOTE ",
        "[00:00:04]",
        "]",
        "[",
    ),
    *(
        "\ue000",
        "é",
        "e\u0301",
        "ﬁ",
        "Ｊ",
        "２",
        "²",
        "٣",
        "İ",
        "ß",
        "ſ",
        "가",
        "😀",
        "👩‍👩‍👧",
        "\u200d",
        "\u05e9",
        "強",
        "&amp;",
        "<b>",
    ),
    *("9124 4703", "912-44-703", "912 44", "47", "03", "x", "J", "a", "the", "Will", "a ", "INT: ", "said"),
)


def spoilt(surface: str) -> st.SearchStrategy[str]:
    """A surface in another case, parted, glued, with accents, or in part."""
    ways: list[Callable[[str], str]] = [
        str,
        str.upper,
        str.lower,
        str.title,
        str.swapcase,
        lambda s: s[1:],
        lambda s: s[:-1],
    ]
    ways += [lambda s, between=between: between.join(s) for between in ("-", " ", "\n", "\n\n", "[PERSON_1]", "\u0301")]
    ways += [lambda s, glue=glue: s.replace(" ", glue) for glue in ("", "-", "\n", "\n\n", " (2.0) ", "//")]
    return st.sampled_from(ways).map(lambda way: way(surface))


PIECES = st.one_of(
    st.sampled_from(SURFACES).flatmap(spoilt),
    st.sampled_from(SIGNS),
    st.text(st.characters(codec="utf-8"), max_size=3),
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return stream.getvalue()


def as_word(text: str) -> bytes:
    plain = text.replace("&", "&amp;").replace("<", "&lt;")
    body = plain.replace("\n", "</w:t></w:r></w:p><w:p><w:r><w:t>").replace(" ", "</w:t></w:r><w:r><w:t> ")
    return zipped({"word/document.xml": f'<w:p><w:r><w:t x="{plain}">{body}</w:t></w:r></w:p>'.encode()})


FORMATS: dict[str, Callable[[str], bytes]] = {
    "txt": str.encode,
    "csv": lambda text: ('"' + text.replace('"', '""') + '",1\n').encode(),
    "json": lambda text: json.dumps({text: [text, 1]}).encode(),
    "html": lambda text: f"<p>a {text} b</p><!-- {text} --><img alt='{text}'>".encode(),
    "vtt": str.encode,
    "docx": as_word,
    "qdpx": lambda text: zipped({"a_b.txt": text.encode(), "c.docx": as_word(text)}, text.encode()[:90]),
}


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from(["D01-PIR", "D02-PSW", "turns", "Janet_Lau"]), st.sampled_from([*FORMATS]), TEXTS),
        min_size=1,
        max_size=4,
    ),
    TEXTS,
    st.sampled_from(LEVELS),
    st.sampled_from([{}, {"turns": "D02"}]),
)
def test_both_find_the_same_in_every_file(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[str, str, str]],
    ours: str,
    level: Level,
    scopes: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("coders")
    frame: dict[str, bytes] = {}
    for stem, form, text in made:
        name = f"{stem}.{form}"
        (folder / name).write_bytes(FORMATS[form](f"{ours}\n{text}"))
        frame[name] = FORMATS[form](ours)
    found = leak_check.find_leaks(folder, ROSTER, REGISTRY, frame, level, scopes)
    expected = leak_check_slow.find_leaks(folder, ROSTER, REGISTRY, frame, level, scopes)
    assert found == tuple(leak_check.Leak(leak.file, leak.entity, leak.kind) for leak in expected)


@settings(max_examples=500)
@given(TEXTS, st.sampled_from(LEVELS))
def test_both_judge_a_text_alike(text: str, level: Level) -> None:
    surfaces = leak_check.every_surface(REGISTRY, ROSTER, level)
    labels = leak_check.label_words(REGISTRY)
    search = leak_check.KnownSearch(surfaces, all_marks(REGISTRY))
    quick = set(leak_check._Scope(search, surfaces, labels).find(search.look(text)))
    assert quick == set(leak_check_slow._Wanted(surfaces, labels, all_marks(REGISTRY)).find(text))


@given(st.text(st.characters(codec="utf-8")))
def test_squeezing_is_the_same_sign_by_sign(text: str) -> None:
    assert squeeze(text) == leak_check_slow._squeeze(text)[0]


def test_a_long_text_with_many_places_of_two_letters_is_judged_alike() -> None:
    """Places are worked out by the stretch: names on both sides of where two stretches meet are found."""
    surfaces = leak_check.every_surface(REGISTRY, ROSTER)
    labels = leak_check.label_words(REGISTRY)
    search = leak_check.KnownSearch(surfaces, all_marks(REGISTRY))
    quick, slow = (
        leak_check._Scope(search, surfaces, labels),
        leak_check_slow._Wanted(surfaces, labels, all_marks(REGISTRY)),
    )
    for length in range(230, 290):
        filling = ("sing along, é ﬁ 強 " * 30)[:length]
        for name in ("Janet Lau", "Ng", "J-a-n-e-t", "阿強", "and Hope left", "Ｊａｎｅｔ"):
            text = f"{filling} {name} {filling}"
            assert set(quick.find(search.look(text))) == set(slow.find(text)) != set()


def test_a_cell_of_twenty_thousand_words_is_read(tmp_path: Path) -> None:
    """Python's csv module gives up at 128 KiB unless told otherwise; the transcript was withheld then."""
    long = "a monologue of words " * 8_000
    (tmp_path / "turns.csv").write_text(f"text\n{long}\n")
    assert leak_check.find_leaks(tmp_path, ROSTER, REGISTRY) == ()
    (tmp_path / "turns.csv").write_text(f"text\n{long} Janet\n")
    assert leak_check.find_leaks(tmp_path, ROSTER, REGISTRY) == (leak_check.Leak("turns.csv", "roster", "text"),)


@given(
    st.lists(st.sampled_from([" ", "(", ")", "2", "10", ".", "(2.0)", " (2.0)", "(.)", "//", "a", "\n"])).map("".join)
)
def test_pauses_go_with_one_space_before_them(text: str) -> None:
    assert without_pauses(text) == re.sub(r" ?\((?:\d{1,3}\.\d|\.+)\)", "", text)
