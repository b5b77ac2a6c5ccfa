"""`transcribe doctor`: what this machine lacks, and the command that mends it."""

import os
import platform
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from transcribe.audio.ffmpeg import ffmpeg_version
from transcribe.config import TIERS
from transcribe.errors import TranscribeError
from transcribe.redaction.key import open_key, recipients_count
from transcribe.store import StudyFolder
from transcribe.study.folder_risk import folder_risks
from transcribe.weights import is_pulled, verify, weights_folder

FREE_BYTES_WANTED = 5e9


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is the command or step that mends it, empty when all is well."""

    what: str
    fact: str
    ok: bool
    mend: str = ""


def examine(study: StudyFolder | None) -> tuple[Finding, ...]:
    """Looks at Python, torch, CUDA, ffmpeg, weights, disk and, if a study is given, at its folder and key."""
    findings = [_python(), *_torch(), _ffmpeg(), *_weights(), _disk("the weights", weights_folder())]
    if study is not None:
        findings += [_disk("the study", study.root), *_folder(study), _key(study)]
    return tuple(findings)


def _python() -> Finding:
    fact = platform.python_version()
    ok = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("Python", fact, ok, "" if ok else "install Python 3.11, 3.12 or 3.13 and make a new environment")


def _torch() -> list[Finding]:
    import torch

    findings = [Finding("torch", torch.__version__, True)]
    if torch.version.cuda is None:
        findings.append(Finding("CUDA", "this torch is a CPU build; recordings take longer", True))
    elif not torch.cuda.is_available():
        mend = "update the NVIDIA driver to 580 or newer (nvidia-smi shows it), or run with --device cpu"
        findings.append(Finding("CUDA", f"torch is built for CUDA {torch.version.cuda}, no device", False, mend))
    else:
        name = torch.cuda.get_device_name(0)
        major, minor = torch.cuda.get_device_capability(0)
        known = f"sm_{major}{minor}" in torch.cuda.get_arch_list()
        mend = "" if known else "this GPU is too old or too new for the pinned torch; run with --device cpu"
        findings.append(Finding("CUDA", f"{name}, CUDA {torch.version.cuda}", known, mend))
    return findings


def _ffmpeg() -> Finding:
    try:
        return Finding("ffmpeg", ffmpeg_version(), True)
    except TranscribeError as error:
        return Finding("ffmpeg", "not found", False, error.message)


def _weights() -> list[Finding]:
    findings = []
    for tier in TIERS:
        missing = [name for name in tier.models if not is_pulled(name)]
        needed = tier.quality == "draft"
        pulling = f"transcribe models pull {' '.join(missing)}"
        if missing:
            fact = f"{len(missing)} of {len(tier.models)} missing"
            findings.append(Finding(f"weights, {tier.quality}", fact, not needed, pulling))
            continue
        damaged = [name for name in tier.models if verify(name)]
        mend = "" if not damaged else f"transcribe models pull {' '.join(damaged)}"
        findings.append(Finding(f"weights, {tier.quality}", "damaged" if damaged else "here", not damaged, mend))
    return findings


def _disk(what: str, folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    ok = free > FREE_BYTES_WANTED
    return Finding(
        f"disk of {what}", f"{free / 1e9:.0f} GB free", ok, "" if ok else "free 5 GB for weights and results"
    )


def _folder(study: StudyFolder) -> list[Finding]:
    if not study.private.is_dir():
        mend = "transcribe init AUDIO_FOLDER --study STUDY"
        return [Finding("study", "not a study yet", False, mend)]
    findings = [
        Finding("study folder", risk, False, "move the study to a local disk, or run with --accept-folder-risk")
        for risk in folder_risks(study.root)
    ]
    mode = stat.S_IMODE(study.private.stat().st_mode)
    open_to_others = mode & 0o077
    mend = "chmod 700 private (in the study folder)" if open_to_others else ""
    findings.append(Finding("private/", f"mode {mode:04o}", not open_to_others, mend))
    writable = os.access(study.private, os.W_OK)
    mend = "" if writable else "make the study folder writable for this account"
    findings.append(Finding("writing", "allowed" if writable else "refused", writable, mend))
    return findings


def _key(study: StudyFolder) -> Finding:
    try:
        open_key(study)
    except TranscribeError as error:
        return Finding("key", "cannot be opened", False, error.message)
    count = recipients_count(study)
    mend = "" if count > 1 else "the key has one recipient only: losing that identity loses the key"
    return Finding("key", f"opens, {count} recipients", count > 1, mend)
