"""What the slot engine is asked, what it answers, and what it remembers of a window under way."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from transcribe.recognition.beam import Beam
from transcribe.recognition.hypothesis import Hypothesis

_CHECKED_TOKENS = 16


@dataclass(slots=True, eq=False)
class Request:
    """One window to decode.

    `mel` makes its log-mel features (n_mels, 3000) in float32 when a slot is free. `languages` are Whisper's codes:
    one is taken, of several (or of all that the model knows, if there is none) the likeliest. `previous` are tokens
    of text before the window. `frames` (20 ms) hold sound, words are timed within them. `seed` starts its sampling.
    With `language_only` nothing is decoded. `features` (t, d) are those of an earlier request for the same window;
    with `keep` the engine leaves them here, for a later one. A text that loops is broken off, but with `runs_on`
    not at the last temperature: openai-whisper lets it run on.
    """

    mel: Callable[[], Tensor]
    languages: tuple[str, ...]
    temperatures: tuple[float, ...]
    frames: int
    seed: int = 0
    previous: tuple[int, ...] = ()
    most_tokens: int = 448
    language_only: bool = False
    features: Tensor | None = None
    keep: bool = False
    runs_on: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a window.

    `starts` (s, from the window's beginning) has one entry per text token and one for the end of the last; it is empty
    where there is no text. `languages` are the probabilities of those asked for, empty when only one was. `attempts`
    is at how many temperatures the window was decoded.
    """

    hypothesis: Hypothesis | None
    starts: tuple[float, ...]
    language: str
    languages: dict[str, float]
    attempts: int = 0


@dataclass(slots=True)
class Decoding:
    """A slot's window on its way."""

    request: Request
    language: str
    languages: dict[str, float]
    no_speech: Tensor
    attempts: list[Hypothesis] = field(default_factory=list)
    position: int = 0
    random: torch.Generator | None = None
    beam: Beam | None = None
    looped: set[int] = field(default_factory=set)
    unchecked: int = 0

    @property
    def is_last(self) -> bool:
        """Whether no other temperature follows."""
        return len(self.attempts) + 1 >= len(self.request.temperatures)

    def begin(self, position: int, no_speech: Tensor, beam: int) -> None:
        """Begins at the next temperature; the first token comes to `position`."""
        self.position, self.no_speech, self.unchecked = position, no_speech, 0
        self.looped.clear()
        step = len(self.attempts)
        is_hot = self.request.temperatures[step] > 0
        self.random = torch.Generator().manual_seed(1000 * self.request.seed + step) if is_hot else None
        self.beam = Beam() if beam > 1 and not is_hot else None

    def go_on(self) -> None:
        """One token more."""
        self.position += 1
        self.unchecked += 1

    def is_due(self) -> bool:
        """Whether the row is to be looked at for repetitions, as after every 16 of its own tokens."""
        if self.unchecked < _CHECKED_TOKENS or (self.request.runs_on and self.is_last):
            return False
        self.unchecked = 0
        return True
