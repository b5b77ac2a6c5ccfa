"""Zip files (docx, xlsx and qdpx are such) that are the same to the byte whenever and wherever they are written."""

import io
import zipfile

_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can hold: no date of anything."""


def fixed_member(name: str, mode: int = 0o644, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """A member of this name whose header says nothing of time, system or user; `compression` is one of `zipfile`'s."""
    member = zipfile.ZipInfo(name, _DATE)
    member.create_system = 3
    member.external_attr = mode << 16
    member.compress_type = compression
    return member


def fixed_zip(data: bytes) -> bytes:
    """The same zip with members in a fixed order and with fixed dates, modes and compression."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        names = source.namelist()
        for name in sorted(names, key=lambda name: (name != "[Content_Types].xml", name)):
            target.writestr(fixed_member(name), source.read(name), zipfile.ZIP_DEFLATED, 6)
    return file.getvalue()
