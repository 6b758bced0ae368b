"""Abstention: telling questions that can be answered from those that cannot, by a score."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]

FALSE_ABSTENTION = 0.05
"""Share of answerable questions that may be turned away, at most, when a threshold is fitted."""


Z = 1.6449
"""The 95th percentile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """What a threshold does to a set of questions: one whose score is below it is not answered."""

    threshold: float
    balanced_accuracy: float
    false_abstention: float
    false_answering: float
    auroc: float
    answerable: int
    """How many answerable questions it was measured on."""
    unanswerable: int

    def as_dict(self) -> dict[str, float | int]:
        """Return it as scripts read it, to four places; the threshold is exact."""
        told = {n: round(v, 4) if isinstance(v, float) else v for n, v in asdict(self).items()}
        return {**told, "threshold": self.threshold}


def balanced_accuracy(answerable: Flags, answered: Flags) -> float:
    """Return the mean of the two shares that are right, one for each kind (Brodersen et al. 2010)."""
    return 1 - (false_abstention(answerable, answered) + false_answering(answerable, answered)) / 2


def false_abstention(answerable: Flags, answered: Flags) -> float:
    """Return the share of answerable questions that are not answered."""
    return float(np.mean(~answered[answerable]))


def false_answering(answerable: Flags, answered: Flags) -> float:
    """Return the share of unanswerable questions that are answered."""
    return float(np.mean(answered[~answerable]))


def auroc(answerable: Flags, scores: Scores) -> float:
    """Return how often an answerable question has the higher score of a pair; a tie counts one half.

    The area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil 1982), by mid-ranks.
    """
    right, wrong = int(answerable.sum()), int((~answerable).sum())
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(count) - (count - 1) / 2
    above = float(mid_ranks[place][answerable].sum()) - right * (right + 1) / 2
    return above / (right * wrong)


def fit_threshold(answerable: Flags, scores: Scores, *, limit: float = FALSE_ABSTENTION) -> float:
    """Return the threshold of most balanced accuracy that turns away at most `limit` of the answerable.

    That must hold of other questions too: the limit is put on the `upper_bound` of the share turned away
    here, unless none is. Thresholds tried are the scores themselves, between two of which nothing changes; of
    equally good ones the lowest is taken. Raises ValueError unless there are questions of both kinds.
    """
    if answerable.all() or not answerable.any():
        raise ValueError("a threshold is fitted on answerable and unanswerable questions")
    candidates = np.unique(scores)
    right, wrong = np.sort(scores[answerable]), np.sort(scores[~answerable])
    abstained = np.searchsorted(right, candidates) / right.size
    turned_away = np.searchsorted(wrong, candidates) / wrong.size
    allowed = (abstained == 0) | (upper_bound(abstained, right.size) <= limit)
    accuracy = np.where(allowed, (1 - abstained + turned_away) / 2, -1.0)
    return float(candidates[int(np.argmax(accuracy))])


def upper_bound(share: Scores, of: int) -> Scores:
    """Return what a share seen in so many is below, 95 times in 100: one side of Wilson's interval (1927)."""
    middle, spread = share + Z**2 / (2 * of), Z * np.sqrt(share * (1 - share) / of + (Z / (2 * of)) ** 2)
    bound: Scores = (middle + spread) / (1 + Z**2 / of)
    return bound


def measured(answerable: Flags, scores: Scores, threshold: float) -> Abstention:
    """Return what a threshold does to these questions, some of which are of each kind."""
    answered = scores >= threshold
    return Abstention(
        threshold=threshold,
        balanced_accuracy=balanced_accuracy(answerable, answered),
        false_abstention=false_abstention(answerable, answered),
        false_answering=false_answering(answerable, answered),
        auroc=auroc(answerable, scores),
        answerable=int(answerable.sum()),
        unanswerable=int((~answerable).sum()),
    )
