"""MaxSim: a passage is likelier to answer a question if each of its words has a near one in the passage.

One vector for a whole passage is the mean of its tokens' vectors, in which a detail drowns; the keyword leg
sees details, but only word for word. Compared token by token, both count (late interaction: Khattab and
Zaharia, ColBERT, 2020; here with the embedder's own tokens, which nobody trained for it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from schemas.token_signs import unpack
from schemas.tools import EncodedQuestion, Vectors
from transforms.coverage import WORD
from transforms.products import products
from transforms.rank import Hit, ranked, spread

CANDIDATES = 32
"""Best hits that are compared so; figures in `infra/decisions/0029-token-signs.md`."""
LEAST_SHARE = 0.05
"""A token with less of the rarest one's weight is not looked for: it takes as long and changes nothing."""
DIGITS = 6
"""Of a score: what 32 bits hold."""
Weights = npt.NDArray[np.float32]


def add_maxsim(hits: Sequence[Hit], scores: Mapping[str, float], *, weight: float) -> list[Hit]:
    """Return the hits in a new order: those with a score, by chunk id, gain up to `weight` for it.

    The best of them gains all of it and the worst none.
    """
    gains = dict(zip(scores, spread(list(scores.values()), weight), strict=True))
    if not any(gains.values()):
        return list(hits)
    return ranked(hit._replace(maxsim=gain) if (gain := gains.get(hit.chunk_id)) else hit for hit in hits)


def maxsim(question: EncodedQuestion, weights: Weights, signs: Sequence[bytes]) -> list[float]:
    """Return for each passage how near it comes to the question's tokens, from -1 to 1.

    Of each token of the question the nearest of the passage counts, by the share of its weight: the cosine of
    its vector and the signs of the passage's (an estimate of that of both vectors: Charikar, 2002).
    """
    telling = weights > LEAST_SHARE * weights.max(initial=0.0)
    tokens, shares = question.tokens[telling], weights[telling] / weights[telling].sum()
    if not len(tokens) or not signs:
        return [0.0] * len(signs)
    largest = np.stack([_best_products(tokens, one) for one in signs])
    cosines = (2 * largest - tokens.sum(axis=1)) / np.sqrt(tokens.shape[1])
    return [round(float(score), DIGITS) for score in (cosines * shares).sum(axis=1)]


def _best_products(tokens: Vectors, signs: bytes) -> Vectors:
    """Return the largest product of each token of a question with a passage's: 1 and 0 stand for 1 and -1."""
    positive = unpack(signs, tokens.shape[1]).astype(np.float32)
    return np.asarray(products(positive, tokens).max(axis=0), np.float32)


def token_weights(question: str, spans: Sequence[tuple[int, int]], rarity: Mapping[str, float]) -> Weights:
    """Return how much each token of a question counts: as its word is rare, and not at all outside words."""
    words = [(found.span(), rarity.get(found.group().casefold(), 0.0)) for found in WORD.finditer(question)]
    return np.array([_rarity_at(start, end, words) for start, end in spans], np.float32)


def _rarity_at(start: int, end: int, words: Sequence[tuple[tuple[int, int], float]]) -> float:
    if end <= start:
        return 0.0
    return next((rare for (first, last), rare in words if first <= start < last), 0.0)
