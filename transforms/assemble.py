"""Assembling: chosen hits become the messages of a prompt within a token budget, every passage cited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.context import Citation, Dropped, Message, Tokens
from schemas.tools import Tokenizer
from transforms.choose import Assembly, Chosen, count, flags, heading, passage
from transforms.prompt import Passage, Prompt
from transforms.rank import Hit
from transforms.spans import Place, Span, fill, holds, merge, with_neighbors
from transforms.verdicts import tell, what_dropped, why_nothing

NEVER_SHOWN = ("duplicate", "span_mismatch", "too_old")
"""Verdicts with which a chunk is not shown as another's neighbor either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the store holds around the chosen hits, as far as the caller may read it."""

    texts: Mapping[str, str]
    """Documents' texts by document id: what every citation is sliced from."""
    around: Mapping[Place, dict[str, Any]] = field(default_factory=dict)
    """Chunks before and after the hits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A context without the request around it; equal for equal inputs, byte for byte."""

    answerable: bool
    reason: str | None
    messages: tuple[Message, ...]
    citations: tuple[Citation, ...]
    tokens: Tokens
    dropped: tuple[Dropped, ...]
    verdicts: dict[str, str]
    settled: tuple[tuple[Message, ...], int]
    """Messages and their tokens without live values and without marks of a fact's age."""

    @property
    def digest(self) -> str:
        """sha256 of everything a reader is given, without what moves with the clock."""
        messages, used = self.settled
        parts = {
            "messages": [message.model_dump() for message in messages],
            "citations": [c.model_dump(mode="json", exclude={"age_s"}) for c in self.citations],
            "tokens": {"used": used, "budget": self.tokens.budget},
            "dropped": [dropped.model_dump() for dropped in self.dropped],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def assemble(
    question: str,
    hits: Sequence[Hit],
    chosen: Chosen,
    params: Assembly,
    *,
    shelf: Shelf,
    tokenizer: Tokenizer,
    prompt: Prompt,
    now: datetime,
) -> Assembled:
    """Return the prompt for a question: chosen hits as passages, or a statement that nothing is relevant.

    `hits` are all candidates, to tell what became of each.
    """
    verdicts = dict(chosen.verdicts)
    for hit in chosen.hits:
        if not holds(hit.row, shelf.texts):
            verdicts[hit.chunk_id] = "span_mismatch"
    kept = [hit for hit in chosen.hits if verdicts[hit.chunk_id] == "kept"]
    best = _packed(kept, chosen, verdicts, params, shelf, tokenizer)
    spans, messages, used = _fitted(question, best, params, shelf, tokenizer, prompt)
    tell(verdicts, hits, spans)
    answerable = bool(spans or prompt.extras)
    return Assembled(
        answerable=answerable,
        reason=None if answerable else why_nothing(hits, verdicts, params, chosen.confidence),
        messages=messages,
        citations=tuple(
            _citation(n, span, shelf.texts, now) for n, span in enumerate(spans, start=1 + len(prompt.extras))
        ),
        tokens=Tokens(used=used, budget=params.budget_tokens),
        dropped=what_dropped(hits, verdicts),
        verdicts=verdicts,
        settled=_settled(question, spans, shelf, tokenizer, prompt) if prompt.extras else (messages, used),
    )


def ordered(spans: Sequence[Span], order: str) -> list[Span]:
    """Return spans, given best first, as they stand in the prompt.

    `edges`: the best at both ends and the weakest in the middle, where models read least carefully (Liu et
    al., Lost in the Middle, 2023). `source`: as in their documents.
    """
    if order == "edges":
        return [*spans[::2], *reversed(spans[1::2])]
    if order == "source":
        return sorted(spans, key=lambda span: (span.hit.row["source"], span.hit.row["uri"], span.start))
    return list(spans)


def _packed(
    kept: Sequence[Hit],
    chosen: Chosen,
    verdicts: Mapping[str, str],
    params: Assembly,
    shelf: Shelf,
    tokenizer: Tokenizer,
) -> list[Hit]:
    """Return the hits and their neighbors that have room together, best first."""
    around = {at: row for at, row in shelf.around.items() if verdicts.get(row["chunk_id"]) not in NEVER_SHOWN}
    candidates = with_neighbors(kept, around, shelf.texts, steps=params.neighbors)
    added = [hit for hit in candidates if hit.chunk_id not in chosen.sizes]
    counted = tokenizer.count(["", *(str(hit.row["quote"]) for hit in added)]) if added else [0]
    new = {hit.chunk_id: tokens - counted[0] for hit, tokens in zip(added, counted[1:], strict=True)}
    heads = {hit.chunk_id: chosen.heads[hit.chunk_id] for hit in kept}
    return fill(candidates, shelf.texts, room=chosen.room, sizes={**chosen.sizes, **new}, heads=heads)


def _fitted(
    question: str,
    best: Sequence[Hit],
    params: Assembly,
    shelf: Shelf,
    tokenizer: Tokenizer,
    prompt: Prompt,
) -> tuple[list[Span], tuple[Message, ...], int]:
    """Return the passages that fit for certain: where tokens do not add up, the weakest are left out."""
    for n in range(len(best), -1, -1):
        spans = ordered(merge(best[:n], shelf.texts), params.order)
        messages = prompt.render(question, _passages(spans, shelf))
        used = count(messages, tokenizer)
        if used <= params.prompt_tokens:
            break
    return spans, messages, used


def _settled(
    question: str, spans: Sequence[Span], shelf: Shelf, tokenizer: Tokenizer, prompt: Prompt
) -> tuple[tuple[Message, ...], int]:
    messages = prompt.settled.render(question, _passages(spans, shelf))
    return messages, count(messages, tokenizer)


def _passages(spans: Sequence[Span], shelf: Shelf) -> list[Passage]:
    return [passage(span.hit.row, span.quote(shelf.texts)) for span in spans]


def _citation(n: int, span: Span, texts: Mapping[str, str], now: datetime) -> Citation:
    row, changed, quote = span.hit.row, span.hit.row["source_at"], span.quote(texts)
    return Citation(
        n=n,
        chunk_id=span.hit.chunk_id,
        document_id=row["document_id"],
        uri=row["uri"],
        title=row["title"],
        heading=heading(row),
        page=span.chunks[0]["page"],
        start=span.start,
        end=span.end,
        quote=quote,
        source=row["source"],
        source_at=changed,
        age_s=round((now - changed).total_seconds(), 3) if changed else None,
        stale=row["status"] == "stale",
        score=span.hit.score,
        chunk_ids=tuple(str(chunk["chunk_id"]) for chunk in span.chunks),
        flags=flags(row, quote),
    )
