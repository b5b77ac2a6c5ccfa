"""Makes pyannote.audio importable beside any build of torch, and keeps it from sending telemetry.

The torchaudio wheel on PyPI holds a compiled extension for one CUDA build of torch and refuses, or cannot be
imported beside, every other build. pyannote.audio needs only torchaudio's pure-Python parts (`compliance.kaldi`,
`functional.resample`). A module named `torchaudio._extension` that is already in `sys.modules` when torchaudio is
imported takes the place of the one that would load the compiled part.
"""

import os
import sys
import types

EXTENSION = "torchaudio._extension"
TELEMETRY_VARIABLE = "PYANNOTE_METRICS_ENABLED"


def _check_cuda_version() -> None:
    """No compiled part, so there is no CUDA build to compare with torch's."""


def _refuse(*_arguments: object, **_named: object) -> None:
    raise RuntimeError("torchaudio's compiled part is not loaded in this process, by design")


def _fail_if_no_align(function: object) -> object:
    """The decorator of forced alignment, the one function that needs the compiled part: calling it fails."""
    return _refuse


def install_torchaudio_stub() -> None:
    """Call it before the first import of pyannote.audio or torchaudio, in every process that imports them.

    Also sets `PYANNOTE_METRICS_ENABLED=0`, whatever it was: pyannote.audio 4 reads it at every use and reports
    each model and each file to its makers unless it is off. Calling it again changes nothing. A torchaudio that is
    already imported is left as it is.
    """
    os.environ[TELEMETRY_VARIABLE] = "0"
    if EXTENSION in sys.modules:
        return
    stub = types.ModuleType(EXTENSION, "Stands in for torchaudio's compiled part; see transcribe.diarization.")
    vars(stub).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _check_cuda_version=_check_cuda_version,
        _load_lib=_refuse,
        fail_if_no_align=_fail_if_no_align,
    )
    sys.modules[EXTENSION] = stub
