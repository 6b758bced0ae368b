"""Anchors: what a passage is asked with, to train an embedder: a question made from it, or its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from schemas.dataset import Refusal, Refused
from transforms.datasets.candidates import Offer
from transforms.datasets.inputs import Inputs
from transforms.datasets.questions.lexicon import content_words

HEADING_WORDS = (2, 16)
TO_BE_WRITTEN = re.compile(r"\W*(?:TODO|TBD|TBA|coming soon)\b", re.IGNORECASE)
WHOLE = frozenset((Refusal.AUDIENCE, Refusal.STALE, Refusal.LANGUAGE))
"""Reasons that a document gives no anchor at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What is asked, and the chunk that is the right answer."""

    text: str
    kind: str
    answer: str
    """Literal words that no negative may hold; empty when the whole chunk is the answer."""
    chunk: dict[str, Any]


def anchors_of(inputs: Inputs, offer: Offer) -> tuple[list[Anchor], list[Refused]]:
    """Return a document's questions, the headings of its chunks without one, and what is refused."""
    if any(refused.reason in WHOLE for refused in offer.refused):
        return [], list(offer.refused)
    anchors = _anchors(inputs, offer)
    refused = [one for one in offer.refused if one.reason is not Refusal.NO_QUESTION or not anchors]
    return anchors, refused


def _anchors(inputs: Inputs, offer: Offer) -> list[Anchor]:
    asked = [
        Anchor(text=c.question.text, kind=c.question.kind, answer=c.question.answer, chunk=c.chunk)
        for c in offer.candidates
    ]
    covered = {tuple(anchor.chunk["headings"]) for anchor in asked}
    for chunk in inputs.chunks.of(offer.document_id):
        path = tuple(chunk["headings"])
        text = " ".join(dict.fromkeys([*([chunk["title"]] if chunk["title"] else []), *path[-2:]]))
        if path not in covered and HEADING_WORDS[0] <= len(text.split()) <= HEADING_WORDS[1]:
            covered.add(path)
            if _says_more(chunk["quote"], text):
                asked.append(Anchor(text=text, kind="title", answer="", chunk=chunk))
    return asked


def _says_more(quote: str, heading: str) -> bool:
    """Tell whether a passage says more than its heading, or than that it is still to be written."""
    return not TO_BE_WRITTEN.match(quote) and not set(content_words(quote)) <= set(content_words(heading))
