"""The parity gate: a runtime is used only if it makes the vectors that torch makes in fp32."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from infra.embedders.engine import Batch, Engine
from infra.embedders.layout import Layout
from infra.embedders.probes import PROBES
from infra.embedders.tokenizer import ModelTokenizer
from infra.embedders.weights import write_whole
from schemas.identity import digest
from schemas.tools import Vectors

MEAN_COSINE = 0.9999
TOP_10_OVERLAP = 0.99
"""Measured on 1,000 chunks: OpenVINO bf16 .99998 and .993 to .997, dynamic int8 .992 and .850."""
NEIGHBORS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How near a runtime's vectors of the probe texts come to those of torch in fp32."""

    mean_cosine: float
    top_10_overlap: float

    @property
    def passed(self) -> bool:
        """Whether the runtime may stand in for torch in fp32."""
        return self.mean_cosine >= MEAN_COSINE and self.top_10_overlap >= TOP_10_OVERLAP

    def __str__(self) -> str:
        return f"mean cosine {self.mean_cosine:.5f}, top-10 overlap {self.top_10_overlap:.3f}"


def judge(candidate: Vectors, reference: Vectors) -> Verdict:
    """Return how near two sets of unit vectors of the same texts are; vectors that are not finite fail."""
    if not np.isfinite(candidate).all():
        return Verdict(mean_cosine=0.0, top_10_overlap=0.0)
    shared = [
        len(found & wanted) / NEIGHBORS
        for found, wanted in zip(_neighbors(candidate), _neighbors(reference), strict=True)
    ]
    cosines = (candidate * reference).sum(axis=1)
    return Verdict(mean_cosine=float(cosines.mean()), top_10_overlap=float(np.mean(shared)))


def judged_once(folder: Path, subject: str, judging: Callable[[], Verdict]) -> Verdict:
    """Return the kept verdict on a subject (runtime, version, CPU), judging if there is none."""
    file = folder / f"parity-{digest(subject)}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(file.read_text())
        return Verdict(mean_cosine=kept["mean_cosine"], top_10_overlap=kept["top_10_overlap"])
    verdict = judging()
    with suppress(OSError):  # a cache that cannot be written costs time, not the run
        write_whole(file, json.dumps({"subject": subject, **asdict(verdict)}).encode())
    return verdict


def probe_vectors(engine: Engine, layout: Layout) -> Vectors:
    """Return an engine's vectors of the probe texts, without any prompt, cut to what the model reads."""
    tokenizer = ModelTokenizer(layout.tokenizer_file, lowercase=layout.lowercase)
    texts = [_cut(text, tokenizer, layout.max_tokens) for text in PROBES]
    return engine.vectors(Batch(texts=texts, task="document", prompt="", token_ids=tokenizer.ids(texts)))


def _neighbors(vectors: Vectors) -> list[set[int]]:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return [set(row[:NEIGHBORS].tolist()) for row in np.argsort(-scores, axis=1)]


def _cut(text: str, tokenizer: ModelTokenizer, max_tokens: int) -> str:
    while (surplus := tokenizer.count([text])[0] - max_tokens) > 0:
        spans = tokenizer.offsets(text)
        text = text[: spans[max(0, len(spans) - surplus)][0]]
    return text
