"""What was found: a span of a text, of which type, and about which subject."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A span of a text that is personal."""

    type: str
    """`EMAIL`, `PHONE`, `CARD`, `IBAN`, `ID`, `IP`, `MAC`, `WALLET`, `SECRET`, `PERSON`."""
    start: int
    end: int
    text: str

    @property
    def subject(self) -> str:
        """What two spellings of the same thing have in common: letters and digits, in lower case."""
        return re.sub(r"[\W_]+", "", self.text.lower()) or self.text


def apart(found: Iterable[Found]) -> list[Found]:
    """Return spans in the order of the text; of those that overlap the first, and of these the longest."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end, one.type)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept
