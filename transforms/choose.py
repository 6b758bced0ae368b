"""Choosing: which hits a prompt has room for, and why the others are not in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from schemas.context import Message
from schemas.errors import ConfigError
from schemas.tools import Tokenizer
from transforms.prompt import Passage, Prompt, hides, passage_text
from transforms.rank import Hit, near_duplicates

RELEVANT = 0.33
"""Confidence below which nothing is relevant, for all-MiniLM-L6-v2: of the questions of four sets that can be
answered it turns away 2 in 100 at most (`tests/benchmarks/abstention.py`)."""
VOLATILE_TOKENS = 64
"""Live values are given room in steps of so many, so that a longer one seldom moves a passage out."""
LOOKED_AT = 4
"""So many times `top_k` hits are looked at: enough to replace duplicates and what does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """How a context is assembled."""

    budget_tokens: int
    top_k: int
    min_score: float = RELEVANT
    reserve_tokens: int = 0
    """Of the budget: what is left free for the answer."""
    neighbors: int = 0
    order: Literal["relevance", "edges", "source"] = "relevance"

    @property
    def prompt_tokens(self) -> int:
        """What the rendered messages may have."""
        return self.budget_tokens - self.reserve_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The hits that fit, best first, what is left of the budget, and what became of every hit."""

    hits: tuple[Hit, ...]
    room: int
    verdicts: dict[str, str]
    confidence: float


def choose(
    question: str,
    hits: Sequence[Hit],
    params: Assembly,
    *,
    confidence: float,
    tokenizer: Tokenizer,
    prompt: Prompt,
    old: Collection[str] = (),
) -> Chosen:
    """Return the best hits that fit; none where `confidence` is below the least of `params`.

    `confidence` is that of `transforms.confidence`, `old` are chunk ids of hits beyond their source's age.
    Raises ConfigError when the budget cannot even hold the template, the question and what stands first.
    """
    needed = _before_passages(question, prompt, tokenizer)
    if needed > params.prompt_tokens:
        reserve = f", of which {params.reserve_tokens} are reserved" if params.reserve_tokens else ""
        raise ConfigError(
            f"the budget is {params.budget_tokens} tokens{reserve}; the template and the question alone need "
            f"{needed}",
            fix="raise budget_tokens or shorten the question",
        )
    room = params.prompt_tokens - needed
    verdicts = {hit.chunk_id: "too_old" for hit in hits if hit.chunk_id in old}
    young = [hit for hit in hits if hit.chunk_id not in old]
    if confidence < params.min_score:
        verdicts |= {hit.chunk_id: "not_relevant" for hit in young}
        kept: list[Hit] = []
    else:
        kept, room = _fill(young, params, tokenizer, prompt, room, verdicts)
    return Chosen(hits=tuple(kept), room=room, verdicts=verdicts, confidence=confidence)


def count(messages: Sequence[Message], tokenizer: Tokenizer) -> int:
    """Return the tokens of messages."""
    return sum(tokenizer.count([message.content for message in messages]))


def passage(row: dict[str, Any], text: str, n: int = 0) -> Passage:
    """Return a chunk's text as the n-th passage of a prompt."""
    changed = row["source_at"]
    return Passage(
        n=n,
        title=row["title"],
        heading=heading(row),
        text=text,
        stale=row["status"] == "stale",
        changed_on=changed.date().isoformat() if changed else None,
    )


def heading(row: dict[str, Any]) -> str:
    """Return a chunk's heading path, without its title where the path begins with it."""
    path = list(row["headings"] or [])
    return " > ".join(path[1:] if path and path[0] == row["title"] else path)


def flags(row: dict[str, Any], text: str) -> tuple[str, ...]:
    """Return what a reader of a passage should know of it."""
    shown = (text, row["title"] or "", heading(row))
    return ("hidden_characters",) if any(map(hides, shown)) else ()


def _before_passages(question: str, prompt: Prompt, tokenizer: Tokenizer) -> int:
    """Return the tokens of the prompt without passages: the same ones, as far as can be, for every request."""
    if not prompt.extras:
        return count(prompt.render(question, ()), tokenizer)
    settled = count(prompt.settled.render(question, ()), tokenizer)
    apart = count(prompt.longest.render(question, ()), tokenizer) - settled
    if any(one.volatile for one in prompt.extras):
        apart = -(-apart // VOLATILE_TOKENS) * VOLATILE_TOKENS
    return settled + apart


def _fill(
    hits: Sequence[Hit],
    params: Assembly,
    tokenizer: Tokenizer,
    prompt: Prompt,
    room: int,
    verdicts: dict[str, str],
) -> tuple[list[Hit], int]:
    """Decide about every hit in rank order; the cost of a passage alone bounds its share of the prompt."""
    looked_at = hits[: LOOKED_AT * params.top_k]
    repeated = near_duplicates(looked_at)
    last = len(prompt.extras) + params.top_k
    shown = [passage(hit.row, str(hit.row["quote"]), last) for hit in looked_at]
    costs = tokenizer.count([passage_text(one, fence=prompt.fence) for one in shown]) if shown else []
    kept: list[Hit] = []
    for hit, cost in zip(looked_at, costs, strict=True):
        if hit.chunk_id in repeated:
            verdicts[hit.chunk_id] = "duplicate"
        elif len(kept) == params.top_k:
            verdicts[hit.chunk_id] = "below_top_k"
        elif cost > room:
            verdicts[hit.chunk_id] = "over_budget"
        else:
            verdicts[hit.chunk_id] = "kept"
            room -= cost
            kept.append(hit)
    verdicts |= {hit.chunk_id: "below_top_k" for hit in hits[len(looked_at) :]}
    return kept, room
