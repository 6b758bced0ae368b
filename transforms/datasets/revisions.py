"""revisions: questions whose answer changed: today's is chosen against that of an earlier release.

The prompt is the one that is served today. They teach a model to say what its context says, and not what was
true when it learned; and they are what to ask a model that may still remember the old answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from schemas.context import Message
from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.candidates import Candidate, chunks_of, cited, evidence, offers
from transforms.datasets.duplicates import question_key
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Revisions

Key = tuple[str, tuple[str, ...]]
"""A document, and what it is asked."""


def build(inputs: Inputs, params: Revisions) -> Iterator[Example | Refused]:
    """Yield a pair for each question that both releases answer, differently; and why there are no others."""
    before = _answers(inputs.earlier, params) if inputs.earlier else {}
    for offer in offers(inputs, params.max_per_document):
        yield from (one for one in offer.refused if one.reason in (Refusal.AUDIENCE, Refusal.STALE))
        changed = [
            (now, old)
            for now in offer.candidates
            if (old := before.get(_key(now))) is not None and _said(old) != _said(now)
        ]
        rows = [_row(inputs, now, old) for now, old in changed[: params.max_per_document]]
        rows += [Refusal.OVER_LIMIT] * len(changed[params.max_per_document :])
        for row in rows or [Refusal.UNCHANGED]:
            yield Refused(reason=row, document_id=offer.document_id) if isinstance(row, Refusal) else row


def _answers(earlier: Inputs, params: Revisions) -> Mapping[Key, Candidate]:
    found = offers(earlier, params.max_per_document)
    return {_key(one): one for offer in found for one in offer.candidates}


def _key(candidate: Candidate) -> Key:
    return candidate.chunk["document_id"], question_key(candidate.question.text)


def _said(candidate: Candidate) -> str:
    return " ".join(candidate.question.answer.lower().split())


def _row(inputs: Inputs, now: Candidate, old: Candidate) -> Example | Refusal:
    found = inputs.ask(now.question.text)
    number = next((c.n for c in found.citations if now.chunk["chunk_id"] in chunks_of(c)), None)
    if number is None:
        return Refusal.NOT_RETRIEVED
    if any(_said(old) in " ".join(citation.quote.lower().split()) for citation in found.citations):
        return Refusal.STILL_ANSWERED
    earlier = inputs.earlier.release if inputs.earlier else None
    outdated = replace(evidence(old), role="outdated", release=earlier)
    shown = [chunk for citation in found.citations for chunk in chunks_of(citation)]
    others = [cited(inputs, chunk) for chunk in shown if chunk != now.chunk["chunk_id"]]
    chosen, rejected = (_cited(one.question.answer, number) for one in (now, old))
    return Example(
        row_id=digest("revision", now.row_id, old.row_id),
        kind="revision",
        question=now.question.text,
        document_id=now.chunk["document_id"],
        uses=(evidence(now), *others, outdated),
        messages=(*found.messages, Message(role="assistant", content=chosen)),
        rejected=(Message(role="assistant", content=rejected),),
    )


def _cited(answer: str, number: int) -> str:
    return f"{answer}\n\n[{number}]" if "\n" in answer else f"{answer} [{number}]"
