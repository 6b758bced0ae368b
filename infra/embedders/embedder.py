"""The embedder that flows pass on: it refuses what the model would cut, and counts what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from infra.embedders.engine import Batch, Engine, Task
from infra.embedders.layout import Layout
from infra.embedders.tokenizer import ModelTokenizer
from schemas.errors import TooLongError
from schemas.tools import Tokenizer, Vectors


class TextEmbedder:
    """A `schemas.tools.Embedder` over one of the runtimes.

    `note` says why a faster runtime is not used, and is empty when the best one is.
    `texts_embedded` counts every text, documents and queries, that reached the model.
    """

    def __init__(
        self, name: str, layout: Layout, fingerprint: str, engine: Engine, *, note: str = ""
    ) -> None:
        self.name, self.fingerprint, self.note = name, fingerprint, note
        self.runtime = engine.runtime
        self.dimension, self.max_tokens = layout.dimension, layout.max_tokens
        self.texts_embedded = 0
        self._model_tokenizer = model_tokenizer(layout)
        self.tokenizer: Tokenizer = self._model_tokenizer
        self._layout, self._engine, self._counting = layout, engine, threading.Lock()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text; raises `TooLongError` if one is longer than `max_tokens`."""
        return self._embed(texts, "document", self._layout.document_prompt)

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question; raises `TooLongError` if it is longer than `max_tokens`."""
        vector: Vectors = self._embed([text], "query", self._layout.query_prompt)[0]
        return vector

    def give_back(self) -> None:
        """Give back the memory that only computing needs; the next text takes it again."""
        self._engine.give_back()

    def _embed(self, texts: Sequence[str], task: Task, prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        token_ids = self._model_tokenizer.ids([prompt + text for text in texts])
        self._refuse_long(token_ids, task)
        with self._counting:
            self.texts_embedded += len(texts)
        return self._engine.vectors(Batch(texts=texts, task=task, prompt=prompt, token_ids=token_ids))

    def _refuse_long(self, token_ids: Sequence[Sequence[int]], task: Task) -> None:
        for number, ids in enumerate(token_ids, 1):
            if len(ids) > self.max_tokens:
                raise TooLongError(
                    f"{task} {number} of {len(token_ids)} has {len(ids)} tokens, and {self.name!r} "
                    f"reads at most {self.max_tokens}",
                    state="nothing was embedded",
                    fix=f"lower `chunker.max_tokens` to {self.max_tokens}"
                    if task == "document"
                    else "shorten it",
                )


def model_tokenizer(layout: Layout) -> ModelTokenizer:
    """Return the tokenizer of a model, which counts the document prompt with each text."""
    return ModelTokenizer(layout.tokenizer_file, prefix=layout.document_prompt, lowercase=layout.lowercase)
