"""Sentences that say what holds when something is so, how something is done, and why."""

from __future__ import annotations

import re

from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.parts import AUX, SUBJECT, Made, is_subject, is_whole
from transforms.datasets.questions.wording import inside
from transforms.datasets.questions.words import IMPERATIVES, words_of

CONDITION_WORDS = 3
CONDITION = re.compile(
    r"(?P<word>If|When|Whenever|Before|After|Once|Unless) (?P<condition>[^,;:]{6,120}), (?:then |please )?"
    r"(?P<rest>.+)"
)
GOES_ON = re.compile(
    r"(?:and|as|because|but|nor|or|since|so|which)\b|(?:\w+ ){0,2}\w+,(?: [^,]+,)* ?(?:and|or)\b"
)
"""After a comma that does not end the condition: the next part of a sentence, or of a list."""

HAVE_TO = re.compile(r"you (?:must|should|need|have to|are (?:required|expected))\b")
ALLOWED = re.compile(r"you (?:may|can)\b")
PAST = re.compile(r"\b(was|were|had|did|went|came|made|said|\w{3,}ed)\b")
"""Signs that a sentence tells a story instead of a rule."""

PURPOSE = re.compile(
    r"(?:In order to|To) (?P<purpose>(?P<verb>[a-z]+) [^,;:]{4,90}), (?:please )?(?P<first>\w+)"
)
NO_PURPOSE = words_of("be date that this these summarize begin start")
REASON = re.compile(
    rf"{SUBJECT} {AUX} (?P<rest>(?!what|how|that|when|where|who)[^;:]{{5,90}}?),? because "
    r"(?!of (?:this|that|it)\b).{8,}"
)


def condition(text: str, lexicon: Lexicon) -> Made | None:  # noqa: ARG001 - one signature for all
    """Make "What should I do if I paid cash?" of "If you paid cash, use the rate of the day"."""
    found = CONDITION.fullmatch(text)
    if not found or len(found["condition"].split()) < CONDITION_WORDS or found["rest"].startswith("see "):
        return None
    when, rest = f"{found['word'].lower()} {found['condition']}", found["rest"]
    if rest.split()[0].lower() in IMPERATIVES or HAVE_TO.match(rest):
        return Made(f"What should I do {when}", "condition", 1)
    if GOES_ON.match(rest):
        return None
    if ALLOWED.match(rest):
        return Made(f"What can I do {when}", "condition", 2)
    told = PAST.search(found["condition"]) or PAST.search(rest.split(",")[0])
    if found["word"] in ("If", "When", "Whenever", "Once") and not told:
        return Made(f"What happens {when}", "condition", 2)
    return None


def purpose(text: str, lexicon: Lexicon) -> Made | None:  # noqa: ARG001 - one signature for all
    """Make "How do I request access?" of "To request access, open an issue"."""
    found = PURPOSE.match(text)
    if not found or found["verb"] in NO_PURPOSE:
        return None
    told = found["first"].lower() in IMPERATIVES or found["first"].lower() == "you"
    return Made(f"How do I {found['purpose']}", "how_to", 1) if told else None


def reason(text: str, lexicon: Lexicon) -> Made | None:
    """Make "Why is the Dipper unsafe in ice?" of "The Dipper is unsafe in ice because its seal is soft"."""
    found = REASON.fullmatch(text)
    if not found or not is_subject(found["subject"]) or not is_whole(found["rest"]):
        return None
    return Made(f"Why {found['aux']} {inside(found['subject'], lexicon)} {found['rest']}", "reason", 1)
