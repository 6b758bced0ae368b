"""Verdicts: what became of every candidate, and why there is no passage where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.context import Candidate, Dropped
from transforms.choose import Assembly, heading
from transforms.rank import Hit
from transforms.spans import Span

TOLD = ("duplicate", "over_budget", "span_mismatch", "too_old")
"""Why a candidate is not there, where a reader could have expected it."""


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
            fused=hit.fused,
            named=hit.named,
            coverage=hit.coverage,
            maxsim=hit.maxsim,
            cluster=hit.cluster,
            support=hit.support,
            freshness=hit.freshness,
            reranked=hit.reranked,
            score=hit.score,
            verdict=verdicts[hit.chunk_id],
        )
        for hit in hits
    )


def tell(verdicts: dict[str, str], hits: Sequence[Hit], spans: Sequence[Span]) -> None:
    """Note which hits a passage of another holds, and which did not fit after all."""
    shown = {str(chunk["chunk_id"]): span.hit.chunk_id for span in spans for chunk in span.chunks}
    for hit in hits:
        if hit.chunk_id in shown:
            verdicts[hit.chunk_id] = "kept" if shown[hit.chunk_id] == hit.chunk_id else "merged"
        elif verdicts[hit.chunk_id] == "kept":
            verdicts[hit.chunk_id] = "over_budget"


def why_nothing(hits: Sequence[Hit], verdicts: Mapping[str, str], params: Assembly, confidence: float) -> str:
    """Say why a context has no passage."""
    if not hits:
        return "no passage that this principal may read was found"
    found = set(verdicts.values())
    if "over_budget" in found:
        return f"no passage fits into {params.prompt_tokens} tokens"
    if found == {"too_old"}:
        return "every passage that was found is older than its source's max_age"
    if "not_relevant" not in found:
        return "no passage that was found stands in its document any more"
    return f"confidence that the passages answer it is {confidence:.2f}, below {params.min_score:.2f}"


def what_dropped(hits: Sequence[Hit], verdicts: dict[str, str]) -> tuple[Dropped, ...]:
    """Return the candidates that are not there where a reader could have expected them."""
    return tuple(
        Dropped.model_validate({"chunk_id": hit.chunk_id, "why": verdicts[hit.chunk_id]})
        for hit in hits
        if verdicts[hit.chunk_id] in TOLD
    )
