"""How many windows are decoded at a time, and when memory was too small for them."""

import torch

from transcribe.recognition.slots import slot_bytes
from transcribe.recognition.whisper_model import WhisperModel

_SLOT_BYTES_ON_CPU = 1_500_000_000
_MOST_ROWS = {"cpu": 16, "cuda": 128}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether fewer slots could have avoided this error."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # torch's CPU allocator has no error class of its own.
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def fitting_slots(model: WhisperModel, beam: int) -> int:
    cpu = model.device.type == "cpu"
    budget = _SLOT_BYTES_ON_CPU if cpu else torch.cuda.mem_get_info(model.device)[0] // 2
    return max(1, min(_MOST_ROWS[model.device.type] // beam, int(budget // slot_bytes(model, beam))))
