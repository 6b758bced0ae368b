"""Wording: what turns the parts of a sentence into a question that is good English and stands alone."""

from __future__ import annotations

import re
from itertools import pairwise

from transforms.datasets.questions.lexicon import WORD, Lexicon, content_words
from transforms.datasets.questions.page import Section
from transforms.datasets.questions.words import DEICTIC, POINTING_THAT, STOPWORDS

QUESTION_WORDS = (4, 26)
RARE_WORDS = 2
"""So many words that few documents have say what a question is about."""

GENERIC_TITLES = frozenset(
    ["readme", "index", "untitled", "overview", "introduction", "notes", "agenda", "home", "contents", "summary", "main", "welcome", "license", "minutes", "faq", "changelog", "template", "example"]
)
HEADING_WORDS = 6
VAGUE = frozenset(
    ["overview", "introduction", "summary", "background", "notes", "note", "details", "miscellaneous", "misc", "other", "references", "links", "resources", "see", "also", "conclusion", "general", "about", "description", "purpose", "scope", "goals", "non-goals", "agenda", "attendees", "examples", "example", "appendix", "contents", "table", "faq", "faqs", "questions", "operational", "status", "activities", "prerequisites", "requirements", "more", "information", "updates", "history", "session", "first", "second", "day", "part", "step", "section", "contact", "steps", "why", "what", "where", "when", "tl", "dr", "in", "out"]
)
"""Headings that do not say what stands under them."""

YOU_FIRST = re.compile(
    r"\b(am|are|were|may|can|could|must|should|will|would|do|did|have|if|when|whenever|where|before|after|once|"
    r"unless|until|while|that|what|because|as) you\b",
    re.IGNORECASE,
)
YOU_LAST = re.compile(
    r"\b(for|to|with|from|of|at|by|on|about|help|tell|give|ask) you(?=\W*$|,| to\b| in\b| by\b)", re.IGNORECASE
)
NAME_WORDS = 4
BODIES = frozenset(
    ["group", "committee", "team", "program", "project", "subproject", "guide", "policy", "handbook", "charter", "process", "course"]
)
"""What a title ends with that takes an article."""

POINTS_AT = re.compile(
    r"(?:\w+ ){1,3}?(?:is|are|was|were|do|does|did|can|may|must|should|will) the [a-z-]+\b(?! (?:of|for)\b)"
)
"""Asks about "the station", "the summit": which one, only the page knows."""

SPOILERS = re.compile(r"https?://|[|{}<>#=]|\.\.\.|…|\[[ x]?\]|:\s*$|[\U0001F000-\U0001FAFF]")


def asked(text: str) -> str:
    """Return a question with a capital, one mark, and the reader as "I" where that is safe."""
    text = " ".join(text.split()).rstrip(" .,;:?!")
    text = first_person(text)
    return text[:1].upper() + text[1:] + "?"


def first_person(text: str) -> str:
    """Return a text with "you" as the one who asks, or as it is where a "you" could be either case."""
    changed = YOU_FIRST.sub(lambda m: f"{_with_i(m.group(1))} I", text)
    changed = YOU_LAST.sub(lambda m: f"{m.group(1)} me", changed)
    changed = re.sub(r"^you\b", "I", changed, flags=re.IGNORECASE)
    if re.search(r"\byou\b", changed, re.IGNORECASE):
        return text
    changed = re.sub(r"\bI are\b", "I am", changed)
    changed = re.sub(r"\bI were\b", "I was", changed)
    changed = re.sub(r"\byou're\b", "I am", changed, flags=re.IGNORECASE)
    for you, me in (("yours", "mine"), ("your", "my"), ("yourself", "myself")):
        changed = re.sub(rf"\b{you}\b", me, changed, flags=re.IGNORECASE)
    return changed


def inside(text: str, lexicon: Lexicon) -> str:
    """Return a clause as it is written inside a sentence: without a capital that only its place gave it."""
    words = WORD.findall(text)
    name = len(words) > 1 and lexicon.is_name(words[0], words[1])
    if words and lexicon.common_noun(words[0]) and not name:
        return text.replace(words[0], words[0].lower(), 1)
    return text


