"""`guide.csv`: the lab's interview guide, a question a row; it holds no name of anybody."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class GuideQuestion:
    """One question of the guide; `role` is whom it is put to, empty: both. Parallel questions share an id."""

    id: str
    role: Literal["PSW", "PIR", ""]
    text: str
