"""Lexicon: how a collection of documents itself uses words, so that no dictionary is needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from transforms.datasets.questions.words import STOPWORDS

WORD = re.compile(r"[^\W_](?:[\w'’.-]*[^\W_])?")
HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
"""Headings may capitalize any word; sentences show which ones are names."""

NAME = re.compile(r"^[A-Z][\w'’-]* [A-Z][\w'’-]*")
NAME_CHARS = 60
BLOCK_CHARS = 30
BOILERPLATE_DOCUMENTS = 3
RARE_SHARE = 0.02
RARE_DOCUMENTS = 2
"""A word in at most so many documents, or in so small a share of them, says which one is meant."""
COMMON_ENDS = ("ing", "ings", "tion", "tions", "ment", "ments", "ness", "ity", "ance", "ence", "s", "ally")
"""A word that no sentence of the documents has is taken for a common one if it ends like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """In how many documents each word is, and how it is written inside sentences."""

    documents: int
    frequency: Counter[str]
    lower: Counter[str]
    capital: Counter[str]
    pairs: Counter[str]
    """Two capitalized words in a row inside a sentence: names."""
    titles: Counter[str]
    blocks: Counter[int]
    """In how many documents each paragraph is, by hash: what many repeat says nothing of any."""

    def is_boilerplate(self, block: str) -> bool:
        """Tell whether several documents have a paragraph word for word."""
        return self.blocks[crc32(block.encode())] >= BOILERPLATE_DOCUMENTS

    def rare(self, word: str) -> bool:
        """Tell whether a word is in few documents."""
        return self.frequency[word.lower()] <= max(RARE_DOCUMENTS, RARE_SHARE * self.documents)

    def common_noun(self, word: str) -> bool:
        """Tell whether a capitalized word is only capitalized because a sentence or a heading begins with it."""
        if word.lower() in STOPWORDS:
            return word != "I"
        if not word[:1].isupper() or any(c.isupper() or c.isdigit() for c in word[1:]):
            return False
        lower, capital = self.lower[word.lower()], self.capital[word.lower()]
        return lower > capital or (capital == 0 and word.endswith(COMMON_ENDS))

    def often_lower(self, word: str) -> bool:
        """Tell whether a word of a title, where all words are capitalized, is a common one elsewhere."""
        plain = word[:1].isupper() and word[1:].islower()
        return plain and 3 * self.lower[word.lower()] > self.capital[word.lower()]

    def never_capital(self, word: str) -> bool:
        """Tell whether no sentence capitalizes a word that it does not begin with."""
        return self.capital[word.lower()] == 0

    def is_name(self, first: str, second: str) -> bool:
        """Tell whether two words in a row are a name, because sentences capitalize both."""
        return self.pairs[f"{first} {second}"] > 0

    def is_one_of_many(self, title: str) -> bool:
        """Tell whether several documents have this title."""
        return self.titles[title.strip().lower()] > 1


def lexicon(texts: Iterable[tuple[str | None, str]]) -> Lexicon:
    """Return the lexicon of documents, given as title and text."""
    frequency: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    blocks: Counter[int] = Counter()
    total = 0
    for title, text in texts:
        total += 1
        titles[(title or "").strip().lower()] += 1
        frequency.update({word.lower() for word in WORD.findall(text)})
        said = HEADING.sub("", text)
        for match in WORD.finditer(said):
            word = match.group()
            if word[0].islower():
                lower[word] += 1
            elif inside_a_sentence(said, match.start()):
                capital[word.lower()] += 1
                pairs.update(NAME.findall(said[match.start() : match.start() + NAME_CHARS])[:1])
        blocks.update({crc32(block.encode()) for block in text.split("\n\n") if len(block) >= BLOCK_CHARS})
    return Lexicon(
        documents=total,
        frequency=frequency,
        lower=lower,
        capital=capital,
        pairs=pairs,
        titles=titles,
        blocks=blocks,
    )


def inside_a_sentence(text: str, at: int) -> bool:
    """Tell whether the word at an offset follows another word of its sentence."""
    return at >= 2 and text[at - 1] == " " and (text[at - 2].islower() or text[at - 2] == ",")


def content_words(text: str) -> list[str]:
    """Return the words of a text that say what it is about, in lower case."""
    return [w for word in WORD.findall(text) if (w := word.lower()) not in STOPWORDS and len(w) > 1]
