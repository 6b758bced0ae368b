"""Headings that ask: "What we pay", "How to claim", "Submit a post", and questions themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.wording import phrase
from transforms.datasets.questions.words import IMPERATIVES, THIRD_PERSON, words_of

QUESTION = re.compile(
    r"(?:what|who|when|where|why|how|which|can|may|do|does|is|are|should|must|will)\b.*\?", re.IGNORECASE
)
NUMBERING = re.compile(r"^(?:\d+[.)]\s*)+|^Q\d*[:.]\s*")
SHAPES = tuple(
    (re.compile(shape), question)
    for shape, question in (
        (r"How to (?P<x>[a-z].+)", "How do I {x}"),
        (r"When to (?P<x>[a-z].+)", "When should I {x}"),
        (r"Where to (?P<x>[a-z].+)", "Where can I {x}"),
        (r"What to do (?P<x>(?:if|when|after|before) .+)", "What should I do {x}"),
        (r"What (?P<x>we|you) (?P<aux>can|must|should|may|will|are|were) (?P<y>.+)", "What {aux} {x} {y}"),
        (r"What (?P<x>we|you) do not (?P<y>.+)", "What do {x} not {y}"),
        (r"What (?P<x>we|you) (?P<y>(?!had|did|was|have)[a-z]+(?<!ed)\b.*)", "What do {x} {y}"),
        (r"(?:When|If) you (?P<y>.+)", "What should I do if you {y}"),
        (r"(?P<x>Who (?:can|may|must|should|is|are|approves|decides|owns|pays|reviews) .+)", "{x}"),
        (r"(?P<x>[A-Z]{1,4}-?\d{2,6})\b(?:: .+)?", "What does {x} mean"),
    )
)
"""Headings that are a question with its words in another order."""

WHAT_DOES = re.compile(
    rf"What (?P<x>(?:an?|the|each|every) .+?) (?P<verb>{'|'.join(sorted(THIRD_PERSON))})(?P<y>.*)"
)
OBJECTS = words_of("a an the your my our new to with all")
CLEAR_VERBS = words_of(
    "add apply avoid choose clean configure confirm connect create define delete describe determine disable "
    "enable ensure enter explain find generate get identify implement include insert install invite join "
    "keep leave make nominate prepare provide remove rename replace select send set specify submit "
    "subscribe tell uninstall upgrade use validate verify write"
)
"""Verbs that are no nouns."""

NO_OBJECTS = words_of(
    "process list policy guide notes template team lead leads schedule report reports plan and or of for"
)
"""Words that make a noun of a first word that could be a verb: release process, contact list."""


def asking(heading: str, lexicon: Lexicon) -> str | None:
    """Return a heading as the question it is, or almost is; None when it only names a topic."""
    text = NUMBERING.sub("", heading).rstrip(".")
    if QUESTION.fullmatch(text):
        return phrase(text, lexicon)
    for shape, question in SHAPES:
        if found := shape.fullmatch(text):
            return question.format(**found.groupdict())
    if found := WHAT_DOES.fullmatch(text):
        return f"What does {found['x']} {THIRD_PERSON[found['verb']]}{found['y']}"
    words = text.split()
    if len(words) > 1 and words[0].lower() in IMPERATIVES and _has_object(words):
        return f"How do I {phrase(text, lexicon)}"
    return None


def _has_object(words: Sequence[str]) -> bool:
    """Tell whether a first word that can be a verb is one: "Submit a post", but not "Release process"."""
    second = words[1]
    if second.lower() in OBJECTS:
        return True
    return words[0].lower() in CLEAR_VERBS and second.islower() and second not in NO_OBJECTS
