"""Arguments and options of the commands `init`, `run` and `release`, and the values that they take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Quality(StrEnum):
    """The dial."""

    auto = "auto"
    draft = "draft"
    standard = "standard"
    best = "best"


class ScheduleKind(StrEnum):
    """In which order stretches of speech are recognised."""

    fast = "fast"
    exact = "exact"


class PrecisionKind(StrEnum):
    """How exactly the recogniser calculates."""

    auto = "auto"
    float32 = "float32"


class PolicyKind(StrEnum):
    """What happens to names that nobody has looked at."""

    strict = "strict"
    hold = "hold"


class ProgressKind(StrEnum):
    """How progress is shown."""

    auto = "auto"
    json = "json"
    none = "none"


StudyArgument = Annotated[Path, typer.Argument(help="The study folder.", show_default=False)]
AudioArgument = Annotated[Path, typer.Argument(help="The folder with the recordings.", show_default=False)]
StudyOption = Annotated[Path, typer.Option("--study", help="The study folder, made if it is not there.")]
RiskOption = Annotated[
    bool, typer.Option("--accept-folder-risk", help="Use a synced folder or a file system without modes all the same.")
]
RecoveryOption = Annotated[
    str, typer.Option("--recovery-kept", help="Where the recovery key will be kept; asked for if not given.")
]
PiiModelOption = Annotated[
    str | None,
    typer.Option("--pii-model", help="A second model for names: gliner:/path or hf:/path, a folder on this disk."),
]
PolicyOption = Annotated[
    PolicyKind | None,
    typer.Option("--policy", help="Undecided names: replace them (strict), or hold their recording back (hold)."),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Code such as en; empty: manifest, else detected.")
]
LanguagesOption = Annotated[
    str | None,
    typer.Option("--languages", help="Codes such as en,yue: each stretch is in one of them, and is not translated."),
]
ScheduleOption = Annotated[
    ScheduleKind | None,
    typer.Option("--schedule", help="Stretches independently (fast), or as OpenAI's program, one language (exact)."),
]
BeamOption = Annotated[int | None, typer.Option("--beam", min=1, max=10, help="Ways followed at a time; 1 is fastest.")]
PrecisionOption = Annotated[
    PrecisionKind | None, typer.Option("--precision", help="The fastest way (auto: almost the same text), or float32.")
]
VerbatimOption = Annotated[
    bool | None,
    typer.Option("--verbatim/--no-verbatim", help="Ask the recogniser to keep fillers and false starts (English)."),
]
