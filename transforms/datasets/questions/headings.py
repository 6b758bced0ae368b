"""Questions that a whole section answers: headings that ask, procedures, lists, and what a page says of a topic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import WORD, Lexicon
from transforms.datasets.questions.page import Block, Section, Span, is_ordered, lists
from transforms.datasets.questions.tables import PEOPLE_COLUMNS
from transforms.datasets.questions.wording import VAGUE, is_clean, is_generic, named, phrase
from transforms.datasets.questions.words import IMPERATIVES, PREPOSITIONS, THIRD_PERSON

ANSWER_CHARS = (30, 900)
ITEMS = (2, 12)
WORDS_AN_ITEM = 3
SENTENCE = re.compile(r"(?:^|[\s“\"])[A-Z][^.!?\n]{30,}[.!]", re.MULTILINE)
UNFINISHED = re.compile(
    r"\b(?:TBD|TODO|TBA|to be (?:updated|determined|announced|done)|coming soon)\b|\]\(|<no |\[[ x]\]|\?\s(?:.|\n)*\?",
    re.IGNORECASE,
)
BAD_BODY = re.compile(r"(?:See|It|They|He|She|That|These|Those|The following|Here|There|TL;DR)\b")
TOPIC_CHARS = 60
PAPERS = re.compile(
    r"\b(?:guide|policy|handbook|charter|process|report|manual|plan|resources|guidelines|statement)$",
    re.IGNORECASE,
)
"""Titles of papers: what they list is not theirs."""

MODAL = re.compile(r"\b(?:can|must|should|will|may|would|is|are|was|were|has|have)\b", re.IGNORECASE)
BULLET = re.compile(r"\n(?:[-*]|\d+[.)]) ")
MINUTES = re.compile(r"\b(?:meeting|minutes|session|notes|agenda|retro)\b", re.IGNORECASE)
"""Pages of what was said on a day: jottings, which answer little outside that day."""

SPOKEN = re.compile(r"\b(?:I|I'm|I've|I'd|my)\b")
RULES = re.compile(
    r"\b(must|may|can|cannot|should|need|needs|required|allowed|never|always|at most|at least|within)\b"
)
ASKING = re.compile(
    r"(?:what|who|when|where|why|how|which|can|may|do|does|is|are|should|must|will)\b.*\?$", re.IGNORECASE
)

SHAPES = (
    (r"How to (?P<x>[a-z].+)", "How do I {x}"),
    (r"When to (?P<x>[a-z].+)", "When should I {x}"),
    (r"Where to (?P<x>[a-z].+)", "Where can I {x}"),
    (r"What to do (?P<x>(?:if|when|after|before) .+)", "What should I do {x}"),
    (r"What (?P<x>we|you) (?P<aux>can|must|should|may|will|are|were) (?P<y>.+)", "What {aux} {x} {y}"),
    (r"What (?P<x>we|you) do not (?P<y>.+)", "What do {x} not {y}"),
    (r"What (?P<x>we|you) (?P<y>(?!had|did|was|have)[a-z]+(?<!ed)\b.*)", "What do {x} {y}"),
    (r"(?:When|If) you (?P<y>.+)", "What should I do if you {y}"),
    (r"(?P<x>Who (?:can|may|must|should|is|are|approves|decides|owns|pays|reviews) .+)", "{x}"),
)
"""Headings that are a question with its words in another order."""

ARTICLES = frozenset(["a", "an", "the", "your", "my", "our", "new", "to", "with", "all"])
CLEAR_VERBS = frozenset(
    ["add", "apply", "avoid", "choose", "clean", "configure", "confirm", "connect", "create", "define", "delete", "describe", "determine", "disable", "enable", "ensure", "enter", "explain", "find", "generate", "get", "identify", "implement", "include", "insert", "install", "invite", "join", "keep", "leave", "make", "nominate", "prepare", "provide", "remove", "rename", "replace", "select", "send", "set", "specify", "submit", "subscribe", "tell", "uninstall", "upgrade", "use", "validate", "verify", "write"]
)
"""Verbs that are no nouns."""

NOT_OBJECTS = frozenset(
    ["process", "list", "policy", "guide", "notes", "template", "team", "lead", "leads", "schedule", "report", "reports", "plan", "and", "or", "of", "for"]
)
"""Words that make a noun of a first word that could be a verb: release process, contact list."""


def from_heading(section: Section, lexicon: Lexicon, page: str) -> Iterator[Draft]:
    """Yield the questions that a section as a whole answers; `page` is the document's text."""
    heading = section.heading.strip()
    words = {word.lower() for word in WORD.findall(heading)}
    if not words or words <= VAGUE or not is_clean(heading.rstrip(":?")):
        return
    if MINUTES.search(" ".join((section.title or "", *section.headings))) and not ASKING.match(heading):
        return
    if any(lexicon.is_boilerplate(block.text) for block in section.blocks):
        return
    body = whole(section.blocks, page)
    for items in lists(section.blocks):
        if ITEMS[0] <= len(items) <= ITEMS[1] and body is not None:
            yield from _of_list(section, heading, items, lexicon, page)
            break
    if body is None:
        return
    asking = _asking(heading, lexicon)
    if asking:
        yield Draft(text=asking, kind="heading", answer=body, section=section, rank=0)
    elif topic := _topic(section, heading, body, lexicon):
        yield topic


