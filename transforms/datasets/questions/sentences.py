"""Questions that one sentence answers: rules, conditions, definitions, numbers, times, reasons.

There is no grammar here, only shapes of sentences that can be turned into a question by moving words. What fits
no shape gives no question: a question less costs nothing, a wrong one costs trust.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from transforms.datasets.questions.draft import Draft
from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.page import Section, Span, sentences, without_bullet
from transforms.datasets.questions.wording import inside, is_clean
from transforms.datasets.questions.words import (
    BAD_STARTS,
    DAY,
    EVENTS,
    IMPERATIVES,
    MONTH,
    NUMBER,
    PEOPLE,
    PREPOSITIONS,
    ROLES,
    THIRD_PERSON,
)

WORDS = (5, 60)
Made = tuple[str, str, int] | None
"""A question, its kind, and its rank."""
Maker = Callable[[str, Lexicon], Made]

AUX = r"(?P<aux>is|are|was|were|may|can|could|must|should|will|shall)"
SUBJECT = r"(?P<subject>[^,;:()]{2,70}?)"
AMOUNT = rf"(?P<amount>(?:(?:up to|at most|at least|no more than|about|only|exactly) )?{NUMBER})"
PLURAL = r"(?P<thing>(?:[a-z][\w-]* ){0,2}?(?:[a-z][\w-]*s|people))"
TAIL = r"(?P<tail> (?:a|an|per|each|every|into|in|on|of|for|from|to|at|before|after|during|within|with|by)\b[^;:]*)?"
DATE = (
    rf"(?:(?:on or before|on or after|no later than|by|on|in|at|from|until|before|every|since)(?: the)? (?:end of )?(?:{MONTH}|{DAY}|(?:19|20)\d\d|\d{{1,2}}(?::\d\d|"
    rf" ?[ap]\.?m\b)|noon|midnight)[^,;:]*)"
)
NO_CLAUSE = re.compile(
    r"\b(who|which|that|whose|where|when|if|unless|although|while|because|is|are|was|were|may|can|must|should|will|has|have)\b",
    re.IGNORECASE,
)
CONDITION_WORDS = 3
JOINTS = frozenset(("and", "or", "but", "also", "only", "not", "then", "so", "the", "a", "an"))
SPOKEN = re.compile(r"\b(?:I|I'm|I've|I'd|my|me|TBD|TODO|lol|imho)\b")
SECOND_PERSON = re.compile(r"\w+ .*\b(?:you|we)\b|^[Ww]e\b", re.DOTALL)
PAST = re.compile(r"\b(was|were|had|did|went|came|made|said|\w{3,}ed)\b")


def from_sentences(section: Section, lexicon: Lexicon) -> Iterator[Draft]:
    """Yield the questions that single sentences of a section answer, at most one for each."""
    for block in section.blocks:
        if block.kind not in ("paragraph", "list_item", "message") or lexicon.is_boilerplate(block.text):
            continue
        for sentence in sentences(without_bullet(block) if block.kind == "list_item" else block):
            made = from_sentence(sentence, lexicon)
            if made:
                text, kind, rank = made
                yield Draft(text=text, kind=kind, answer=sentence, section=section, rank=rank)


def from_sentence(sentence: Span, lexicon: Lexicon) -> Made:
    """Return the question that a sentence answers, or None."""
    text = sentence.text
    words = text.split()
    if (
        not WORDS[0] <= len(words) <= WORDS[1]
        or not text.endswith(".")
        or not (text[0].isupper() or text[0] == "“")
    ):
        return None
    first = words[0].strip("“\"',").lower()
    if first in BAD_STARTS or first in THIRD_PERSON or SPOKEN.search(text):
        return None
    for maker in MAKERS:
        made = maker(text[:-1], lexicon)
        if made and is_clean(made[0]):
            return made
    return None


def _condition(text: str, lexicon: Lexicon) -> Made:
    """If you paid cash, use the rate of the day. -> What should I do if I paid cash?"""
    found = re.match(
        r"(If|When|Whenever|Before|After|Once|Unless) ([^,;:]{6,120}), (?:then |please )?(.+)$", text
    )
    if not found:
        return None
    word, condition, rest = found.group(1).lower(), found.group(2), found.group(3)
    if len(condition.split()) < CONDITION_WORDS:
        return None
    first = rest.split()[0].lower()
    if first in IMPERATIVES or re.match(r"you (must|should|need|have to|are (required|expected))\b", rest):
        return f"What should I do {word} {condition}", "condition", 1
    if re.match(r"you (may|can)\b", rest):
        return f"What can I do {word} {condition}", "condition", 2
    if (
        word in ("if", "when", "whenever", "once")
        and not PAST.search(condition)
        and not PAST.search(rest.split(",")[0])
    ):
        return f"What happens {word} {condition}", "condition", 2
    return None


def _purpose(text: str, lexicon: Lexicon) -> Made:
    """To request access, open an issue. -> How do I request access?"""
    found = re.match(r"(?:In order to|To) ([a-z]+ [^,;:]{4,90}), (?:please )?(\w+)", text)
    if not found or not (found.group(2).lower() in IMPERATIVES or found.group(2).lower() == "you"):
        return None
    verb = found.group(1).split()[0]
    if verb in ("be", "date", "that", "this", "these", "summarize", "begin", "start"):
        return None
    return f"How do I {found.group(1)}", "how_to", 1


def _definition(text: str, lexicon: Lexicon) -> Made:
    """The canary is the 5 percent of stations that ... -> What is the canary?"""
    found = re.match(
        rf"{SUBJECT} (?P<be>is|are) (?P<rest>(?:a|an|the|our|any|where|how|used (?:to|for|by)|"
        r"responsible for|in charge of|made of|located|based) .+)$",
        text,
    )
    if not found:
        return None
    subject, be, rest = found["subject"], found["be"], found["rest"]
    if subject.split()[0].lower() in IMPERATIVES and len(subject.split()) > 1:
        return None
    if not _is_subject(subject, 6):
        return None
    name = inside(subject, lexicon)
    person = _is_named(subject) and ROLES.search(rest)
    for start, end in (
        ("responsible for", "responsible for"),
        ("in charge of", "in charge of"),
        ("made of", "made of"),
    ):
        if rest.startswith(start):
            return f"What {be} {name} {end}", "definition", 1
    if rest.startswith(("used to", "used for")):
        return f"What {be} {name} used for", "definition", 1
    if rest.startswith(("located", "based")):
        return f"Where {be} {name} {rest.split()[0]}", "place", 1
    if rest.startswith("used"):
        return None
    return f"{'Who' if person else 'What'} {be} {name}", "definition", 1


def _meaning(text: str, lexicon: Lexicon) -> Made:
    """Canary means ... -> What does canary mean?"""
    found = re.match(
        rf"{SUBJECT} (?P<verb>means|stands for|refers to|consists of|depends on|is short for) .+$", text
    )
    if not found or not _is_subject(found["subject"], 6):
        return None
    name = inside(found["subject"], lexicon)
    if found["verb"].startswith("is"):
        return f"What is {name} short for", "definition", 1
    verb, _, rest = found["verb"].partition(" ")
    return f"What does {name} {verb.removesuffix('s')} {rest}", "definition", 1


def _how_many(text: str, lexicon: Lexicon) -> Made:
    """You may carry five unused days into the next year. -> How many unused days may I carry into the next year?"""
    found = re.match(rf"{SUBJECT} {AUX} (?P<verb>[a-z]+(?: [a-z]+)?) {AMOUNT} {PLURAL}{TAIL}$", text)
    if found and _is_subject(found["subject"]) and not NO_CLAUSE.search(found["verb"]):
        thing, tail = found["thing"], found["tail"] or ""
        if re.match(r" (?:before|after|from)\b", tail):
            thing, tail = thing + tail, ""
        question = f"{thing} {found['aux']} {inside(found['subject'], lexicon)} {found['verb']}{tail}"
        return f"How many {question}", "number", 0
    found = re.match(
        rf"{SUBJECT} (?P<verb>has|have|gets|get|receives|receive|earns|earn|needs|need) {AMOUNT} {PLURAL}{TAIL}$",
        text,
    )
    if not found or not _is_subject(found["subject"]):
        return None
    base = {"has": "have"}.get(found["verb"], found["verb"].removesuffix("s"))
    do = "do" if base == found["verb"] else "does"
    return (
        f"How many {found['thing']} {do} {inside(found['subject'], lexicon)} {base}{found['tail'] or ''}",
        "number",
        0,
    )


def _within(text: str, lexicon: Lexicon) -> Made:
    """SIG chairs must publish minutes within seven days. -> Within how many days must SIG chairs publish minutes?"""
    found = re.match(
        rf"{SUBJECT} {AUX} (?P<verb>[^,;:]{{2,80}}?) within {NUMBER} (?P<unit>(?:[a-z]+ )?(?:seconds|minutes|hours|days|weeks|"
        r"months|years))(?P<tail> (?:of|after|from)\b[^,;:]*)?(?P<more> (?:for|when|if|by|in|unless)\b[^,;:]*)?(?:[,;].*)?$",
        text,
    )
    if not found or not _is_subject(found["subject"]):
        return None
    question = f"{found['unit']}{found['tail'] or ''} {found['aux']} {inside(found['subject'], lexicon)} {found['verb']}"
    return f"Within how many {question}{found['more'] or ''}", "number", 0


def _when(text: str, lexicon: Lexicon) -> Made:
    """Claims expire on March 31. -> When do claims expire?"""
    found = re.match(rf"{SUBJECT} {AUX} (?P<verb>[^,;:]{{3,80}}?) {DATE}$", text)
    if found and _is_subject(found["subject"]) and found["verb"].split()[-1] not in PREPOSITIONS | JOINTS:
        return f"When {found['aux']} {inside(found['subject'], lexicon)} {found['verb']}", "time", 0
    found = re.match(rf"{SUBJECT} (?P<verb>{'|'.join(EVENTS)}) (?P<rest>[^,;:]{{0,40}}?)\s?{DATE}$", text)
    if not found or not _is_subject(found["subject"]):
        return None
    base = EVENTS[found["verb"]]
    do = "do" if base == found["verb"] else "does"
    return f"When {do} {inside(found['subject'], lexicon)} {base} {found['rest']}", "time", 0


def _why(text: str, lexicon: Lexicon) -> Made:
    """The Dipper is unsafe in ice because ... -> Why is the Dipper unsafe in ice?"""
    found = re.match(
        rf"{SUBJECT} {AUX} (?P<rest>(?!what|how|that|when|where|who)[^;:]{{5,90}}?),? because (?!of (?:this|that|it)\b).{{8,}}$",
        text,
    )
    if not found or not _is_subject(found["subject"]) or found["rest"].split()[-1] in PREPOSITIONS:
        return None
    return f"Why {found['aux']} {inside(found['subject'], lexicon)} {found['rest']}", "reason", 1


def _where(text: str, lexicon: Lexicon) -> Made:
    """The roster is kept in Portage. -> Where is the roster kept?"""
    found = re.match(
        rf"{SUBJECT} (?P<be>is|are) (?P<verb>listed|kept|stored|located|found|documented|published|posted|held|announced|tracked|"
        r"recorded|available|hosted|maintained|managed|defined|discussed) (?:in|on|at|under) .{3,}$",
        text,
    )
    if not found:
        found = re.match(rf"{SUBJECT} (?P<be>can) (?P<verb>be found) (?:in|on|at|under) .{{3,}}$", text)
    if not found or not _is_subject(found["subject"]):
        return None
    return f"Where {found['be']} {inside(found['subject'], lexicon)} {found['verb']}", "place", 1


def _who(text: str, lexicon: Lexicon) -> Made:
    """Your manager approves claims up to $1,500. -> Who approves claims up to $1,500?"""
    verbs = "|".join([*THIRD_PERSON, "must", "may", "can", "is responsible for", "are responsible for"])
    found = re.match(rf"(?P<subject>[^,;:()]{{2,50}}?) (?P<verb>{verbs}) (?P<rest>[^;:]{{6,120}})$", text)
    if not found or not (PEOPLE.search(found["subject"]) or _is_named(found["subject"])):
        return None
    if not _is_subject(found["subject"]):
        return None
    if re.match(r"(?:You|We|I)\b", found["subject"]) or re.match(r"(?:not|be|also|never)\b", found["rest"]):
        return None
    rest = re.split(r", (?:and|but|or|so|which|who) ", found["rest"])[0]
    return f"Who {found['verb'].replace('are ', 'is ')} {rest}", "who", 1


def _what_does(text: str, lexicon: Lexicon) -> Made:
    """The Dipper measures water level. -> What does the Dipper measure?"""
    found = re.match(rf"{SUBJECT} (?P<verb>{'|'.join(THIRD_PERSON)}) (?P<rest>.{{6,}})$", text)
    if not found or not _is_subject(found["subject"], 6):
        return None
    base, name = THIRD_PERSON[found["verb"]], inside(found["subject"], lexicon)
    if base == "cost":
        return f"How much does {name} cost", "number", 0
    if base in ("ensure", "run") or re.match(
        r"(?:to|on|in|at|as|by|with|for|up|out|off|from|when|after|until|"
        r"are|is|was|were|must|can|should|will|may|have|has|that|which|who|and|or|but)\b",
        found["rest"],
    ):
        return None
    return f"What does {name} {base}", "what", 2


def _may(text: str, lexicon: Lexicon) -> Made:
    """The Dipper cannot join a satellite link. -> Can the Dipper join a satellite link?"""
    found = re.match(
        rf"{SUBJECT} (?P<aux>may|can|cannot|may not|must not)(?: only)? (?P<rest>[a-z][^;:,]{{8,90}})(?:,.*)?$",
        text,
    )
    if not found or not _is_subject(found["subject"]):
        return None
    if SECOND_PERSON.match(found["subject"]) or re.search(
        r"\b(?:see|find|found|notice|want|like|wish|need|have|run into|encounter)\b", found["rest"]
    ):
        return None
    aux = "Can" if found["aux"].startswith("can") else "May"
    return f"{aux} {inside(found['subject'], lexicon)} {found['rest']}", "permission", 2


MAKERS: tuple[Maker, ...] = (
    _condition, _purpose, _within, _how_many, _when, _why, _meaning, _definition, _where, _who, _may, _what_does,
)  # fmt: skip


def _is_subject(text: str, words_max: int = 8) -> bool:
    """Tell whether a text can be the subject of a question: a short phrase without a verb, whole at both ends."""
    words = text.lower().split()
    if not 1 <= len(words) <= words_max or NO_CLAUSE.search(text):
        return False
    return words[0] not in PREPOSITIONS and words[-1] not in PREPOSITIONS | JOINTS


def _is_named(subject: str) -> bool:
    """Tell whether a subject is two or three capitalized words without an article."""
    words = subject.split()
    return 2 <= len(words) <= 3 and all(re.fullmatch(r"[A-Z][a-zé'’-]+\.?", word) for word in words) and words[0] not in (
        "The", "Your", "Our", "All", "Each", "Every", "Any", "No",
    )  # fmt: skip
