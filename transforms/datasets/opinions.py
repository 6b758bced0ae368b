"""Opinions: what several people said of the answers to one prompt becomes which answer is better.

A labeler's newest word counts, on one answer and on one pair; one without a name is somebody new each time.
Where labelers differ a policy decides, or nobody: then it is a conflict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from transforms.datasets.params import Policy

MIDDLE = 0.5
"""A score above it is for an answer, one below it against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's word on one answer, or on one pair: from 0, against it, to 1, for it."""

    by: str
    expert: bool
    at: datetime
    feedback_id: str
    value: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is thought of one answer; `value` is None where labelers contradict each other."""

    answer: str
    value: float | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Better:
    """One answer is better than another; `kind` says by what: edit, ranking or verdict."""

    chosen: str
    rejected: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """What people think of the answers to one prompt."""

    verdicts: tuple[Verdict, ...]
    """Every answer that was judged, in the order of the answers' texts."""
    better: tuple[Better, ...]
    conflicts: int
    """Pairs and answers on which nobody is right."""


def opinions(
    said: Sequence[Mapping[str, Any]],
    answers: Mapping[str, str | None],
    *,
    policy: Policy,
    min_gap: float = MIDDLE,
) -> Opinions:
    """Return what rows of feedback on one prompt mean; `answers` are those of its contexts, by id."""
    on_answers: dict[str, list[Vote]] = defaultdict(list)
    on_pairs: dict[tuple[str, str], list[Vote]] = defaultdict(list)
    for row in said:
        answer = row["answer"] or answers.get(row["context_id"])
        for text, value in _judged(row, answer):
            on_answers[text].append(_vote(row, value))
        for first, second in _compared(row, answer):
            low, high = sorted((first, second))
            on_pairs[low, high].append(_vote(row, float(first == low)))
    verdicts = {text: _verdict(text, votes, policy) for text, votes in sorted(on_answers.items())}
    better, conflicts = _better(verdicts, on_pairs, policy, min_gap)
    conflicts += sum(one.value is None for one in verdicts.values())
    return Opinions(verdicts=tuple(verdicts.values()), better=tuple(better), conflicts=conflicts)


def decided(votes: Iterable[Vote], policy: Policy) -> float | None:
    """Return what votes come to: the newest, or the mean of those on the side of the most; None for a tie."""
    newest = _newest(votes)
    if policy == "last":
        return newest[-1].value
    if policy == "expert":
        newest = [vote for vote in newest if vote.expert] or newest
    above = [vote.value for vote in newest if vote.value > MIDDLE]
    below = [vote.value for vote in newest if vote.value < MIDDLE]
    if len(above) == len(below):
        return None if above else MIDDLE
    most = max(above, below, key=len)
    return sum(most) / len(most)


def _newest(votes: Iterable[Vote]) -> list[Vote]:
    """Return each labeler's newest vote, oldest first."""
    kept: dict[str, Vote] = {}
    for vote in sorted(votes, key=lambda vote: (vote.at, vote.feedback_id)):
        kept.pop(vote.by, None)
        kept[vote.by] = vote
    return list(kept.values())


def _vote(row: Mapping[str, Any], value: float) -> Vote:
    return Vote(
        by=row["labeler"] or f"#{row['feedback_id']}",
        expert=row["expert"],
        at=row["at"],
        feedback_id=row["feedback_id"],
        value=value,
        kind=row["kind"],
    )


def _judged(row: Mapping[str, Any], answer: str | None) -> Iterator[tuple[str, float]]:
    """Yield what a row says of single answers: an edited text is what was wanted."""
    if row["kind"] == "edit":
        if _says(row["edited"]) and row["edited"] != answer:
            yield row["edited"], 1.0
    elif answer is not None and _says(answer):
        value = {"like": 1.0, "dislike": 0.0, "score": row["score"]}.get(row["kind"])
        if value is not None:
            yield answer, min(1.0, max(0.0, value))


def _compared(row: Mapping[str, Any], answer: str | None) -> Iterator[tuple[str, str]]:
    """Yield (better, worse): an edit against what was shown, and every ordered pair of a ranking."""
    if row["kind"] == "edit" and answer and _says(answer) and _says(row["edited"]):
        if row["edited"] != answer:
            yield row["edited"], answer
    elif row["kind"] == "ranking":
        ranked = list(dict.fromkeys(text for text in row["ranking"] or () if _says(text)))
        yield from combinations(ranked, 2)


def _verdict(answer: str, votes: Sequence[Vote], policy: Policy) -> Verdict:
    kinds = sorted({vote.kind for vote in votes})
    return Verdict(answer=answer, value=decided(votes, policy), kind="_".join(kinds))


def _better(
    verdicts: Mapping[str, Verdict],
    on_pairs: Mapping[tuple[str, str], Sequence[Vote]],
    policy: Policy,
    min_gap: float,
) -> tuple[list[Better], int]:
    found: list[Better] = []
    conflicts = 0
    pairs = {*on_pairs, *combinations(verdicts, 2)}
    for low, high in sorted(pairs):
        votes = on_pairs.get((low, high), ())
        told = decided(votes, policy) if votes else MIDDLE
        seen = _seen(verdicts.get(low), verdicts.get(high), min_gap)
        if told is None or (votes and seen not in (MIDDLE, told)):
            conflicts += 1
        elif votes or seen != MIDDLE:
            first = (told if votes else seen) > MIDDLE
            kind = "_".join(sorted({vote.kind for vote in votes})) or "verdict"
            chosen, rejected = (low, high) if first else (high, low)
            found.append(Better(chosen=chosen, rejected=rejected, kind=kind))
    return found, conflicts


def _seen(low: Verdict | None, high: Verdict | None, min_gap: float) -> float:
    """Return which of two answers is judged better: 1 the first, 0 the second, the middle if neither."""
    if low is None or high is None or low.value is None or high.value is None:
        return MIDDLE
    gap = low.value - high.value
    return MIDDLE if abs(gap) < min_gap else float(gap > 0)


def _says(text: str | None) -> bool:
    return bool(text and text.strip())