def whole(blocks: Sequence[Block], page: str) -> Span | None:
    """Return all blocks as one span, if that is of a length to answer with and has no table or code."""
    if not blocks or any(block.kind not in ("paragraph", "list_item") for block in blocks):
        return None
    start, end = blocks[0].start, blocks[-1].end
    text = page[start:end]
    if not ANSWER_CHARS[0] <= len(text) <= ANSWER_CHARS[1] or text.endswith(":"):
        return None
    if BAD_BODY.match(text):
        return None
    return None if UNFINISHED.search(text) or SPOKEN.search(text) else Span(text, start)


def _asking(heading: str, lexicon: Lexicon) -> str | None:
    """Return a heading as the question it is, or almost is."""
    text = re.sub(r"^(?:\d+[.)]\s*)+|^Q\d*[:.]\s*", "", heading).rstrip(".")
    if ASKING.match(text):
        return phrase(text, lexicon)
    for shape, question in SHAPES:
        if found := re.fullmatch(shape, text):
            return question.format(**found.groupdict())
    if found := re.fullmatch(
        rf"What (?P<x>(?:an?|the|each|every) .+?) (?P<verb>{'|'.join(THIRD_PERSON)})(?P<y>.*)", text
    ):
        return f"What does {found['x']} {THIRD_PERSON[found['verb']]}{found['y']}"
    if found := re.fullmatch(r"(?P<code>[A-Z]{1,4}-?\d{2,6})\b(?:: .+)?", text):
        return f"What does {found['code']} mean"
    words = text.split()
    if len(words) > 1 and words[0].lower() in IMPERATIVES and _has_object(words):
        return f"How do I {phrase(text, lexicon)}"
    return None


def _has_object(words: Sequence[str]) -> bool:
    """Tell whether a first word that can be a verb is one: "Submit a post", not "Release process" or "Commit Hygiene"."""
    second = words[1]
    if second.lower() in ARTICLES:
        return True
    return words[0].lower() in CLEAR_VERBS and second.islower() and second not in NOT_OBJECTS


def _of_list(
    section: Section, heading: str, items: Sequence[Block], lexicon: Lexicon, page: str
) -> Iterator[Draft]:
    start, end = items[0].start, items[-1].end
    if not ANSWER_CHARS[0] <= end - start <= ANSWER_CHARS[1]:
        return
    answer = Span(page[start:end], start)
    topic, words = phrase(heading, lexicon), heading.split()
    topic = re.sub(r"^the ", "", topic)
    if is_ordered(items) and words[0].endswith("ing"):
        if len(words) == 1:
            topic = f"{topic} {named(section.title or '', page)}"
        yield Draft(
            text=f"What are the steps for {topic}", kind="procedure", answer=answer, section=section, rank=0
        )
    elif PEOPLE_COLUMNS.fullmatch(heading) and not is_generic(section.title, lexicon):
        text = f"Who are the {heading.lower()} of {named(section.title or '', page)}"
        yield Draft(text=text, kind="list", answer=answer, section=section, alone=True, rank=1)
    elif (
        _is_plural(words)
        and not is_ordered(items)
        and _says_something(items)
        and not is_generic(section.title, lexicon)
    ):
        owner = named(section.title or "", page)
        thing = owner != section.title and not PAPERS.search(owner)
        text = f"What are the {topic} of {owner}" if thing else f'What {topic} does "{section.title}" list'
        yield Draft(text=text, kind="list", answer=answer, section=section, alone=True, rank=2)


def _says_something(items: Sequence[Block]) -> bool:
    """Tell whether a list has words, not only links, names of files or years."""
    words = [len(re.findall(r"[^\W\d_]{2,}", item.text)) for item in items]
    return sum(words) >= WORDS_AN_ITEM * len(items)


def _is_plural(words: Sequence[str]) -> bool:
    last = words[-1].lower()
    return (
        len(words) <= 4
        and last.endswith("s")
        and not last.endswith(("ss", "us", "is"))
        and not words[0].endswith("ing")
    )


def _leads_in(body: Span) -> bool:
    """Tell whether a text announces what is not in it."""
    return bool(re.search(r"\b(?:following|as follows|below|above)\b", body.text)) and not BULLET.search(
        body.text, 1
    )


def _topic(section: Section, heading: str, body: Span, lexicon: Lexicon) -> Draft | None:
    """What a page says about what its heading names; the plainest of all questions, and the last resort."""
    words = [word.lower() for word in WORD.findall(heading)]
    if len(words) > 8 or is_generic(section.title, lexicon):
        return None
    if (
        not SENTENCE.search(body.text)
        or len(body.text) < TOPIC_CHARS
        or MODAL.search(heading)
        or _leads_in(body)
    ):
        return None
    if (
        heading.endswith(":")
        or heading[0].isdigit()
        or words[0] in PREPOSITIONS
        or words[0] in ("what", "how", "why", "when", "who", "where", "if")
    ):
        return None
    topic = phrase(heading, lexicon)
    title = (section.title or "").rstrip(".:?!").replace('"', "'")
    if words[0].endswith("ing") and len(words) > 1 and RULES.search(body.text):
        return Draft(
            text=f"What are the rules for {topic}", kind="topic", answer=body, section=section, rank=3
        )
    text = f'What does "{title}" say about {topic}'
    return Draft(text=text, kind="topic", answer=body, section=section, alone=True, rank=4)
