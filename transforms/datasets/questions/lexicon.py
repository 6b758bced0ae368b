"""Lexicon: how a collection of documents itself uses words, so that no dictionary is needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

from transforms.datasets.questions.words import STOPWORDS

WORD = re.compile("[^\\W_](?:[\\w'\u2019.-]*[^\\W_])?")
NAME = re.compile("[A-Z][\\w'\u2019-]* [A-Z][\\w'\u2019-]*")
NAME_CHARS = 60
HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
"""Headings may capitalize any word; sentences show which ones are names."""

RARE_SHARE = 0.02
RARE_DOCUMENTS = 2
"""A word in at most so many documents, or in so small a share of them, says which one is meant."""

BLOCK_CHARS = 30
BOILERPLATE_DOCUMENTS = 3
COMMON_ENDS = ("ing", "ings", "tion", "tions", "ment", "ments", "ness", "ity", "ance", "ence", "s", "ally")
"""A word that no sentence of the documents has is taken for a common one if it ends like this."""


@dataclass(kw_only=True)
class Lexicon:
    """In how many documents each word is, and how it is written inside sentences."""

    documents: int = 0
    frequency: Counter[str] = field(default_factory=Counter)
    lower: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    """Two capitalized words in a row inside a sentence: names."""
    titles: Counter[str] = field(default_factory=Counter)
    blocks: Counter[int] = field(default_factory=Counter)
    """In how many documents each paragraph is, by hash."""

    def is_boilerplate(self, block: str) -> bool:
        """Tell whether several documents have a paragraph word for word: then it says nothing of any."""
        return self.blocks[crc32(block.encode())] >= BOILERPLATE_DOCUMENTS

    def rare(self, word: str) -> bool:
        """Tell whether a word is in few documents."""
        return self.frequency[word.lower()] <= max(RARE_DOCUMENTS, RARE_SHARE * self.documents)

    def common_noun(self, word: str) -> bool:
        """Tell whether a word has its capital only because a sentence or a heading begins with it."""
        if word.lower() in STOPWORDS:
            return word != "I"
        if not _is_plain(word):
            return False
        lower, capital = self.lower[word.lower()], self.capital[word.lower()]
        return lower > capital or (capital == 0 and word.endswith(COMMON_ENDS))

    def often_lower(self, word: str) -> bool:
        """Tell whether a word of a title, where all words are capitalized, is a common one elsewhere."""
        return _is_plain(word) and 3 * self.lower[word.lower()] > self.capital[word.lower()]

    def never_capital(self, word: str) -> bool:
        """Tell whether no sentence capitalizes a word that it does not begin with."""
        return self.capital[word.lower()] == 0

    def is_name(self, first: str, second: str) -> bool:
        """Tell whether two words in a row are a name, because sentences capitalize both."""
        return self.pairs[f"{first} {second}"] > 0

    def is_one_of_many(self, title: str) -> bool:
        """Tell whether several documents have this title."""
        return self.titles[title.strip().lower()] > 1

    def read(self, title: str | None, text: str) -> None:
        """Learn from one document."""
        self.documents += 1
        self.titles[(title or "").strip().lower()] += 1
        self.frequency.update({word.lower() for word in WORD.findall(text)})
        self.blocks.update({crc32(b.encode()) for b in text.split("\n\n") if len(b) >= BLOCK_CHARS})
        said = HEADING.sub("", text)
        for found in WORD.finditer(said):
            word = found[0]
            if word[0].islower():
                self.lower[word] += 1
            elif _inside_a_sentence(said, found.start()):
                self.capital[word.lower()] += 1
                if name := NAME.match(said, found.start(), found.start() + NAME_CHARS):
                    self.pairs[name[0]] += 1


def lexicon(texts: Iterable[tuple[str | None, str]]) -> Lexicon:
    """Return the lexicon of documents, given as title and text."""
    made = Lexicon()
    for title, text in texts:
        made.read(title, text)
    return made


def content_words(text: str) -> list[str]:
    """Return the words of a text that say what it is about, in lower case."""
    return [w for word in WORD.findall(text) if (w := word.lower()) not in STOPWORDS and len(w) > 1]


def _is_plain(word: str) -> bool:
    """Tell whether a word has a capital first letter and nothing else that makes it a name."""
    return word[:1].isupper() and not any(c.isupper() or c.isdigit() for c in word[1:])


def _inside_a_sentence(text: str, at: int) -> bool:
    """Tell whether the word at an offset follows another word of its sentence."""
    return at > 1 and text[at - 1] == " " and (text[at - 2].islower() or text[at - 2] == ",")
