"""triplets: an anchor, the chunk that answers it, and chunks that the live retriever takes for it and that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.candidates import Offer, offers, whole
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Triplets
from transforms.rank import Hit, near_duplicates

HEADING_WORDS = (2, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What is asked, and the chunk that is the right answer."""

    text: str
    kind: str
    answer: str
    """Literal words that no negative may hold; empty when the whole chunk is the answer."""
    chunk: dict[str, Any]


def build(inputs: Inputs, params: Triplets) -> Iterator[Example | Refused]:
    """Yield a row for each anchor that has enough hard negatives, and why there are no others."""
    for offer in offers(inputs, params.max_per_document):
        yield from (refused for refused in offer.refused if refused.reason is not Refusal.NO_QUESTION)
        yield from _rows(inputs, offer, params)


def _rows(inputs: Inputs, offer: Offer, params: Triplets) -> Iterator[Example | Refused]:
    anchors = list(_anchors(inputs, offer)) if offer.candidates or not offer.refused else list(_headings(inputs, offer, set()))
    made = 0
    for anchor in anchors:
        if made == params.max_per_document:
            yield Refused(reason=Refusal.OVER_LIMIT, document_id=offer.document_id)
            continue
        row = _row(inputs, anchor, params)
        made += isinstance(row, Example)
        yield row
