"""A decoding step as one CUDA graph: the thousand kernels of a step are launched at once.

Source: https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class StepGraphs:
    """`step(chunks)` captured once per number of chunks, and replayed."""

    def __init__(self, step: Callable[[int], None], state: Callable[[], Sequence[Tensor]]) -> None:
        """`state` are the tensors that a step changes and reads again; they never move."""
        self._step = step
        self._state = state
        self._graphs: dict[int, torch.cuda.CUDAGraph] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, chunks: int) -> None:
        """One step."""
        if chunks not in self._graphs:
            self._graphs[chunks] = self._captured(chunks)
        self._graphs[chunks].replay()

    def _captured(self, chunks: int) -> torch.cuda.CUDAGraph:
        """Capturing needs a run before it, which must not count: what it changes is put back."""
        kept = [tensor.clone() for tensor in self._state()]
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self._step(chunks)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            self._step(chunks)
        for tensor, value in zip(self._state(), kept, strict=True):
            tensor.copy_(value)
        return graph
