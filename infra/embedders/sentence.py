"""The runtime that covers every model: sentence-transformers on torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from infra.embedders.engine import Batch
from infra.embedders.layout import Layout
from schemas.errors import EmbedderError
from schemas.tools import Vectors

BATCH_TEXTS = 32
GPU_BATCH_TEXTS = 256

T = TypeVar("T")
Precision = Literal["fp32", "fp16"]


class SentenceEngine:
    """A loaded sentence-transformers model on `device`; one batch at a time, whoever asks."""

    def __init__(self, layout: Layout, *, device: str = "cpu", precision: Precision = "fp32") -> None:
        kind = device.partition(":")[0]
        self.runtime = f"{'torch' if kind == 'cpu' else kind}-{precision}"
        self._batch_texts = BATCH_TEXTS if kind == "cpu" else GPU_BATCH_TEXTS
        self._model = _load(layout, device)
        if precision == "fp16":
            _halve(self._model)
        # What refuses a long text must know the same limit as what would cut it.
        self._model.max_seq_length = layout.max_tokens
        # One thread for all callers: torch keeps a pool of its own for every thread that computes.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        found = self._model.get_embedding_dimension()
        if found != layout.dimension:
            raise EmbedderError(
                f"the model in {layout.folder} makes vectors of {found} numbers, "
                f"and its files say {layout.dimension}",
                fix="fetch the model again",
            )

    @property
    def network(self) -> Any:
        """The transformer inside, as transformers loaded it."""
        return self._model[0].auto_model

    def vectors(self, batch: Batch) -> Vectors:
        """Return one unit vector per text, shape (texts, dimension)."""
        return self._thread.submit(self._vectors, batch).result()

    def read(self, batch: Batch, keep: Callable[[Vectors], T]) -> tuple[Vectors, list[T]]:
        """Return the unit vectors, and of each text what `keep` makes of its tokens' vectors."""
        return self._thread.submit(self._read, batch, keep).result()

    def give_back(self) -> None:
        """Nothing on a CPU, where torch keeps none of it; on a GPU what is left for the next batch."""
        import torch

        torch.cuda.empty_cache()

    def _vectors(self, batch: Batch) -> Vectors:
        return np.asarray(self._encoded(batch, batch.texts, normalize_embeddings=True), np.float32)

    def _read(self, batch: Batch, keep: Callable[[Vectors], T]) -> tuple[Vectors, list[T]]:
        found, kept = [], []
        for at in range(0, len(batch.texts), self._batch_texts):  # the tokens of no more texts at once
            texts = batch.texts[at : at + self._batch_texts]
            for tokens in self._encoded(batch, texts, output_value="token_embeddings"):
                own = np.asarray(tokens.cpu(), np.float32)
                total = own.sum(axis=0)
                found.append(total / np.linalg.norm(total))
                kept.append(keep(own))
        return np.array(found, np.float32), kept

    def _encoded(self, batch: Batch, texts: Sequence[str], **how: Any) -> Any:
        encode = self._model.encode_query if batch.task == "query" else self._model.encode_document
        return encode(
            list(texts), prompt=batch.prompt, batch_size=self._batch_texts, show_progress_bar=False, **how
        )


def cuda_available() -> bool:
    """Return whether torch can compute on a GPU; torch is not even imported where there is no driver."""
    drivers = (Path("/dev/nvidiactl"), Path("/dev/nvidia0"), Path("/dev/dxg"))
    if not any(driver.exists() for driver in drivers):
        return False
    import torch

    return torch.cuda.is_available()


def _load(layout: Layout, device: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    try:
        with _quiet():
            return SentenceTransformer(
                str(layout.folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": torch.float32, "use_safetensors": True},
            )
    except Exception as error:  # three libraries read the files, each with errors of its own
        raise EmbedderError(
            f"the model in {layout.folder} could not be loaded on {device}: {error}",
            fix="fetch the model again, or set `embedder.device` to cpu",
        ) from error


def _halve(model: Any) -> None:
    # Only the transformer: pooled and normalized in fp16, vectors are up to .0005 away from unit length.
    model[0].auto_model.half()
    model[0].register_forward_hook(
        lambda _module, _inputs, found: {**found, "token_embeddings": found["token_embeddings"].float()}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
