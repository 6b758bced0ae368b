"""The fast runtime on CPUs: a converted model in OpenVINO, without torch or transformers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from infra.embedders.engine import Batch
from infra.embedders.layout import Layout
from schemas.tools import Vectors

BATCH_TOKENS = 4096
"""Padded tokens per batch: 7% less CPU time than batches of 32 texts (400 chunks, 158 tokens on average)."""
BATCH_TEXTS = 128
WIDTH = 8
"""Texts are padded to a multiple of this: OpenVINO keeps memory for every shape that it has seen."""
TELEMETRY = "openvino_telemetry"

T = TypeVar("T")
Precision = Literal["bf16", "f32"]


class OpenVinoEngine:
    """A compiled model; every thread has an inference request of its own."""

    def __init__(self, model: Path, layout: Layout, *, precision: Precision) -> None:
        core = import_openvino().Core()
        self.runtime = f"openvino-{precision}"
        self._compiled = core.compile_model(
            core.read_model(model),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "PERFORMANCE_HINT": "LATENCY",
                "ENABLE_CPU_PINNING": False,  # pinned, two runs on one machine share the same cores
            },
        )
        self._layout, self._mine = layout, threading.local()

    def vectors(self, batch: Batch) -> Vectors:
        """Return one unit vector per text, shape (texts, dimension)."""
        return self.read(batch, lambda _: None)[0]

    def read(self, batch: Batch, keep: Callable[[Vectors], T]) -> tuple[Vectors, list[T]]:
        """Return the unit vectors, and of each text what `keep` makes of its tokens' vectors."""
        lengths = [len(ids) for ids in batch.token_ids]
        found = np.empty((len(lengths), self._layout.dimension), np.float32)
        kept: dict[int, T] = {}
        for rows in _batches(lengths):
            tokens, found[rows] = self._computed([batch.token_ids[row] for row in rows])
            kept.update((row, keep(own[: lengths[row]])) for row, own in zip(rows, tokens, strict=True))
        return found, [kept[row] for row in range(len(lengths))]

    def give_back(self) -> None:
        """Give back what the batches so far left for the next one: 65 MB after an ingest."""
        self._compiled.release_memory()

    def _computed(self, token_ids: list[Any]) -> tuple[Vectors, Vectors]:
        """Return the vectors of all tokens, padding included, and the unit vector of each text."""
        longest = max(len(ids) for ids in token_ids)
        width = min(_padded(longest), max(longest, self._layout.max_tokens))
        ids = np.full((len(token_ids), width), self._layout.pad_token, np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(token_ids):
            ids[row, : len(text)], mask[row, : len(text)] = text, 1
        request = self._request()
        request.infer({"input_ids": ids, "attention_mask": mask}, share_inputs=True)
        tokens: Vectors = request.get_output_tensor(0).data
        # The mean over a text's own tokens points where their sum does, and only the direction is kept.
        sums = np.matmul(mask[:, None, :].astype(np.float32), tokens)[:, 0]
        return tokens, np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def _request(self) -> Any:
        if not hasattr(self._mine, "request"):
            self._mine.request = self._compiled.create_infer_request()
        return self._mine.request


def precisions() -> tuple[Precision, ...]:
    """Return the precisions worth trying on this CPU, the fastest first."""
    capabilities = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("bf16", "f32") if "BF16" in capabilities else ("f32",)


def platform_name() -> str:
    """Return OpenVINO's version and the CPU's name, on which the numbers depend."""
    openvino = import_openvino()
    return f"{openvino.__version__} {openvino.Core().get_property('CPU', 'FULL_DEVICE_NAME')}"


def import_openvino() -> Any:
    """Import openvino with its telemetry, which reports each import, switched off; raises `ImportError`."""
    if sys.modules.get("openvino") is not None:
        return sys.modules["openvino"]
    before = sys.modules.get(TELEMETRY)
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        del sys.modules[TELEMETRY]
        if before is not None:
            sys.modules[TELEMETRY] = before
    return openvino


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Yield row numbers, the longest texts first, so that little of a batch is padding.

    How many there are follows from the padded width: from the longest text's own length, 13,000 texts left
    68 MB of shapes in place of 22.
    """
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        width = _padded(lengths[rows[0] if rows else row])
        if rows and (len(rows) == BATCH_TEXTS or (len(rows) + 1) * width > BATCH_TOKENS):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _padded(length: int) -> int:
    return -(-length // WIDTH) * WIDTH
