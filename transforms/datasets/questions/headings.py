"""Questions that a whole section answers: headings that ask, and what a page says of a topic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transforms.datasets.questions.asking import QUESTION, asking
from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import WORD, Lexicon
from transforms.datasets.questions.lists import ANSWER_CHARS, from_lists
from transforms.datasets.questions.page import Block, Section, Span
from transforms.datasets.questions.wording import VAGUE, is_clean, is_generic, phrase
from transforms.datasets.questions.words import PREPOSITIONS, words_of

TOPIC_CHARS = 60
TOPIC_WORDS = 8
UNFINISHED = re.compile(
    r"\b(?:TBD|TODO|TBA|to be (?:updated|determined|announced|done)|coming soon)\b|\]\(|<no |\[[ x]\]"
    r"|\?\s(?:.|\n)*\?|\b(?:I|I'm|I've|I'd)\b"
)
"""Signs of a form that nobody has filled in, or of somebody thinking aloud."""

NO_ANSWER = re.compile(r"(?:See|It|They|He|She|That|These|Those|The following|Here|There|TL;DR)\b")
SENTENCE = re.compile(r"(?:^|[\s\"])[A-Z][^.!?\n]{30,}[.!]", re.MULTILINE)
ANNOUNCES = re.compile(r"\b(?:following|as follows|below|above)\b")
ITEM = re.compile(r"\n(?:[-*]|\d+[.)]) ")
CLAUSE = re.compile(r"\b(?:can|must|should|will|may|would|is|are|was|were|has|have)\b", re.IGNORECASE)
RULES = re.compile(
    r"\b(must|may|can|cannot|should|need|needs|required|allowed|never|always|at most|at least|within)\b"
)
ANSWERS = words_of("answer answers solution resolution response reply accepted")
"""What stands over, or before, the answer to the question that a title asks."""

TELLS = words_of("avoid be do don't ensure get keep let make stay")
"""First words of a heading that says what to do, and is no topic."""

NO_TOPIC = words_of("what how why when who where if") | PREPOSITIONS
MINUTES = re.compile(r"\b(?:meeting|minutes|session|notes|agenda|retro)\b", re.IGNORECASE)
"""Pages of what was said on a day: jottings, which answer little outside that day."""


def from_heading(section: Section, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield the questions that a section as a whole answers; `page` is the document's text."""
    heading = section.heading.strip()
    words = {word.lower() for word in WORD.findall(heading)}
    if words and words <= ANSWERS:
        yield from _to_the_title(section, page)
        return
    if not words or words <= VAGUE or not is_clean(heading.rstrip(":?")):
        return
    if is_minutes(section) and not QUESTION.fullmatch(heading):
        return
    body = _body(section.blocks, page)
    if body is None or any(lexicon.is_boilerplate(block.text) for block in section.blocks):
        return
    yield from from_lists(section, lexicon, page)
    if text := asking(heading, lexicon):
        yield Draft(text=text, kind="heading", answer=body, section=section, rank=0)
    elif _is_topic(heading, body) and not is_generic(section.title, lexicon):
        yield _topic(section, heading, body, lexicon)


def _to_the_title(section: Section, page: str) -> Iterator[Draft]:
    """Yield the question that a page's title asks, if the section answers it."""
    title, body = (section.title or "").strip(), _body(section.blocks, page)
    if body and QUESTION.fullmatch(title) and is_clean(title):
        yield Draft(text=title, kind="heading", answer=body, section=section, alone=True, rank=0)


def is_minutes(section: Section) -> bool:
    """Tell whether a section is part of the minutes of a meeting."""
    return bool(MINUTES.search(" ".join((section.title or "", *section.headings))))


def _body(blocks: Sequence[Block], page: str) -> Span | None:
    """Return a section as one span, if it can be an answer as it stands: finished, and without a table."""
    if any(block.kind not in ("paragraph", "list_item") for block in blocks):
        return None
    start = blocks[0].start
    text = page[start : blocks[-1].end]
    fits = ANSWER_CHARS[0] <= len(text) <= ANSWER_CHARS[1] and not text.endswith(":")
    return Span(text, start) if fits and not NO_ANSWER.match(text) and not UNFINISHED.search(text) else None


def _is_topic(heading: str, body: Span) -> bool:
    """Tell whether a heading names something, and the text under it says something of it."""
    words = heading.split()
    names = len(words) <= TOPIC_WORDS and words[0].lower() not in NO_TOPIC and not heading[0].isdigit()
    says = len(body.text) >= TOPIC_CHARS and SENTENCE.search(body.text)
    announces = ANNOUNCES.search(body.text) and not ITEM.search(body.text)
    return bool(names and says and not announces and not CLAUSE.search(heading) and not heading.endswith(":"))


def _topic(section: Section, heading: str, body: Span, lexicon: Lexicon) -> Draft:
    """Ask what a page says about what a heading names: the plainest of all questions, and the last resort."""
    topic, words = phrase(heading, lexicon), heading.split()
    if words[0].endswith("ing") and len(words) > 1 and RULES.search(body.text):
        return Draft(
            text=f"What are the rules for {topic}", kind="topic", answer=body, section=section, rank=3
        )
    title = (section.title or "").rstrip(".:?!").replace('"', "'")
    text = f'What does "{title}" say about {topic}'
    if words[0].lower() in TELLS:
        text = f"""What does "{title}" say under "{heading.rstrip(".:!").replace('"', "'")}\""""
    return Draft(text=text, kind="topic", answer=body, section=section, alone=True, rank=4)
