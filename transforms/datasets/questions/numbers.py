"""Sentences that say how many, within what time, and when."""

from __future__ import annotations

import re

from transforms.datasets.questions.lexicon import Lexicon
from transforms.datasets.questions.parts import (
    AMOUNT,
    AUX,
    CLAUSE,
    DATE,
    SUBJECT,
    TAIL,
    THINGS,
    UNIT,
    Made,
    is_subject,
    is_whole,
)
from transforms.datasets.questions.wording import inside
from transforms.datasets.questions.words import EVENTS, NUMBER

WITHIN = re.compile(
    rf"{SUBJECT} {AUX} (?P<verb>[^,;:]{{2,80}}?) within {NUMBER} {UNIT}(?P<tail> (?:of|after|from)\b[^,;:]*)?"
    r"(?P<more> (?:for|when|if|by|in|unless)\b[^,;:]*)?(?:[,;].*)?"
)
MAY_TAKE = re.compile(rf"{SUBJECT} {AUX} (?P<verb>[a-z]+(?: [a-z]+)?) {AMOUNT} {THINGS}{TAIL}")
HAS = re.compile(
    rf"{SUBJECT} (?P<verb>has|have|gets|get|receives|receive|earns|earn|needs|need) {AMOUNT} {THINGS}{TAIL}"
)
MUST_ON = re.compile(rf"{SUBJECT} {AUX} (?P<verb>[^,;:]{{3,80}}?) {DATE}")
HAPPENS_ON = re.compile(rf"{SUBJECT} (?P<verb>{'|'.join(sorted(EVENTS))}) (?P<rest>[^,;:]{{0,40}}?)\s?{DATE}")


def within(text: str, lexicon: Lexicon) -> Made | None:
    """Make "Within how many days must I answer?" of "You must answer within two days"."""
    found = WITHIN.fullmatch(text)
    if not found or not is_subject(found["subject"]):
        return None
    asked = f"{found['aux']} {inside(found['subject'], lexicon)} {found['verb']}{found['more'] or ''}"
    return Made(f"Within how many {found['unit']}{found['tail'] or ''} {asked}", "number", 0)


def how_many(text: str, lexicon: Lexicon) -> Made | None:
    """Make "How many unused days may I carry over?" of "You may carry five unused days over"."""
    found = MAY_TAKE.fullmatch(text)
    if found and is_subject(found["subject"]) and not CLAUSE.search(found["verb"]):
        thing, tail = _attached(found["thing"], found["tail"] or "")
        asked = f"{found['aux']} {inside(found['subject'], lexicon)} {found['verb']}{tail}"
        return Made(f"How many {thing} {asked}", "number", 0)
    found = HAS.fullmatch(text)
    if not found or not is_subject(found["subject"]):
        return None
    base = "have" if found["verb"] == "has" else found["verb"].removesuffix("s")
    thing, tail = _attached(found["thing"], found["tail"] or "")
    asked = f"{_do(base, found['verb'])} {inside(found['subject'], lexicon)} {base}{tail}"
    return Made(f"How many {thing} {asked}", "number", 0)


def when(text: str, lexicon: Lexicon) -> Made | None:
    """Make "When do claims expire?" of "Claims expire on March 31"."""
    found = MUST_ON.fullmatch(text)
    if found and is_subject(found["subject"]) and is_whole(found["verb"]):
        return Made(f"When {found['aux']} {inside(found['subject'], lexicon)} {found['verb']}", "time", 0)
    found = HAPPENS_ON.fullmatch(text)
    if not found or not is_subject(found["subject"]):
        return None
    base = EVENTS[found["verb"]]
    asked = f"{_do(base, found['verb'])} {inside(found['subject'], lexicon)} {base} {found['rest']}"
    return Made(f"When {asked}", "time", 0)


def _attached(thing: str, tail: str) -> tuple[str, str]:
    """Return what is counted with what belongs to it (days of leave, weeks before a date), and the rest."""
    if re.match(r" (?:before|after|from)\b", tail):
        return thing + tail, ""
    found = re.match(r"(?P<of> of .+?)(?P<rest> (?:a|an|per|each|every) .+)?$", tail)
    return (thing + found["of"], found["rest"] or "") if found else (thing, tail)


def _do(base: str, verb: str) -> str:
    return "do" if base == verb else "does"
