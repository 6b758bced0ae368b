"""Choosing: which hits a prompt has room for, and why the others are not in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.context import Message
from schemas.errors import ConfigError
from schemas.tools import Tokenizer
from transforms.prompt import Passage, Prompt, hides, passage_text
from transforms.rank import Hit, Said

RELEVANT = 0.33
"""Confidence below which nothing is relevant, for all-MiniLM-L6-v2: of the questions of four sets that can be
answered it turns away 2 in 100 at most (`tests/benchmarks/abstention.py`)."""
VOLATILE_TOKENS = 64
"""Live values are given room in steps of so many, so that a longer one seldom moves a passage out."""
LOOKED_AT = 2
"""So many times the room in hits is looked at: enough to replace duplicates and what does not fit."""


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
    """The hits whose texts fit, best first, the room that passages have, and what became of every hit."""

    hits: tuple[Hit, ...]
    room: int
    """Tokens for passages, with what stands around each."""
    verdicts: dict[str, str]
    confidence: float
    sizes: dict[str, int] = field(default_factory=dict)
    """Tokens of each hit's text, by chunk id."""
    heads: dict[str, int] = field(default_factory=dict)
    """Tokens of what stands around it in a prompt."""


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
        return Chosen(hits=(), room=room, verdicts=verdicts, confidence=confidence)
    sizes, heads = _costs(_looked_at(young, room), tokenizer, prompt)
    kept = _fitting(young, params, sizes, room, verdicts)
    return Chosen(
        hits=tuple(kept), room=room, verdicts=verdicts, confidence=confidence, sizes=sizes, heads=heads
    )


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
    """Return the tokens of the prompt without passages: as far as can be the same for every request."""
    if not prompt.extras:
        return count(prompt.render(question, ()), tokenizer)
    settled = count(prompt.settled.render(question, ()), tokenizer)
    apart = count(prompt.longest.render(question, ()), tokenizer) - settled
    if any(one.volatile for one in prompt.extras):
        apart = -(-apart // VOLATILE_TOKENS) * VOLATILE_TOKENS
    return settled + apart


def _looked_at(hits: Sequence[Hit], room: int) -> Sequence[Hit]:
    tokens = 0
    for n, hit in enumerate(hits):
        if tokens > LOOKED_AT * room:
            return hits[:n]
        tokens += hit.row["tokens"] if hit.row["tokens"] <= room else 0
    return hits


def _costs(
    hits: Sequence[Hit], tokenizer: Tokenizer, prompt: Prompt
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the tokens of each hit's text, and of its head and fence, by chunk id."""
    last = len(prompt.extras) + len(hits)
    around = [passage_text(passage(hit.row, "", last), fence=prompt.fence) for hit in hits]
    # Counted apart: every request has a fence of its own, whose words are new to a tokenizer that remembers.
    special, *texts = tokenizer.count(["", *(str(hit.row["quote"]) for hit in hits)])
    ids = [hit.chunk_id for hit in hits]
    sizes = {of: tokens - special for of, tokens in zip(ids, texts, strict=True)}
    apart = list(dict.fromkeys(around))
    tokens_of = dict(zip(apart, tokenizer.count(apart), strict=True))
    return sizes, {of: tokens_of[text] - special for of, text in zip(ids, around, strict=True)}


def _fitting(
    hits: Sequence[Hit], params: Assembly, sizes: Mapping[str, int], room: int, verdicts: dict[str, str]
) -> list[Hit]:
    """Decide about every hit in rank order; heads are left out, since passages that merge share theirs."""
    looked_at = [hit for hit in hits if hit.chunk_id in sizes]
    said, kept = Said(), list[Hit]()
    for hit in looked_at:
        if len(kept) == params.top_k:
            verdicts[hit.chunk_id] = "below_top_k"
        elif sizes[hit.chunk_id] > room:
            verdicts[hit.chunk_id] = "over_budget"
        elif said.before(str(hit.row["quote"])):
            verdicts[hit.chunk_id] = "duplicate"
        else:
            verdicts[hit.chunk_id] = "kept"
            room -= sizes[hit.chunk_id]
            kept.append(hit)
    verdicts |= {hit.chunk_id: "below_top_k" for hit in hits[len(looked_at) :]}
    return kept
