"""What in `coders/` belongs to the coders, and how it gets from one release into the next.

Theirs is every file that is not in the manifest, and every file of ours that they have changed. None is overwritten or
deleted: it keeps its name, or gets one beside the file of ours that needs it (`kept_name`).
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

FOLDER_MODE = 0o755
FILE_MODE = 0o644
_LINKS_FAIL = (errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS)


def hash_file(path: Path) -> str:
    """The sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def walk(folder: Path) -> Iterator[tuple[str, bool]]:
    """Relative paths below `folder`, each folder before what is in it, and whether it is one; follows no links."""
    for parent, folders, names in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        for name in folders:
            yield str(inside / name), True
        for name in sorted([*names, *links]):
            yield str(inside / name), False


def is_published(folder: Path, name: str, published: Mapping[str, str]) -> bool:
    """Whether a file is ours and as it was published; `published` gives the sha256 by path."""
    path = folder / name
    return name in published and not path.is_symlink() and path.is_file() and hash_file(path) == published[name]


def carry(
    coders: Path, stage: Path, published: Mapping[str, str], ours: Collection[str], release: int
) -> dict[str, str]:
    """Links everything in `coders` that is a coder's into `stage`; returns each file's old and new path.

    `ours` are the paths of the new release, `release` the number of the old one.
    """
    our_folders = {str(parent) for name in (*ours, *published) for parent in PurePosixPath(name).parents}
    folders: dict[str, str] = {}
    theirs: list[tuple[str, str]] = []
    for name, is_folder in walk(coders):
        if is_folder:
            parent, _, last = name.rpartition("/")
            path = f"{folders[parent]}/{last}" if parent else last
            folders[name] = path if name in our_folders else kept_name(path, stage, ours, release, "own")
            if name not in our_folders:
                make_folders(stage, folders[name])
        elif not is_published(coders, name, published):
            theirs.append((name, "edited" if name in published else "own"))
    carried: dict[str, str] = {}

    def kept(name: str, why: str) -> str:
        parent, _, last = name.rpartition("/")
        return kept_name(f"{folders[parent]}/{last}" if parent else last, stage, ours, release, why)

    # Those that keep their names come first, so that a new name is free among them too.
    for name, why in sorted(theirs, key=lambda item: kept(*item) != item[0]):
        carried[name] = kept(name, why)
        make_folders(stage, str(PurePosixPath(carried[name]).parent))
        _link_or_copy(coders / name, stage / carried[name])
    return carried


def take_over_late(
    old: Path,
    coders: Path,
    published: Mapping[str, str],
    ours: Collection[str],
    carried: Mapping[str, str],
    release: int,
) -> None:
    """Leaves in the folder `old` only what was published; what a coder saved during the swap goes to `coders`."""
    for name, is_folder in list(walk(old)):
        if is_folder or is_published(old, name, published):
            continue
        kept = carried.get(name)
        if kept is not None and _is_same(old / name, coders / kept):
            (old / name).unlink()
            continue
        why = "edited" if name in published or kept is not None else "own"
        late = PurePosixPath(kept_name(name, coders, ours, release, why))
        if _is_there(coders / late):
            late = late.parent / _aside(coders / late.parent, late.name, release, why)
        make_folders(coders, str(late.parent))
        (old / name).rename(coders / late)


def clear_way(coders: Path, name: str, known: Collection[str | None], release: int) -> None:
    """Renames what a coder has where our file `name` goes: a changed file, or a file where we need a folder.

    `known` are the sha256 of our own versions of the file, with None if it was in no release.
    """
    parts = PurePosixPath(name).parts
    for count in range(1, len(parts) + 1):
        path = coders.joinpath(*parts[:count])
        is_last = count == len(parts)
        in_way = path.is_symlink() or (path.exists() and path.is_dir() == is_last)
        if in_way or (is_last and path.is_file() and hash_file(path) not in known):
            why = "edited" if is_last and None not in known else "own"
            path.rename(path.with_name(_aside(path.parent, path.name, release, why)))


def kept_name(name: str, folder: Path, ours: Collection[str], release: int, why: str) -> str:
    """The path in `folder` under which a coder's file stays: its own, unless one of ours stands in the way."""
    our_folders = {str(parent) for one in ours for parent in PurePosixPath(one).parents}
    parts = PurePosixPath(name).parts
    for index, part in enumerate(parts):
        path = "/".join(parts[: index + 1])
        is_last = index == len(parts) - 1
        if path in ours or (is_last and (path in our_folders or why == "edited")):
            free = _aside(folder.joinpath(*parts[:index]), part, release, why)
            return "/".join([*parts[:index], free, *parts[index + 1 :]])
    return name


def make_folders(root: Path, name: str) -> None:
    """Makes the folder `root/name` and those above it, readable for all whatever the umask."""
    path = root
    for part in PurePosixPath(name).parts:
        path = path / part
        if not path.exists():
            path.mkdir()
            path.chmod(FOLDER_MODE)


def _aside(folder: Path, name: str, release: int, why: str) -> str:
    """A free name in `folder` beside `name`: `P01-PSW.edited-3.docx`."""
    path = PurePosixPath(name)
    number = 1
    while True:
        again = f"-{number}" if number > 1 else ""
        candidate = f"{path.stem}.{why}-{release}{again}{path.suffix}"
        if not _is_there(folder / candidate):
            return candidate
        number += 1


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _link_or_copy(source: Path, target: Path) -> None:
    """The same file under a second name, so that what a coder saves meanwhile is in both; a copy where links fail."""
    if not link(source, target):
        shutil.copy2(source, target, follow_symlinks=False)


def link(source: Path, target: Path) -> bool:
    """Gives a file a second name; False where the file system cannot."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _LINKS_FAIL:
            raise
        return False
    return True


def _is_same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return other.is_file() and (one.samefile(other) or hash_file(one) == hash_file(other))
