"""Sentences that say what something is, means and does, where it is, who does it, and whether it may be."""

from __future__ import annotations

import re

from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.parts import SUBJECT, Made, is_named, is_subject
from transforms.datasets.questions.wording import inside
from transforms.datasets.questions.words import IMPERATIVES, PEOPLE, ROLES, THIRD_PERSON, words_of

NAME_WORDS = 6
"""What a definition defines is short."""

DEFINITION = re.compile(
    rf"{SUBJECT} (?P<be>is|are) (?P<rest>(?:a|an|the|our|any|where|how|used (?:to|for|by)|responsible for|"
    r"in charge of|made of|located|based) .+)"
)
WEAK = re.compile(
    r"an? (?:[\w-]+ )?(?:part|piece) of\b"
    r"|an? (?:[\w-]+ ){0,2}(?:challenge|concern|issue|matter|mess|must|problem|question)\b"
)
"""What is said of a thing without saying what it is."""

VAGUE_HEADS = words_of("answer case idea point reason reasons rest result thing things way ways")
SAYS_WORDS = 4
"""In so few words a thing that is said to be of its own kind, such as an open community, is not defined."""

PROPERTIES = {
    "responsible for": "What {be} {name} responsible for",
    "in charge of": "What {be} {name} in charge of",
    "made of": "What {be} {name} made of",
    "used to": "What {be} {name} used for",
    "used for": "What {be} {name} used for",
    "located": "Where {be} {name} located",
    "based": "Where {be} {name} based",
}
MEANING = re.compile(
    rf"{SUBJECT} (?P<verb>means|stands for|refers to|consists of|depends on|is short for) .+"
)
PLACE = re.compile(
    rf"{SUBJECT} (?:(?P<be>is|are) (?P<verb>listed|kept|stored|located|found|documented|published|posted|"
    r"held|announced|tracked|recorded|available|hosted|maintained|managed|defined|discussed)"
    r"|(?P<can>can) (?P<found>be found)) "
    r"(?:in|on|at|under) .{3,}"
)
DOES = "|".join(sorted(THIRD_PERSON))
WHO = re.compile(
    rf"(?P<subject>[^,;:()]{{2,50}}?) (?P<verb>{DOES}|must|may|can|is responsible for|are responsible for) "
    r"(?P<rest>[^;:]{6,120})"
)
ASIDE = re.compile(r", (?:and|but|or|so|which|who) ")
WHAT = re.compile(rf"{SUBJECT} (?P<verb>{DOES}) (?P<rest>.{{6,}})")
NO_OBJECT = re.compile(
    r"(?:to|on|in|at|as|by|with|for|up|out|off|from|when|after|until|are|is|was|were|must|can|should|will|"
    r"may|have|has|that|which|who|and|or|but)\b"
)
PERMISSION = re.compile(
    rf"{SUBJECT} (?P<aux>may|can|cannot|may not|must not)(?: only)? "
    r"(?P<rest>(?!(?:and|or)\b)[a-z][^;:,]{8,90})(?:,.*)?"
)
WE = re.compile(r"\w+ .*\b(?:you|we)\b|[Ww]e\b", re.DOTALL)
NO_PERMISSION = re.compile(r"\b(?:see|find|found|notice|want|like|wish|need|have|run into|encounter)\b")


def definition(text: str, lexicon: Lexicon) -> Made | None:
    """Make "What is the canary?" of "The canary is the part that receives a release first"."""
    found = DEFINITION.fullmatch(text)
    if not found or not is_subject(found["subject"], NAME_WORDS):
        return None
    words, rest, name = found["subject"].split(), found["rest"], inside(found["subject"], lexicon)
    head = words[-1].lower()
    if (words[0].lower() in IMPERATIVES and len(words) > 1) or head in VAGUE_HEADS or WEAK.match(rest):
        return None
    if len(rest.split()) <= SAYS_WORDS and head in rest.lower().split():
        return None
    for start, question in PROPERTIES.items():
        if rest.startswith(start):
            return Made(question.format(be=found["be"], name=name), "definition", 1)
    if rest.startswith("used"):
        return None
    asking = "Who" if is_named(found["subject"]) and ROLES.search(rest) else "What"
    return Made(f"{asking} {found['be']} {name}", "definition", 1)


def meaning(text: str, lexicon: Lexicon) -> Made | None:
    """Make "What does park mean?" of "Park means to move the wiper away"."""
    found = MEANING.fullmatch(text)
    if not found or not is_subject(found["subject"], NAME_WORDS):
        return None
    name, (verb, _, rest) = inside(found["subject"], lexicon), found["verb"].partition(" ")
    if verb == "is":
        return Made(f"What is {name} short for", "definition", 1)
    return Made(f"What does {name} {verb.removesuffix('s')} {rest}", "definition", 1)


def place(text: str, lexicon: Lexicon) -> Made | None:
    """Make "Where is the roster kept?" of "The roster is kept in Portage"."""
    found = PLACE.fullmatch(text)
    if not found or not is_subject(found["subject"]):
        return None
    be, verb = found["be"] or found["can"], found["verb"] or found["found"]
    return Made(f"Where {be} {inside(found['subject'], lexicon)} {verb}", "place", 1)


def who(text: str, lexicon: Lexicon) -> Made | None:  # noqa: ARG001 - one signature for all
    """Make "Who approves claims up to $1,500?" of "Your manager approves claims up to $1,500"."""
    found = WHO.fullmatch(text)
    if not found or not (PEOPLE.search(found["subject"]) or is_named(found["subject"])):
        return None
    if not is_subject(found["subject"]) or re.match(r"(?:You|We|I)\b", found["subject"]):
        return None
    if re.match(r"(?:not|be|also|never)\b", found["rest"]):
        return None
    rest = ASIDE.split(found["rest"])[0]
    return None if ", " in rest else Made(f"Who {found['verb'].replace('are ', 'is ')} {rest}", "who", 1)


def what(text: str, lexicon: Lexicon) -> Made | None:
    """Make "What does the Dipper measure?" of "The Dipper measures water level and temperature"."""
    found = WHAT.fullmatch(text)
    if not found or not is_subject(found["subject"], NAME_WORDS):
        return None
    base, name = THIRD_PERSON[found["verb"]], inside(found["subject"], lexicon)
    if base == "cost":
        return Made(f"How much does {name} cost", "number", 0)
    return None if NO_OBJECT.match(found["rest"]) else Made(f"What does {name} {base}", "what", 2)


def permission(text: str, lexicon: Lexicon) -> Made | None:
    """Make "Can the Dipper join a satellite link?" of "The Dipper cannot join a satellite link"."""
    found = PERMISSION.fullmatch(text)
    if not found or not is_subject(found["subject"]):
        return None
    if WE.match(found["subject"]) or NO_PERMISSION.search(found["rest"]):
        return None
    aux = "Can" if found["aux"].startswith("can") else "May"
    return Made(f"{aux} {inside(found['subject'], lexicon)} {found['rest']}", "permission", 2)
