"""triplets: an anchor, the chunk that answers it, and chunks that only look to the live retriever as if."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.anchors import Anchor, anchors_of
from transforms.datasets.candidates import first_rows, offers, whole
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Triplets
from transforms.rank import Hit, near_duplicates


def build(inputs: Inputs, params: Triplets) -> Iterator[Example | Refused]:
    """Yield a row for each anchor that has enough hard negatives, and why there are no others."""
    for offer in offers(inputs, params.max_per_document):
        anchors, refused = anchors_of(inputs, offer)
        yield from refused
        make = partial(_row, inputs, params=params)
        yield from first_rows(offer.document_id, anchors, make, params.max_per_document)


def _row(inputs: Inputs, anchor: Anchor, params: Triplets) -> Example | Refused:
    document = anchor.chunk["document_id"]
    hits = inputs.search(anchor.text)
    positive = next((hit for hit in hits if hit.chunk_id == anchor.chunk["chunk_id"]), None)
    if positive is None or positive.vector_score is None:
        return Refused(reason=Refusal.NOT_RETRIEVED, document_id=document)
    wrong = (hit for hit in hits if _is_wrong(inputs, anchor, positive, hit, params))
    taken = islice(wrong, params.hard_negatives)
    negatives = [inputs.chunks.row(hit.chunk_id) for hit in taken]
    if len(negatives) < params.hard_negatives:
        return Refused(reason=Refusal.TOO_FEW_NEGATIVES, document_id=document)
    columns = {"anchor": anchor.text, "positive": anchor.chunk["text"]}
    columns |= {f"negative_{n}": chunk["text"] for n, chunk in enumerate(negatives, start=1)}
    return Example(
        row_id=digest("row", anchor.text, anchor.chunk["chunk_id"]),
        kind=anchor.kind,
        question=anchor.text,
        document_id=document,
        uses=(whole("positive", anchor.chunk), *(whole("negative", chunk) for chunk in negatives)),
        columns=columns,
    )


def _is_wrong(inputs: Inputs, anchor: Anchor, positive: Hit, hit: Hit, params: Triplets) -> bool:
    """Tell whether a hit looks right and is not: below the positive, and saying something else."""
    if hit.chunk_id == positive.chunk_id or hit.score > positive.score:
        return False
    if hit.vector_score is not None and hit.vector_score >= params.margin * (positive.vector_score or 0.0):
        return False
    if not inputs.readable(hit.row["document_id"], inputs.chunks.row(hit.chunk_id)["acl"]):
        return False
    if not _elsewhere(positive.row, hit.row) or _holds(hit, anchor.answer):
        return False
    near = inputs.chunks.similarity(positive.chunk_id, hit.chunk_id) >= params.max_similarity
    return not near and not near_duplicates([positive, hit])


def _elsewhere(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two chunks are in different documents, or under different outer headings of one."""
    if one["document_id"] != other["document_id"]:
        return True
    return _outer(one) != _outer(other)


def _outer(row: dict[str, Any]) -> str:
    path = [heading for heading in row["headings"] or [] if heading != row["title"]]
    return path[0] if path else ""


def _holds(hit: Hit, answer: str) -> bool:
    said = " ".join(answer.lower().split())
    return bool(said) and said in " ".join(str(hit.row["quote"]).lower().split())
