"""Which files of a folder are recordings, and in which order a person would list them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from transcribe.audio.header import read_header
from transcribe.errors import InputError

# Endings that are taken for recordings without a look inside: a damaged one must be listed, not passed over.
MEDIA_SUFFIXES = frozenset(
    re.findall(
        r"\.\w+",
        ".aac .aif .aiff .amr .asf .avi .caf .dss .flac .3gp .3g2 .m4a .m4b .m4v .mka .mkv .mov .mp2 .mp3 .mp4 .mpeg "
        ".mpg .mts .m2ts .oga .ogg .ogv .opus .qta .spx .w64 .wav .wave .weba .webm .wma .wmv",
    )
)
# Endings that are never looked into.
_OTHER_SUFFIXES = frozenset(
    re.findall(
        r"\.\w+",
        ".csv .txt .md .doc .docx .odt .rtf .pdf .xls .xlsx .ods .ppt .pptx .json .xml .html .toml .ini .log .db .zip "
        ".7z .rar .gz .tar .jpg .jpeg .png .gif .heic .tif .tiff .bmp .svg .py .r .sav .srt .vtt .eaf .textgrid .nvp "
        ".qdpx .m3u .m3u8 .pls .xspf .asx .lnk .url .tmp .part .crdownload",
    )
)


def media_files(folder: Path, leave_out: Path) -> tuple[list[Path], list[str]]:
    """The recordings in `folder` and below, in natural order, and problems with sub-folders that cannot be read.

    Hidden files, `leave_out` (the study) and other studies are passed over. Files with an ending that is not known are
    opened to see whether they hold sound.
    """
    problems: list[str] = []
    found: list[Path] = []

    def closed(error: OSError) -> None:
        problems.append(f"a sub-folder cannot be read ({os.strerror(error.errno or 0)}); its files are not listed")

    for place, folders, names in os.walk(folder, onerror=closed):
        here = Path(place)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and (here / name).resolve() != leave_out
            and not (here / name / "private" / "manifest.csv").exists()
        ]
        found += [here / name for name in names if not name.startswith(".") and _is_recording(here / name)]
    return sorted(found, key=lambda path: _natural(path.relative_to(folder))), problems


def _is_recording(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in MEDIA_SUFFIXES:
        return path.is_file()
    if suffix in _OTHER_SUFFIXES or not path.is_file():
        return False
    try:
        read_header(path)
    except InputError:
        return False  # Nothing that ends like a recording, and nothing that sounds like one.
    return True


def _natural(path: Path) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """`P2` before `P10`, folder by folder."""
    return tuple(_piece(piece) for part in path.parts for piece in _pieces(part)), str(path)


def _pieces(text: str) -> Iterator[str]:
    yield from re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    yield ""


def _piece(piece: str) -> tuple[int, int, str]:
    return (1, int(piece), "") if piece.isascii() and piece.isdigit() else (2 if piece else 0, 0, piece)
