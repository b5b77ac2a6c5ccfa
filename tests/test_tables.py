"""Tables as Excel re-saves them: read right, or refused with the mend."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.errors import UsageError
from transcribe.study.tables import append_rows, column_name, read_date, read_table, write_table

COLUMNS = ("id", "name", "also_present")
HONG_KONG = ["陳大文", "黃志明", "李美玲", "梁詠詩", "鄭家豪", "何嘉欣", "周浩然", "葉思敏"]


def table(names: list[str], delimiter: str = ",", line_end: str = "\r\n") -> str:
    rows = [COLUMNS, *((f"P{i:02d}", name, "") for i, name in enumerate(names, start=1))]
    return "".join(delimiter.join(row) + line_end for row in rows)


def names_in(path: Path) -> list[str]:
    return [row.cells["name"] for row in read_table(path, COLUMNS)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp950", "big5hkscs", "bom-utf-16-be"]
)
def test_chinese_names_are_read_as_excel_saves_them(
    tmp_path: Path, encoding: str, delimiter: str, line_end: str
) -> None:
    path = tmp_path / "roster.csv"
    text = table(HONG_KONG, delimiter, line_end)
    path.write_bytes(b"\xfe\xff" + text.encode("utf-16-be") if encoding[:3] == "bom" else text.encode(encoding))
    assert names_in(path) == HONG_KONG


@pytest.mark.parametrize("names", [["José Müller", "Zoë Lefèvre"], ["O’Brien"], ["Mary", "Ørsted"], ["plain"]])
def test_western_names_in_a_western_code_page(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(table(names, ";").encode("cp1252"))
    assert names_in(path) == names


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["陈大文", "张志明"], "gbk"),
        (["谢强伟"], "gbk"),  # its GBK bytes are also valid UTF-8
        (["José"], "mac_roman"),
        (["Björn Åsa"], "mac_roman"),
        (["Łukasz"], "cp1250"),
        (["Иван Петров"], "cp1251"),
        (["Åsa"], "cp1252"),  # its bytes are also a Chinese character
    ],
)
def test_an_encoding_that_cannot_be_told_is_refused(tmp_path: Path, names: list[str], encoding: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(table(names).encode(encoding))
    with pytest.raises(UsageError, match="CSV UTF-8"):
        names_in(path)


CHINESE = st.lists(
    st.tuples(
        st.sampled_from("陳黃李張林王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何蕭羅高潘簡朱鍾"),
        st.text(
            "大文志明家豪俊傑美玲淑芬雅婷怡君嘉欣詠詩子軒浩然梓晴心怡國強偉玉珍秀英慧敏曉彤穎琳", min_size=2, max_size=2
        ),
    ).map("".join),
    min_size=1,
    max_size=6,
)


@given(CHINESE, st.sampled_from(["cp950", "utf-8", "gbk", "utf-16-le"]))
def test_a_name_is_never_misread(tmp_path_factory: pytest.TempPathFactory, names: list[str], encoding: str) -> None:
    path = tmp_path_factory.mktemp("table") / "roster.csv"
    path.write_bytes(table(names).encode(encoding, "replace"))
    try:
        read = names_in(path)
    except UsageError:
        read = None  # refused, which the two Chinese code pages may be
    assert read == names or (read is None and encoding in ("cp950", "gbk"))


def test_headers_in_any_order_case_and_spacing_and_further_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=;\n\nAlso Present; NAME ;Colour;Id\nstaff; Mary ;red;007\n;;;\n\nx;y;z;1\n", "utf-8")
    rows = read_table(path, COLUMNS)
    assert [dict(row.cells) for row in rows] == [
        {"id": "007", "name": "Mary", "also_present": "staff", "colour": "red"},
        {"id": "1", "name": "y", "also_present": "x", "colour": "z"},
    ]
    assert [row.number for row in rows] == [4, 7]
    assert column_name(" Also-Present ") == "also_present"


def test_missing_columns_are_named_unless_optional(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name\nMary\n", "utf-8")
    with pytest.raises(UsageError, match="lacks the columns id, also_present"):
        read_table(path, COLUMNS)
    rows = read_table(path, COLUMNS, optional=("id", "also_present"))
    assert dict(rows[0].cells) == {"id": "", "name": "Mary", "also_present": ""}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "lacks the columns"),
        (b"id,name,also_present,name\n", "two columns named name"),
        (b"id,name,also_present\nP01,Mary,x,y\n", "row 2 .* more cells"),
        (b'id,name,also_present\nP01,"Mary,x\nP02,John,y\n', "quotation mark"),
        ("id,name,also_present\nP01,Ma\ufffdry,\n".encode(), "damaged character"),
        (b"\xff\xfei\x00d\x00", "lacks the columns"),
        (b"\xff\xfei\x00d", "damaged"),
        (b"\xef\xbb\xbfid,\xff", "damaged"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00", "CSV UTF-8"),  # an .xlsx under another name
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        read_table(path, COLUMNS)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(tmp_path / "none.csv", COLUMNS)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd"), max_size=12).map(str.strip)
DANGEROUS = st.sampled_from(["=1+1", "-x.wav", "'=x", "''@", "+852 1234", "@home", '"', "a,b", "a;b", "a\nb", "a\r\nb"])
ROWS = st.lists(st.fixed_dictionaries({name: st.one_of(CELL, DANGEROUS) for name in COLUMNS}), max_size=5)


@given(ROWS)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    write_table(path, COLUMNS, rows)
    assert [dict(row.cells) for row in read_table(path, COLUMNS)] == [row for row in rows if any(row.values())]
    text = path.read_bytes()
    assert text.startswith(b"\xef\xbb\xbfid,name,also_present\r\n")


def test_a_written_table_is_private_and_has_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table(path, COLUMNS, [{"id": "P01", "name": "=HYPERLINK(1)"}])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"P01,'=HYPERLINK(1),\r\n" in path.read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp950"])
@pytest.mark.parametrize(("delimiter", "line_end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r")])
@pytest.mark.parametrize("ends", [True, False])
def test_appending_keeps_every_byte_and_the_tables_own_form(
    tmp_path: Path, encoding: str, delimiter: str, line_end: str, ends: bool
) -> None:
    path = tmp_path / "t.csv"
    text = table(HONG_KONG, delimiter, line_end).replace("id", "Note" + delimiter + "ID", 1)
    text = text.replace(line_end + "P", line_end + delimiter + "P")
    before = (text if ends else text.removesuffix(line_end)).encode(encoding)
    path.write_bytes(before)
    append_rows(
        path, COLUMNS, [{"id": "P99", "name": '區"子"軒', "also_present": "a\nb"}, {"id": "P100", "name": "=x"}]
    )
    assert path.read_bytes().startswith(before)
    rows = read_table(path, COLUMNS)
    assert [row.cells["name"] for row in rows] == [*HONG_KONG, '區"子"軒', "=x"]
    assert rows[-2].cells["also_present"] == "a\nb"
    assert rows[-1].cells["id"] == "P100"


def test_appending_what_the_encoding_lacks_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(table(["José Müller"]).encode("cp1252"))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="CSV UTF-8"):
        append_rows(path, COLUMNS, [{"id": "P02", "name": "陳"}])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("", ""),
        ("2026-03-05", "2026-03-05"),
        ("2026-03-05 00:00:00", "2026-03-05"),
        ("2026/3/5", "2026-03-05"),
        ("2026.03.05", "2026-03-05"),
        ("2026年3月5日", "2026-03-05"),
        ("25/3/2026", "2026-03-25"),
        ("3/25/2026", "2026-03-25"),
        ("25.03.2026", "2026-03-25"),
        ("5/5/2026", "2026-05-05"),
        ("5-Mar-2026", "2026-03-05"),
        ("5 March 2026", "2026-03-05"),
    ],
)
def test_a_date_is_read_where_it_can_be_one_day_only(cell: str, day: str) -> None:
    assert read_date(cell) == day


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("5/3/2026", "two days"),
        ("3/5/26", "not one"),
        ("46086", "not one"),
        ("2026-13-05", "calendar"),
        ("31/2/2026", "calendar"),
        ("5-Foo-2026", "not one"),
        ("March", "not one"),
    ],
)
def test_any_other_date_is_refused_with_the_mend(cell: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        read_date(cell)
    assert "2026-03-05" in error.value.message
