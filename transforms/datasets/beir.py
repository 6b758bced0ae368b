"""beir: questions, the corpus, and which documents answer, to evaluate retrieval on.

The shape of Thakur et al., "BEIR" (2021): corpus.jsonl, queries.jsonl and qrels.tsv; and spans.jsonl, which
says where in a document the answer stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.candidates import Candidate, evidence, offers
from transforms.datasets.duplicates import question_key
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Beir

PARTS = {"corpus": "corpus.jsonl", "queries": "queries.jsonl"}
QRELS, SPANS = "qrels.tsv", "spans.jsonl"
CORPUS_COLUMNS = ("document_id", "title", "text", "acl", "status")


def build(inputs: Inputs, params: Beir) -> Iterator[Example | Refused]:
    """Yield a query for each question, with every document that answers it, and what is refused."""
    same: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for offer in offers(inputs, params.max_per_document):
        yield from offer.refused
        for n, candidate in enumerate(offer.candidates):
            if n < params.max_per_document:
                same[question_key(candidate.question.text)].append(candidate)
            else:
                yield Refused(reason=Refusal.OVER_LIMIT, document_id=offer.document_id)
    yield from (_query(asked) for asked in same.values())


def grades(example: Example) -> list[tuple[str, int]]:
    """Return the documents that answer a query, each with its grade."""
    return [(document, 1) for document in dict.fromkeys(use.document_id for use in example.uses)]


def spans(example: Example) -> list[dict[str, Any]]:
    """Return where the answers to a query stand."""
    return [
        {
            "query_id": example.row_id,
            "doc_id": use.document_id,
            "start": use.start,
            "end": use.end,
            "text": use.quote,
        }
        for use in example.uses
    ]


def corpus_row(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a document as the corpus has it."""
    return {"_id": document["document_id"], "title": document["title"] or "", "text": document["text"]}


def _query(asked: Sequence[Candidate]) -> Example:
    first = asked[0]
    return Example(
        row_id=digest("query", first.question.text, first.chunk["document_id"]),
        kind=first.question.kind,
        question=first.question.text,
        document_id=first.chunk["document_id"],
        uses=tuple(evidence(one) for one in asked),
    )
