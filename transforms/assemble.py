"""Assembling: ranked hits become the messages of a prompt within a token budget, every passage cited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.context import Candidate, Citation, Dropped, Message, Tokens
from schemas.errors import ConfigError
from schemas.tools import Tokenizer
from transforms.prompt import Passage, passage_text, render
from transforms.rank import Hit, near_duplicates

RELEVANT = 0.30
"""Cosine similarity of the best passage below which nothing is relevant, for all-MiniLM-L6-v2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """How a context is assembled."""

    budget_tokens: int
    top_k: int
    min_score: float = RELEVANT


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

    @property
    def digest(self) -> str:
        """sha256 of everything a reader is given, without what moves with the clock."""
        parts = {
            "messages": [message.model_dump() for message in self.messages],
            "citations": [c.model_dump(mode="json", exclude={"age_s"}) for c in self.citations],
            "tokens": self.tokens.model_dump(),
            "dropped": [dropped.model_dump() for dropped in self.dropped],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def assemble(
    question: str, hits: Sequence[Hit], params: Assembly, *, tokenizer: Tokenizer, fence: str, now: datetime
) -> Assembled:
    """Return the prompt for a question: the best hits that fit, or a statement that nothing is relevant.

    Raises ConfigError when the budget cannot even hold the template and the question.
    """
    empty = render(question, (), fence=fence)
    if (needed := _count(empty, tokenizer)) > params.budget_tokens:
        raise ConfigError(
            f"the budget is {params.budget_tokens} tokens; the template and the question alone need {needed}",
            fix="raise budget_tokens or shorten the question",
        )
    verdicts = _select(hits, params, tokenizer, fence, params.budget_tokens - needed)
    kept = [hit for hit in hits if verdicts[hit.chunk_id] == "kept"]
    messages = _rendered(question, kept, fence)
    while (used := _count(messages, tokenizer)) > params.budget_tokens and kept:
        verdicts[kept.pop().chunk_id] = "over_budget"
        messages = _rendered(question, kept, fence)
    return Assembled(
        answerable=bool(kept),
        reason=None if kept else _reason(hits, verdicts, params),
        messages=messages,
        citations=tuple(_citation(n, hit, now) for n, hit in enumerate(kept, start=1)),
        tokens=Tokens(used=used, budget=params.budget_tokens),
        dropped=_dropped(hits, verdicts),
        verdicts=verdicts,
    )


def explained(hits: Sequence[Hit], verdicts: dict[str, str]) -> tuple[Candidate, ...]:
    """Return every candidate with its scores per leg and what became of it."""
    return tuple(
        Candidate(
            chunk_id=hit.chunk_id,
            uri=hit.row["uri"],
            title=hit.row["title"],
            heading=heading(hit.row),
            vector_score=hit.vector_score,
            vector_rank=hit.vector_rank,
            keyword_score=hit.keyword_score,
            keyword_rank=hit.keyword_rank,
            score=hit.score,
            verdict=verdicts[hit.chunk_id],
        )
        for hit in hits
    )


def heading(row: dict[str, Any]) -> str:
    """Return a chunk's heading path, without its title where the path begins with it."""
    path = list(row["headings"] or [])
    return " > ".join(path[1:] if path and path[0] == row["title"] else path)


def passage(n: int, row: dict[str, Any]) -> Passage:
    """Return a chunk as the n-th passage of a prompt."""
    changed = row["source_at"]
    return Passage(
        n=n,
        title=row["title"],
        heading=heading(row),
        text=str(row["quote"]),
        stale=row["status"] == "stale",
        changed_on=changed.date().isoformat() if changed else None,
    )


def _select(
    hits: Sequence[Hit], params: Assembly, tokenizer: Tokenizer, fence: str, room: int
) -> dict[str, str]:
    """Decide about every hit in rank order; the cost of a passage alone bounds its share of the prompt."""
    best = max((hit.vector_score or 0.0 for hit in hits), default=0.0)
    if best < params.min_score:
        return {hit.chunk_id: "not_relevant" for hit in hits}
    repeated = near_duplicates(hits[: 4 * params.top_k])
    verdicts: dict[str, str] = {}
    kept = 0
    for hit in hits:
        if hit.chunk_id in repeated:
            verdicts[hit.chunk_id] = "duplicate"
        elif kept == params.top_k:
            verdicts[hit.chunk_id] = "below_top_k"
        elif (cost := tokenizer.count([passage_text(passage(kept + 1, hit.row), fence=fence)])[0]) > room:
            verdicts[hit.chunk_id] = "over_budget"
        else:
            verdicts[hit.chunk_id] = "kept"
            room -= cost
            kept += 1
    return verdicts


def _rendered(question: str, kept: Sequence[Hit], fence: str) -> tuple[Message, ...]:
    return render(question, [passage(n, hit.row) for n, hit in enumerate(kept, start=1)], fence=fence)


def _count(messages: Sequence[Message], tokenizer: Tokenizer) -> int:
    return sum(tokenizer.count([message.content for message in messages]))


def _reason(hits: Sequence[Hit], verdicts: dict[str, str], params: Assembly) -> str:
    if not hits:
        return "no passage that this principal may read was found"
    if "over_budget" in verdicts.values():
        return f"no passage fits into {params.budget_tokens} tokens"
    best = max((hit.vector_score or 0.0 for hit in hits), default=0.0)
    return f"the best passage has similarity {best:.2f}, below {params.min_score:.2f}"


def _citation(n: int, hit: Hit, now: datetime) -> Citation:
    row = hit.row
    changed = row["source_at"]
    return Citation(
        n=n,
        chunk_id=hit.chunk_id,
        document_id=row["document_id"],
        uri=row["uri"],
        title=row["title"],
        heading=heading(row),
        page=row["page"],
        start=row["start"],
        end=row["end"],
        quote=row["quote"],
        source=row["source"],
        source_at=changed,
        age_s=round((now - changed).total_seconds(), 3) if changed else None,
        stale=row["status"] == "stale",
        score=hit.score,
    )


def _dropped(hits: Sequence[Hit], verdicts: dict[str, str]) -> tuple[Dropped, ...]:
    told = ("duplicate", "over_budget")
    return tuple(
        Dropped(chunk_id=hit.chunk_id, why=verdicts[hit.chunk_id])
        for hit in hits
        if verdicts[hit.chunk_id] in told
    )
