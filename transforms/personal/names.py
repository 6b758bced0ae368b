"""Names of people: those that the data itself has, and those that the words around them give away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from transforms.personal.found import Found

LEAST_LETTERS = 3
"""A shorter name is too often a word."""

PLAIN = re.compile(r"[a-z\u00df-\u00ff]+$")
BEGINS = re.compile(r"(?<![\w.-])\w")

_NAME = r"[A-Z\u00c0-\u00de][\w'\u2019-]+"
_WHOLE = rf"{_NAME}(?: (?:{_NAME}|[A-Z]\.|van|von|de|der|da|el|al|bin)){{0,3}}"
SURNAME = re.compile(rf"(?: (?:van|von|de|der|da|el|al|bin)){{0,2}} {_NAME}")
"""What belongs to a first name that is known."""

INTRODUCED = re.compile(
    rf"\b(?:(?:Mrs?|Ms|Mx|Dr|Prof|Herr|Frau)\.? |(?:[Mm]y name is|I'm|[Ss]igned by|[Aa]ttn:?|[Dd]ear|[Hh]i,?"
    rf"|[Hh]ello,?|[Tt]hanks,|[Rr]egards,|[Cc]heers,|[Bb]est,|[Ss]incerely,)\s+)"
    rf"(?P<name>{_WHOLE})"
)
STARTS = frozenset(
    re.findall(
        r"\w+",
        "a again all also an and are as at both but everybody everyone folks for friends from guys here how "
        "if in is it just madam no not now of on only or our please sir so still team that the there these "
        "this those to us we what when where who why yes you your",
    )
)
"""Words that open a sentence after a greeting, and are no name."""


class KnownNames:
    """Names that are looked for as whole words.

    A name in small letters, such as `will`, is a word too: it counts with a large first letter, or where
    somebody is addressed or quoted: `@will`, `<will>`, `will:` where a line or what somebody says starts.
    """

    def __init__(self, names: Iterable[str]) -> None:
        told = {name.strip() for name in names if len(name.strip()) >= LEAST_LETTERS}
        self._words = {name for name in told if PLAIN.match(name)}
        anywhere = (told - self._words) | {name.capitalize() for name in self._words}
        self._first: dict[str, list[str]] = {}
        for name in sorted(anywhere | self._words, key=lambda name: (-len(name), name)):
            self._first.setdefault(name[0], []).append(name)

    def find(self, text: str) -> Iterator[Found]:
        """Yield every place where one of the names is a word of its own."""
        for word in BEGINS.finditer(text) if self._first else ():
            start = word.start()
            for name in self._first.get(text[start], ()):
                end = start + len(name)
                if text.startswith(name, start) and not re.match(r"[\w-]", text[end : end + 1]):
                    if name not in self._words or self._addressed(text, start, end):
                        surname = SURNAME.match(text, end) if name.istitle() else None
                        end = surname.end() if surname else end
                        yield Found(type="PERSON", start=start, end=end, text=text[start:end])
                    break

    def _addressed(self, text: str, start: int, end: int) -> bool:
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        starts = before in ("", "\n") or text[max(0, start - 2) : start] == ": "
        return before == "@" or (before, after) == ("<", ">") or (starts and after in (":", ","))


def introduced(text: str) -> Iterator[Found]:
    """Yield names that stand after a title, a greeting or an introduction."""
    for match in INTRODUCED.finditer(text):
        name = match.group("name")
        if name.split()[0].lower() not in STARTS:
            start = match.start("name")
            yield Found(type="PERSON", start=start, end=match.end("name"), text=name)
