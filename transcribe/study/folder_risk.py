"""Folders in which a study is not safe: copied to a cloud, or where modes and atomic renames do not hold."""

import os
import re
import stat
import tempfile
from pathlib import Path

from transcribe.errors import UsageError

# Folders by the names that their programs give them; each pattern is one whole component of a path, casefolded.
_SYNCED_NAMES = (
    ("Dropbox", r"dropbox( .*)?"),
    ("OneDrive", r"onedrive( .*|-.*)?"),
    ("Google Drive", r"google ?drive.*|my drive"),
    ("iCloud", r"icloud.*|mobile documents"),
    ("a cloud", r"cloudstorage"),
    ("Nextcloud", r"nextcloud( .*|\d*)?"),
    ("ownCloud", r"owncloud( .*|\d*)?"),
    ("Synology Drive", r"synologydrive|synology drive"),
    ("pCloud", r"pcloud ?(drive|sync)?"),
    ("MEGA", r"mega|megasync.*"),
    ("Box", r"box|box sync"),
    ("Seafile", r"seafile|seadrive( .*|_root)?"),
    ("Nutstore", r"nutstore( .*)?|我的坚果云|坚果云"),
    ("Tresorit", r"tresorit( drive)?|my tresors"),
)

# What those programs leave in the top folder that they copy.
_SYNCED_MARKERS = (
    ("Dropbox", ".dropbox.cache"),
    ("Syncthing", ".stfolder"),
    ("Nextcloud", ".nextcloudsync.log"),
    ("ownCloud", ".owncloudsync.log"),
    ("Synology Drive", ".SynologyWorkingDirectory"),
    ("Google Drive", ".tmp.drivedownload"),
    ("Resilio Sync", ".sync"),
    ("OneDrive", ".849C9593-D756-4E56-8D6E-42412F2A707B"),
)

_CLOUD_TYPES = ("fuse.rclone", "fuse.onedriver", "fuse.google-drive-ocamlfuse", "fuse.dropbox", "fuse.insync")
_MOUNTS = Path("/proc/self/mounts")


def folder_risks(path: Path) -> tuple[str, ...]:
    """Why a study at `path` (which need not exist yet) would not be safe; empty if nothing is known against it.

    Looks at names, at marks of synchronising programs in all folders above, at the kind of disk, and tries modes and
    renames with a file of its own in the nearest folder that exists.
    """
    whole = path.absolute()
    resolved = whole.resolve()
    folders = list(dict.fromkeys([*resolved.parents, resolved, *whole.parents, whole]))
    risks = [
        f"it lies in a folder that {program} copies to other computers"
        for program in dict.fromkeys(_programs_by_name(folders) + _programs_by_marker(folders))
    ]
    existing = next(folder for folder in (resolved, *resolved.parents) if folder.is_dir())
    kind = _disk_type(existing)
    if kind in _CLOUD_TYPES:
        risks.append("it lies on a disk that is kept in a cloud")
    if kind == "drvfs" or (kind == "9p" and re.match(r"/mnt/[a-z](/|$)", str(existing))):
        risks.append("it lies on a Windows disk, where private files cannot be closed to others")
    elif os.access(existing, os.W_OK | os.X_OK):
        risks += _tried(existing)
    return tuple(risks)


def refuse_risky_folder(path: Path, accept: bool) -> None:
    """Raises `UsageError` when `folder_risks` finds any, unless the risk is accepted."""
    risks = () if accept else folder_risks(path)
    if risks:
        raise UsageError(
            f"the study folder is not safe: {'; '.join(risks)}. Choose a folder on this computer's own disk, "
            "outside such places; if it is safe all the same, add --accept-folder-risk"
        )


def _programs_by_name(folders: list[Path]) -> list[str]:
    names = {folder.name.casefold() for folder in folders}
    return [program for program, pattern in _SYNCED_NAMES if any(re.fullmatch(pattern, name) for name in names)]


def _programs_by_marker(folders: list[Path]) -> list[str]:
    return [program for program, marker in _SYNCED_MARKERS if any(_is_there(folder / marker) for folder in folders)]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False  # A folder above that is closed to us is not one that our programs copy.


def _disk_type(folder: Path) -> str:
    """The type of the file system that holds `folder`, empty where the system does not tell."""
    if not _MOUNTS.exists():
        return ""
    found = ("", "")
    for line in _MOUNTS.read_text("utf-8", errors="surrogateescape").splitlines():
        _, place, kind, *_ = line.split(" ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place)
        if folder.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _tried(folder: Path) -> list[str]:
    """What does not hold in `folder`, tried with a temporary folder there, which is removed again."""
    try:
        with tempfile.TemporaryDirectory(prefix=".transcribe-", dir=folder) as name:
            trial = Path(name)
            file, newer = trial / "file", trial / "newer"
            file.write_bytes(b"old")
            newer.write_bytes(b"new")
            return _modes_ignored(trial, file) + _rename_fails(file, newer)
    except OSError as error:
        return [f"its disk does not take ordinary files ({error.strerror})"]


def _modes_ignored(trial: Path, file: Path) -> list[str]:
    for path, modes in ((file, (0o600, 0o644, 0o600)), (trial, (0o755, 0o700))):
        for mode in modes:
            path.chmod(mode)
            if stat.S_IMODE(path.stat().st_mode) != mode:
                return ["its disk cannot close private files to other users"]
    return []


def _rename_fails(file: Path, newer: Path) -> list[str]:
    with file.open("rb") as still_open:
        newer.replace(file)
        whole = file.read_bytes() == b"new" and still_open.read() == b"old" and not newer.exists()
    return [] if whole else ["its disk cannot replace a file in one step, so that a crash could leave half of one"]