def phrase(heading: str, lexicon: Lexicon) -> str:
    """Return a heading as it is written inside a sentence, word by word: headings may capitalize them all."""
    words = WORD.findall(heading)
    names = {word for pair in pairwise(words) if lexicon.is_name(*pair) for word in pair}

    shouted = sum(word.isupper() and len(word) > 1 for word in words) > len(words) / 2 > 1

    def spoken(word: str) -> str:
        return word.lower() if lexicon.lower[word.lower()] else word.capitalize()

    if shouted:
        return WORD.sub(lambda found: spoken(found.group()), heading)
    every = all(word[0].isupper() for word in words if word.lower() not in STOPWORDS)

    def written(word: str) -> str:
        common = lexicon.common_noun(word) or (every and lexicon.often_lower(word))
        return word.lower() if word not in names and common else word

    written_so = WORD.sub(lambda found: written(found.group()), heading)
    return inside_heading(written_so, lexicon)


def inside_heading(heading: str, lexicon: Lexicon) -> str:
    """Return a heading whose first word alone is capitalized without that capital, unless it is known for one."""
    words = WORD.findall(heading)
    if len(words) > 1 and words[0].istitle() and words[1].islower() and lexicon.never_capital(words[0]):
        return heading.replace(words[0], words[0].lower(), 1)
    return heading


def is_clean(clause: str) -> bool:
    """Tell whether a clause points at nothing outside itself and has nothing in it that cannot be said."""
    return not (
        DEICTIC.search(clause)
        or POINTING_THAT.search(clause)
        or SPOILERS.search(clause)
        or clause.count("(") != clause.count(")")
        or clause.count('"') % 2
        or clause.count("“") != clause.count("”")
    )


def stands_alone(question: str, section: Section, lexicon: Lexicon) -> bool:
    """Tell whether a question says by itself what it is about.

    It does when it names what its page is about, or has two words that few pages have.
    """
    words = set(content_words(question))
    if POINTS_AT.match(question):
        return False
    title = set(content_words(section.title or ""))
    if title and not is_generic(section.title, lexicon) and title <= words:
        return True
    return sum(lexicon.rare(word) for word in words) >= RARE_WORDS


def in_context(question: str, section: Section, lexicon: Lexicon) -> str | None:
    """Return a question that names the page and the heading it is about, or None when the page has no telling name."""
    if section.title is None or is_generic(section.title, lexicon):
        return None
    first = question.split(maxsplit=1)[0]
    text = question[0].lower() + question[1:] if first.lower() in STOPWORDS and first != "I" else question
    return f'According to "{place(section, question)}", {text}'


def place(section: Section, question: str) -> str:
    """Return a page's title, and the heading in it unless the question already says it, as they are quoted."""
    heading = section.heading.strip()
    said = set(content_words(question)) | VAGUE
    told = len(heading.split()) <= HEADING_WORDS and not set(content_words(heading)) <= said
    parts = [section.title or "", heading if told else ""]
    return ": ".join(part.strip().rstrip(".:?!").replace('"', "'") for part in parts if part)


def is_generic(title: str | None, lexicon: Lexicon) -> bool:
    """Tell whether a title does not say which page it is."""
    if not title or lexicon.is_one_of_many(title):
        return True
    words = set(content_words(title))
    return not words or words <= GENERIC_TITLES | VAGUE


def fits(question: str) -> bool:
    """Tell whether a question has a length that people ask in."""
    return QUESTION_WORDS[0] <= len(question.split()) <= QUESTION_WORDS[1]


def named(title: str, text: str) -> str:
    """Return a title with an article if its own page writes it with one: the RS-200 Dipper, but Expenses."""
    last = title.rsplit(maxsplit=1)[-1]
    if title.lower().startswith(("the ", "a ", "an ")):
        return title
    thing = last[0].isupper() or any(character.isdigit() for character in title)
    thing = thing and len(title.split()) <= NAME_WORDS and not set(title.lower().split()) & STOPWORDS
    short = f"|{re.escape(last)}" if thing else ""
    if last.lower() in BODIES or re.search(rf"\b[Tt]he (?:{re.escape(title)}{short})\b", text):
        return f"the {title}"
    return title


def _with_i(word: str) -> str:
    return {"are": "am", "Are": "Am", "were": "was", "Were": "Was"}.get(word, word)
