"""Characters that no reader sees: kept in the text, because they are the author's, and pointed out."""

from __future__ import annotations

import re
from dataclasses import replace

from schemas.document import Parsed

FLAG = "invisible_characters"
INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]|[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]{3}"
)
"""Direction marks and overrides, zero-width and filler characters, tags; joiners and variation selectors only
three in a row, since emoji and several scripts need one or two."""


def flagged(parsed: Parsed) -> Parsed:
    """Return the document with the flag `invisible_characters` when its text or title has any."""
    if FLAG in parsed.flags or not INVISIBLE.search(f"{parsed.title or ''}\n{parsed.text}"):
        return parsed
    return replace(parsed, flags=(*parsed.flags, FLAG))
