"""Parts: the pieces that shapes of sentences are put together from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.words import DAY, MONTH, NUMBER, PREPOSITIONS, words_of

AUX = r"(?P<aux>is|are|was|were|may|can|could|must|should|will|shall)"
SUBJECT = r"(?P<subject>[^,;:()]{2,70}?)"
AMOUNT = rf"(?:(?:up to|at most|at least|no more than|about|only|exactly) )?{NUMBER}"
THINGS = r"(?P<thing>(?:[a-z][\w-]* ){0,2}?(?:[a-z][\w-]*s|people))"
TAIL = (
    r"(?P<tail> (?:a|an|per|each|every|into|in|on|of|for|from|to|at|before|after|during|within|with|by)\b"
    r"[^;:]*)?"
)
UNIT = r"(?P<unit>(?:[a-z]+ )?(?:seconds|minutes|hours|days|weeks|months|years))"
DATE = (
    r"(?:(?:on or before|on or after|no later than|by|on|in|at|from|until|before|every|since)(?: the)? "
    r"(?:end of )?"
    rf"(?:{MONTH}|{DAY}|(?:19|20)\d\d|\d{{1,2}}(?::\d\d| ?[ap]\.?m\b)|noon|midnight)[^,;:]*)"
)

CLAUSE = re.compile(
    r"\b(who|which|that|whose|where|when|if|unless|although|while|because|is|are|was|were|may|can|must|should|will|"
    r"has|have)\b",
    re.IGNORECASE,
)
"""Words with which a subject is a sentence of its own."""

JOINTS = words_of("and or but also only not then so the a an")
SUBJECT_WORDS = 8
NAME_WORDS = (2, 3)
DETERMINERS = words_of("the your our all each every any no")


class Made(NamedTuple):
    """A question that a sentence gave, before it is checked."""

    text: str
    kind: str
    rank: int
    """How useful questions of this shape were found to be when read; lower is better."""


Shape = Callable[[str, Lexicon], Made | None]
"""Makes a question of a sentence without its full stop, or nothing when the sentence has another shape."""


def is_subject(text: str, words_max: int = SUBJECT_WORDS) -> bool:
    """Tell whether a text can be the subject of a question: short, without a verb, whole at both ends."""
    words = text.lower().split()
    if not 1 <= len(words) <= words_max or CLAUSE.search(text):
        return False
    return words[0] not in PREPOSITIONS and is_whole(text)


def is_whole(text: str) -> bool:
    """Tell whether a phrase does not break off after a word that wants another."""
    return text.lower().split()[-1] not in PREPOSITIONS | JOINTS


def is_named(subject: str) -> bool:
    """Tell whether a subject is somebody's name: two or three capitalized words without an article."""
    words = subject.split()
    capital = all(re.fullmatch(r"[A-Z][a-zé'-]+\.?", word) for word in words)
    return NAME_WORDS[0] <= len(words) <= NAME_WORDS[1] and capital and words[0].lower() not in DETERMINERS
