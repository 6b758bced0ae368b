"""Names: a question that names a document by its title, file or label wants that document.

What is a telling name follows from the candidates alone: a word that few of their names have counts much, one
that all of them have counts nothing. So it works for companies and years as for products and rooms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from transforms.rank import Hit, ranked

PLURAL_CHARACTERS = 4
"""A shorter word that ends in s is more likely no plural: gas, bus, US."""
_PART = re.compile(
    r"q[1-4](?=(?:19|20)\d\d)|[^\W\d_]+(?=(?:19|20)\d\d)|(?:19|20)\d\d(?!\d)|[^\W\d_]+\d*|\d+[^\W\d_]*"
)
"""Words and numbers; a year is one by itself, so that 2023Q4, FY2023 and 2023 share it."""
_FISCAL = re.compile(r"fy(\d\d)")
_APOSTROPHE = re.compile(r"['’](s\b)?")  # noqa: RUF001
_SPOKEN = frozenset(
    re.findall(
        r"\w+",
        """a about an and are as at be been but by can could did do does for from had has have how i if in
        into is it its me my no not of on or our shall should so than that the their them then there these
        they this to us was we were what when where which who whom whose why will with would you your""",
    )
)
"""Words of questions that name nothing, even where few names have them."""
NAMES = 10_000
"""Names of documents whose words are remembered, the last that were asked for: 5 MB."""
UNTELLING = ("label owner", "label flag")
"""Labels that Headwater sets itself."""


def boost_named(hits: Sequence[Hit], question: str, *, weight: float) -> list[Hit]:
    """Return the hits in a new order: a document that the question names gains up to `weight`.

    It helps most where many similar documents differ by company or year: figures in
    `infra/decisions/0007-retrieval-defaults.md`.
    """
    if not weight:
        return list(hits)
    items = [_item(hit.row) for hit in hits]
    names_of = {item: _names(hit.row) for item, hit in dict(zip(items, hits, strict=True)).items()}
    shares = _shares(list(names_of.values()), question)
    best = {item: max((shares[name] for name in names), default=0.0) for item, names in names_of.items()}
    return ranked(
        hit._replace(named=round(weight * best[item], 9)) if best[item] else hit
        for hit, item in zip(hits, items, strict=True)
    )


def _item(row: dict[str, Any]) -> tuple[str, str]:
    """Return what all chunks of a document, or of a record in it, share: they are called the same."""
    return (row["document_id"], row["uri"])


def _names(row: dict[str, Any]) -> set[tuple[str, str]]:
    """Return what a document is called, with the kind of name: title, file (or record), and each label's."""
    labels = {f"label {label['name']}": label["value"] for label in row.get("labels") or []}
    names = {"title": row["title"], "file": _file_name(str(row["uri"])), **labels}
    return {(kind, name) for kind, name in names.items() if name and kind not in UNTELLING}


@lru_cache(NAMES)
def _file_name(uri: str) -> str:
    return PurePosixPath(unquote(uri).rpartition("#")[2].rpartition("/")[2]).stem


def _shares(named: Sequence[set[tuple[str, str]]], question: str) -> dict[tuple[str, str], float]:
    """Return for each name how far the question names it, 0..1, against the name that it names best.

    A word is compared with other names of its kind; to have none is to have another.
    """
    names = set().union(*named)
    words = {name: _telling_words(name[1]) for name in names}
    kinds = Counter(kind for kind, _ in names)
    whole = [{kind for kind, _ in mine} for mine in named]
    kinds.update(kind for kind in list(kinds) if not all(kind in mine for mine in whole))
    found = Counter((kind, word) for (kind, name), all_of in words.items() for word in all_of)
    telling = {(kind, word): log(kinds[kind] / count) for (kind, word), count in found.items()}
    asked = _asked(question)
    said = {
        (kind, name): sum(telling[kind, word] for word in all_of if _is_said(word, asked))
        for (kind, name), all_of in words.items()
    }
    best = max(said.values(), default=0.0)
    return {name: told / best if told else 0.0 for name, told in said.items()}


def _asked(question: str) -> frozenset[str]:
    words = _words(question)
    joined = [one + other for one, other in pairwise(words)]
    return frozenset({*words, *joined, *map(_singular, words)} - _SPOKEN)


def _is_said(word: str, asked: frozenset[str]) -> bool:
    return word in asked or _singular(word) in asked


@lru_cache(NAMES)
def _telling_words(name: str) -> tuple[str, ...]:
    return tuple(sorted(set(_words(name)) - _SPOKEN))


def _words(text: str) -> list[str]:
    return [_written_out(part) for part in _PART.findall(_APOSTROPHE.sub("", text.lower()))]


def _written_out(word: str) -> str:
    fiscal = _FISCAL.fullmatch(word)
    return f"20{fiscal[1]}" if fiscal else word


def _singular(word: str) -> str:
    return word[:-1] if len(word) >= PLURAL_CHARACTERS and word.endswith("s") else word
