"""Rows through a network in batches of one fixed shape, so that a row's result depends on nothing but the row.

Importing this module imports torch.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor


def in_batches(
    compute: Callable[..., Tensor], rows: Iterable[tuple[Tensor, ...]], size: int, device: torch.device
) -> Iterator[Tensor]:
    """One result per row, on the CPU, in the rows' order; `compute` gets the rows' tensors stacked on `device`.

    All rows have the same shapes. Every batch has `size` rows, the last one filled up with zeros: a matrix product of
    another shape may differ in its last bits (decision 0012), and a row must not feel which others it travels with.
    """
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        filler = tuple(torch.zeros_like(part) for part in batch[0])
        columns = zip(*batch, *[filler] * (size - len(batch)), strict=True)
        with torch.inference_mode():
            yield from compute(*(torch.stack(column).to(device) for column in columns)).cpu()[: len(batch)]
