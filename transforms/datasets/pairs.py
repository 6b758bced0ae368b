"""pairs: an anchor and the chunk that answers it, for trainers that take their negatives from the batch."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.anchors import Anchor, anchors_of
from transforms.datasets.candidates import offers, whole
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Pairs


def build(inputs: Inputs, params: Pairs) -> Iterator[Example | Refused]:
    """Yield a row for each anchor, and why there are no others."""
    for offer in offers(inputs, params.max_per_document):
        anchors, refused = anchors_of(inputs, offer)
        yield from refused
        yield from map(_row, anchors[: params.max_per_document])
        over = len(anchors[params.max_per_document :])
        yield from [Refused(reason=Refusal.OVER_LIMIT, document_id=offer.document_id)] * over


def _row(anchor: Anchor) -> Example:
    return Example(
        row_id=digest("row", anchor.text, anchor.chunk["chunk_id"]),
        kind=anchor.kind,
        question=anchor.text,
        document_id=anchor.chunk["document_id"],
        uses=(whole("positive", anchor.chunk),),
        columns={"anchor": anchor.text, "positive": anchor.chunk["text"]},
    )
