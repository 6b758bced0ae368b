"""The embedder that flows pass on: it refuses what the model would cut, and counts what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from infra.embedders.engine import Batch, Engine, Task
from infra.embedders.layout import Layout
from infra.embedders.tokenizer import ModelTokenizer
from schemas.errors import TooLongError
from schemas.token_signs import pack
from schemas.tools import Encoded, EncodedQuestion, Tokenizer, Vectors


class TextEmbedder:
    """A `schemas.tools.Embedder` over one of the runtimes.

    `note` says why a faster runtime is not used, and is empty when the best one is.
    `texts_embedded` counts every text, documents and queries, that reached the model.
    """

    def __init__(
        self,
        name: str,
        layout: Layout,
        fingerprint: str,
        engine: Engine,
        *,
        note: str = "",
        token_signs: bool = False,
    ) -> None:
        self.name, self.fingerprint, self.note = name, fingerprint, note
        self.runtime = engine.runtime
        self.dimension, self.max_tokens = layout.dimension, layout.max_tokens
        self.texts_embedded = 0
        self.has_token_signs = token_signs
        self._model_tokenizer = model_tokenizer(layout)
        self.tokenizer: Tokenizer = self._model_tokenizer
        self._layout, self._engine, self._counting = layout, engine, threading.Lock()

    def encode_documents(self, texts: Sequence[str]) -> Encoded:
        """Return what there is to keep of texts; raises `TooLongError` if one is longer than `max_tokens`."""
        if not texts or not self.has_token_signs:
            signs = () if self.has_token_signs else None
            return Encoded(vectors=self.embed_documents(texts), token_signs=signs)
        vectors, found = self._engine.read(self._batch(texts, "document"), pack)
        return Encoded(vectors=vectors, token_signs=tuple(found))

    def encode_question(self, text: str) -> EncodedQuestion:
        """Return a question's vector and those of its tokens; raises `TooLongError` if it is too long."""
        vectors, (tokens,) = self._engine.read(self._batch([text], "query"), _unit)
        return EncodedQuestion(vector=vectors[0], tokens=tokens, spans=self._spans(text))

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text; raises `TooLongError` if one is longer than `max_tokens`."""
        return self._embed(texts, "document")

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question; raises `TooLongError` if it is longer than `max_tokens`."""
        vector: Vectors = self._embed([text], "query")[0]
        return vector

    def give_back(self) -> None:
        """Give back the memory that only computing needs; the next text takes it again."""
        self._engine.give_back()

    def _embed(self, texts: Sequence[str], task: Task) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._engine.vectors(self._batch(texts, task))

    def _batch(self, texts: Sequence[str], task: Task) -> Batch:
        prompt = self._layout.query_prompt if task == "query" else self._layout.document_prompt
        token_ids = self._model_tokenizer.ids([prompt + text for text in texts])
        self._refuse_long(token_ids, task)
        with self._counting:
            self.texts_embedded += len(texts)
        return Batch(texts=texts, task=task, prompt=prompt, token_ids=token_ids)

    def _spans(self, question: str) -> tuple[tuple[int, int], ...]:
        before = len(self._layout.query_prompt)
        spans = self._model_tokenizer.spans(self._layout.query_prompt + question)
        return tuple((start - before, end - before) if start >= before else (0, 0) for start, end in spans)

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


def _unit(tokens: Vectors) -> Vectors:
    return np.asarray(tokens / np.linalg.norm(tokens, axis=1, keepdims=True), np.float32)


def model_tokenizer(layout: Layout) -> ModelTokenizer:
    """Return the tokenizer of a model, which counts the document prompt with each text."""
    return ModelTokenizer(layout.tokenizer_file, prefix=layout.document_prompt, lowercase=layout.lowercase)
