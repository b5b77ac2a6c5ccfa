"""Words of spoken Cantonese and Mandarin that dictionaries of written Chinese lack, and words for family.

They keep names from growing into the words beside them.
"""

from importlib.resources import files


def _section(name: str) -> frozenset[str]:
    text = (files("transcribe.redaction") / "data" / "cantonese.txt").read_text(encoding="utf-8")
    return frozenset(text.partition(f"[{name}]")[2].partition("[")[0].split())


PARTICLES = _section("particles")
"""Words of one or two characters that are everywhere in speech; no nickname is made of them."""
CANTONESE_WORDS = _section("words")
FAMILY = _section("family")
"""Words for family and for anybody; alone they name nobody."""
