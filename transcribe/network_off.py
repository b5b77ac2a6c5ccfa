"""Keeps the libraries that would by themselves talk to other machines from doing so, in this process and its children.

Set when the package is imported, before any of them can be, and whatever the variables were. `transcribe models pull`
needs none of these libraries: it downloads by itself (`weights/download.py`) or with pip. tldextract and spaCy have no
such variable: tldextract is given its bundled list and spaCy a folder (`redaction/detector.py`).
"""

import os
from collections.abc import MutableMapping

OFFLINE_VARIABLES = {
    "HF_HUB_OFFLINE": "1",  # huggingface_hub: no request at all
    "TRANSFORMERS_OFFLINE": "1",  # transformers, older versions of it
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DISABLE_TELEMETRY": "1",  # gradio and others of the same makers
    "DO_NOT_TRACK": "1",  # https://consoledonottrack.com
    "PYANNOTE_METRICS_ENABLED": "0",  # pyannote.audio 4 reports every model and file unless it is 0
    "OTEL_SDK_DISABLED": "true",  # OpenTelemetry, which pyannote.audio uses for that
}


def keep_libraries_offline(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets `OFFLINE_VARIABLES`."""
    environment.update(OFFLINE_VARIABLES)
