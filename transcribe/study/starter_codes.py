"""`codes.csv`: codes that the lab wants to find in its QDA program from the start; absent unless the lab writes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StarterCode:
    """One code; `group` is the code above it, empty for none; `colour` is `#rrggbb` or empty."""

    name: str
    group: str = ""
    description: str = ""
    colour: str = ""
