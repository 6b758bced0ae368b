"""Telephone numbers, as the countries' numbering plans have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from transforms.personal.found import Found

CANDIDATE = re.compile(r"\d(?:[ ()./-]{0,3}\d){6}")
"""Without seven digits near each other nothing is a telephone number, and nothing is looked up."""

AROUND = 24
"""Characters before a candidate, and after it, that the numbering plans are asked about."""

COUNTRIES = ("US", "GB", "DE")
"""Where a number without a country's code may be from. One with it may be from anywhere."""

CUE = re.compile(
    r"(?:phone|mobile|cell|call|dial|fax|tel|text me|whatsapp|handy)\W{0,3}(?:\w+\W{1,3}){0,2}$",
    re.IGNORECASE,
)
"""What makes plain digits a telephone number."""

WRITTEN = re.compile(r"^(?:\+|\(0?\d{2,5}\)|\d{2,5}[ /-]\d|\d{3}\.\d{3}\.)")
"""Digits that are grouped as telephone numbers are. An identifier, a date or a version is not."""


def phones(text: str) -> Iterator[Found]:
    """Yield telephone numbers that a numbering plan has."""
    at = 0
    for candidate in CANDIDATE.finditer(text):
        if candidate.start() < at:
            continue
        since = max(at, candidate.start() - AROUND)
        for start, end in _numbers(text[since : candidate.end() + AROUND]):
            if since + start >= at and _is_meant(text, since + start, since + end):
                yield Found(
                    type="PHONE", start=since + start, end=since + end, text=text[since + start : since + end]
                )
                at = since + end


@lru_cache(maxsize=8_192)  # a passage is in many rows
def _numbers(text: str) -> tuple[tuple[int, int], ...]:
    import phonenumbers

    found = {
        (match.start + _opened(match.raw_string), match.end)
        for country in COUNTRIES
        for match in phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.VALID)
    }
    return tuple(sorted(found))


def _opened(said: str) -> int:
    """Return 1 for a parenthesis that is the sentence's and not the number's."""
    return int(said.startswith("(") and ")" not in said)


def _is_meant(text: str, start: int, end: int) -> bool:
    said = text[start:end]
    touches = text[max(0, start - 1) : start] + text[end : end + 1]
    if re.search(r"[\w#=/_-]", touches):
        return False
    return bool(WRITTEN.match(said)) or CUE.search(text[max(0, start - AROUND) : start]) is not None
