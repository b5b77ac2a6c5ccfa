"""How many windows are decoded at a time, and when memory was too small for them."""

from contextlib import AbstractContextManager, nullcontext

import torch

from transcribe.recognition.slots import slot_bytes
from transcribe.recognition.whisper_model import WhisperModel

_SLOT_BYTES_ON_CPU = 1_500_000_000
_MOST_ROWS = {"cpu": 16, "cuda": 128}


_OUT_OF_MEMORY = ("DefaultCPUAllocator", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""How torch's allocator on the CPU, CUDA itself and cuBLAS say it: they have no error class of their own."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether fewer slots could have avoided this error, or one that it came of."""
    while error is not None:
        if isinstance(error, MemoryError | torch.OutOfMemoryError):
            return True
        if isinstance(error, RuntimeError) and any(text in str(error) for text in _OUT_OF_MEMORY):
            return True
        # What the end of a graph's capture raises hides what went wrong within it.
        error = error.__cause__ or error.__context__
    return False


def on_device(device: torch.device) -> AbstractContextManager[object]:
    """Makes a graphics card the current one, for the streams and graphs that torch takes from there."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def fitting_slots(model: WhisperModel, beam: int) -> int:
    """How many slots the memory holds, at most 16 rows on the CPU and 128 on CUDA."""
    cpu = model.device.type == "cpu"
    budget = _SLOT_BYTES_ON_CPU if cpu else torch.cuda.mem_get_info(model.device)[0] // 2
    return max(1, min(_MOST_ROWS[model.device.type] // beam, int(budget // slot_bytes(model, beam))))
