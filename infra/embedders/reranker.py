"""The reranker: a cross-encoder of sentence-transformers, which stops when its time is over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from typing import Any

from infra.embedders.hub import locate
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError

TOGETHER = 8
"""Texts that are read at once: between two such batches it looks at the clock."""
DIGITS = 6
"""Of a score: what 32 bits hold, whatever else was in its batch."""


class CrossReranker:
    """A loaded cross-encoder; one question at a time, whoever asks."""

    def __init__(self, name: str, folder: Path, *, device: str) -> None:
        self.name = name
        self._model = _load(folder, device)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reranker")

    def scores(
        self, question: str, texts: Sequence[str], *, within_s: float | None = None
    ) -> list[float] | None:
        """Return a score per text; None where that takes longer than `within_s`, waiting for others included.

        A batch that is being read when time is over is read to its end, which nobody waits for.
        """
        until = None if within_s is None else time.monotonic() + within_s
        reading = self._thread.submit(self._read, question, list(texts), until)
        try:
            return reading.result(timeout=within_s)
        except Late:
            reading.cancel()
            return None

    def _read(self, question: str, texts: list[str], until: float | None) -> list[float] | None:
        found: list[float] = []
        for at in range(0, len(texts), TOGETHER):
            if until is not None and time.monotonic() >= until:
                return None
            pairs = [(question, text) for text in texts[at : at + TOGETHER]]
            scores = self._model.predict(pairs, batch_size=TOGETHER, show_progress_bar=False)
            found += [round(float(score), DIGITS) for score in scores]
        return found


def load_reranker(model: str, *, revision: str | None = None, device: str = "auto") -> CrossReranker:
    """Return a cross-encoder that is ready to read, from a folder or the hub's cache.

    Raises `EmbedderError` when there is no such model, or it does not give one score for each pair.
    """
    folder = locate(EmbedderParams(model=model, revision=revision))
    return CrossReranker(model, folder, device=device)


def _load(folder: Path, device: str) -> Any:
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(
            str(folder),
            device=None if device == "auto" else device,
            local_files_only=True,
            trust_remote_code=False,
        )
    except Exception as error:  # three libraries read the files, each with errors of its own
        raise EmbedderError(
            f"the reranker in {folder} could not be loaded: {error}",
            fix="name a cross-encoder's folder or name under `rerank:`",
        ) from error
    if model.config.num_labels != 1:
        raise EmbedderError(
            f"the reranker in {folder} gives {model.config.num_labels} numbers for a pair, not one score",
            fix="name a cross-encoder that scores pairs under `rerank:`",
        )
    return model
