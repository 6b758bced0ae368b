"""Summaries: the figures of a set of questions, and how two runs of it differ, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from schemas.evaluation import Estimate
from transforms.evaluation.abstention import auroc, balanced_accuracy, false_abstention, false_answering
from transforms.evaluation.bootstrap import Places, Statistic, estimate
from transforms.evaluation.scoring import Scored


def summarize(scored: Sequence[Scored]) -> dict[str, Estimate]:
    """Return every figure that the questions allow: means over questions, and how right abstaining was."""
    kinds = _kinds(scored)
    return {name: estimate(one, kinds[there]) for name, (one, there) in _statistics(scored).items()}


def differences(one: Sequence[Scored], other: Sequence[Scored]) -> dict[str, Estimate]:
    """Return how much higher each figure is in one run than in the other, over the questions both asked.

    Paired: both runs' figures are taken over the same resample of questions, so that what makes a question
    hard for both does not widen the interval.
    """
    theirs = {scored.id: scored for scored in other}
    pairs = [(mine, theirs[mine.id]) for mine in one if mine.id in theirs]
    first, second = _statistics([a for a, _ in pairs]), _statistics([b for _, b in pairs])
    kinds = _kinds([a for a, _ in pairs])
    common = [name for name in first if name in second and np.array_equal(first[name][1], second[name][1])]
    return {
        name: estimate(partial(_difference, first[name][0], second[name][0]), kinds[first[name][1]])
        for name in common
    }


def _difference(one: Statistic, other: Statistic, places: Places) -> float:
    return one(places) - other(places)


def _kinds(scored: Sequence[Scored]) -> Places:
    return np.array([one.answerable for one in scored], dtype=np.int64)


def _statistics(scored: Sequence[Scored]) -> dict[str, tuple[Statistic, Places]]:
    """Return each figure as a statistic over places among the questions that have it, and those questions."""
    found: dict[str, tuple[Statistic, Places]] = {}
    for name in dict.fromkeys(name for one in scored for name in one.figures):
        there = np.array([n for n, one in enumerate(scored) if name in one.figures], dtype=np.int64)
        values = np.array([scored[n].figures[name] for n in there])
        found[name] = (partial(_mean, values), there)
    return found | _of_abstaining(scored)


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]], places: Places) -> float:
    return float(values[places].mean())


def _of_abstaining(scored: Sequence[Scored]) -> dict[str, tuple[Statistic, Places]]:
    answerable = np.array([one.answerable for one in scored], dtype=bool)
    answered = np.array([one.answered for one in scored], dtype=bool)
    scores = np.array([one.confidence for one in scored], dtype=np.float64)
    everywhere = np.arange(len(scored), dtype=np.int64)
    found: dict[str, tuple[Statistic, Places]] = {}
    if answerable.any():
        found["false_abstention"] = (lambda at: false_abstention(answerable[at], answered[at]), everywhere)
    if not answerable.all():
        found["false_answering"] = (lambda at: false_answering(answerable[at], answered[at]), everywhere)
    if len(found) > 1:
        found["balanced_accuracy"] = (lambda at: balanced_accuracy(answerable[at], answered[at]), everywhere)
        found["auroc"] = (lambda at: auroc(answerable[at], scores[at]), everywhere)
    return found
