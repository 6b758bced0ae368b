"""The cache of what a language model wrote: an answer is on disk before the next prompt is sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from infra.store.connection import Store
from infra.store.filters import equals
from schemas.model_answer import MODEL_ANSWER

TABLE = "model_answers"


class ModelAnswers:
    """The answers of one model; may be used from several threads."""

    def __init__(self, store: Store, model: str) -> None:
        self._store, self.model = store, model
        self._writing = threading.Lock()
        rows = (
            store.scan(TABLE, where=equals("model", model)).sort_by("asked_at").to_pylist()
            if store.exists() and store.has(TABLE)
            else []
        )
        self._known: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            self._known.setdefault(row["answer_id"], row)

    def get(self, answer_id: str) -> Mapping[str, Any] | None:
        """Return an answer's row; None if the model was never asked."""
        return self._known.get(answer_id)

    def put(self, row: Mapping[str, Any]) -> None:
        """Keep an answer."""
        with self._writing:
            if row["answer_id"] not in self._known:
                table = self._store.ensure(TABLE, MODEL_ANSWER)
                table.add(pa.Table.from_pylist([dict(row)], schema=MODEL_ANSWER))
                self._known[row["answer_id"]] = row
