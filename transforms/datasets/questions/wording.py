"""Wording: what turns the parts of a sentence into a question that is good English and stands alone."""

from __future__ import annotations

import re
from itertools import pairwise

from transforms.datasets.questions.lexicon import WORD, Lexicon, content_words
from transforms.datasets.questions.page import Section
from transforms.datasets.questions.words import DAY, DEICTIC, MONTH, POINTING_THAT, STOPWORDS, words_of

QUESTION_WORDS = (4, 26)
RARE_WORDS = 2
"""So many words that few documents have say what a question is about."""

VAGUE = words_of(
    "overview introduction summary background notes note details miscellaneous misc other references links "
    "resources see also conclusion general about description purpose scope goals non-goals agenda attendees "
    "examples example appendix contents table faq faqs questions operational status activities "
    "prerequisites requirements more information updates history session first second day part step section "
    "contact steps why what where when tl dr in out me my answer answers thanks thank you acknowledgements "
    "acknowledgments"
)
"""Words of headings that do not say what stands under them."""

GENERIC_TITLES = VAGUE | words_of(
    "readme index untitled home main welcome license minutes changelog template"
)
HEADING_WORDS = 6
BODIES = words_of(
    "group committee team program project subproject guide policy handbook charter process course"
)
"""What a title ends with that takes an article."""

NAME_WORDS = 4

YOU_FIRST = re.compile(
    r"\b(am|are|were|may|can|could|must|should|will|would|do|did|have|if|when|whenever|where|before|after|once|unless|"
    r"until|while|that|what|because|as) you\b",
    re.IGNORECASE,
)
YOU_LAST = re.compile(
    r"\b(for|to|with|from|of|at|by|on|about|help|tell|give|ask) you(?=\W*$|,| to\b| in\b| by\b)",
    re.IGNORECASE,
)
MINE = (
    (r"\b[Ii] are\b", "I am"),
    (r"\b[Ii] were\b", "I was"),
    (r"\b[Yy]ourself\b", "myself"),
    (r"\b[Yy]ours\b", "mine"),
    (r"\b[Yy]our\b", "my"),
)
WITH_I = {"are": "am", "were": "was"}
SPELLED_OUT = {"re": "are", "ve": "have", "ll": "will"}
DATED = re.compile(rf"\d+|{MONTH}|{DAY}", re.IGNORECASE)
"""Words of a date: however rare, they say when, and not what."""

POINTS_AT = re.compile(
    r"(?:\w+ ){1,3}?(?:is|are|was|were|do|does|did|can|may|must|should|will) the [a-z-]+\b(?! (?:of|for)\b)"
)
"""Asks about "the station", "the summit": which one, only the page knows."""

SPOILERS = re.compile("https?://|[|{}<>#=]|\\.\\.\\.|\u2026|\\[[ x]?\\]|:\\s*$|[\U0001f000-\U0001faff]")
"""Signs, addresses and pictures, which nobody says."""


def asked(text: str) -> str:
    """Return a question with a capital, one mark, and the reader as "I" where that is safe."""
    text = first_person(" ".join(text.split()).rstrip(" .,;:?!"))
    return text[:1].upper() + text[1:] + "?"


def first_person(text: str) -> str:
    """Return a text with "you" as the one who asks, or as it is where a "you" could be either case."""
    spelled = re.sub(r"\b([Yy]ou)['\u2019](re|ve|ll)\b", lambda you: f"{you[1]} {SPELLED_OUT[you[2]]}", text)
    changed = YOU_FIRST.sub(lambda found: f"{WITH_I.get(found[1].lower(), found[1])} I", spelled)
    changed = YOU_LAST.sub(lambda found: f"{found[1]} me", changed)
    changed = re.sub(r"^[Yy]ou\b", "I", changed)
    if re.search(r"\byou\b", changed, re.IGNORECASE):
        return text
    for yours, mine in MINE:
        changed = re.sub(yours, mine, changed)
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
    titled = all(word[0].isupper() for word in words if word.lower() not in STOPWORDS)

    def written(word: str) -> str:
        if shouted:
            return word.lower() if lexicon.lower[word.lower()] else word.capitalize()
        common = lexicon.common_noun(word) or (titled and lexicon.often_lower(word))
        return word.lower() if common and word not in names else word

    return _without_first_capital(WORD.sub(lambda found: written(found[0]), heading), lexicon)


def is_clean(clause: str) -> bool:
    """Tell whether a clause points at nothing outside itself and has nothing in it that cannot be said."""
    if DEICTIC.search(clause) or POINTING_THAT.search(clause) or SPOILERS.search(clause):
        return False
    return clause.count("(") == clause.count(")") and clause.count('"') % 2 == 0


def stands_alone(question: str, section: Section, lexicon: Lexicon) -> bool:
    """Tell whether a question says by itself what it is about.

    It does when it names what its page is about, or has two words that few pages have.
    """
    if POINTS_AT.match(question):
        return False
    words, title = set(content_words(question)), set(content_words(section.title or ""))
    if title <= words and not is_generic(section.title, lexicon):
        return True
    return sum(lexicon.rare(word) for word in words if not DATED.fullmatch(word)) >= RARE_WORDS


def in_context(question: str, section: Section, lexicon: Lexicon) -> str | None:
    """Return a question that names its page and heading, or None when the page has no telling name."""
    if is_generic(section.title, lexicon):
        return None
    first = question.split(maxsplit=1)[0]
    text = question[0].lower() + question[1:] if first.lower() in STOPWORDS and first != "I" else question
    return f'According to "{place(section, question)}", {text}'


def place(section: Section, question: str) -> str:
    """Return a page's title, and the heading in it unless the question already says it."""
    heading = section.heading.strip()
    said = set(content_words(question)) | VAGUE
    told = len(heading.split()) <= HEADING_WORDS and not set(content_words(heading)) <= said
    parts = [section.title or "", heading if told else ""]
    return ": ".join(part.strip().rstrip(".:?!").replace('"', "'") for part in parts if part)


def is_generic(title: str | None, lexicon: Lexicon) -> bool:
    """Tell whether a title does not say which page it is."""
    if not title or lexicon.is_one_of_many(title):
        return True
    return set(content_words(title)) <= GENERIC_TITLES


def fits(question: str) -> bool:
    """Tell whether a question has a length that people ask in."""
    return QUESTION_WORDS[0] <= len(question.split()) <= QUESTION_WORDS[1]


def named(title: str, text: str) -> str:
    """Return a title with an article if its own page writes it with one: the RS-200 Dipper, but Expenses."""
    words = title.split()
    if not words or words[0].lower() in ("the", "a", "an"):
        return title
    known = [title]
    if _is_thing(title):
        known.append(words[-1])
    articled = re.search(rf"\b[Tt]he (?:{'|'.join(map(re.escape, known))})\b", text)
    return f"the {title}" if articled or words[-1].lower() in BODIES else title


def _is_thing(title: str) -> bool:
    """Tell whether a title can be what its last word is: a short name, capitalized or with a number in it."""
    words = title.split()
    looks = words[-1][0].isupper() or any(character.isdigit() for character in title)
    return looks and len(words) <= NAME_WORDS and not {word.lower() for word in words} & STOPWORDS


def _without_first_capital(heading: str, lexicon: Lexicon) -> str:
    """Return a heading without the capital of its first word, unless the word is known for one."""
    words = WORD.findall(heading)
    if len(words) > 1 and words[0].istitle() and words[1].islower() and lexicon.never_capital(words[0]):
        return heading.replace(words[0], words[0].lower(), 1)
    return heading
