"""What the embedder reaches on this machine, and whether its vectors are those of torch in fp32; prints JSON.

usage: python -m tests.benchmarks.embedding RATE|PARITY [FOLDER]

RATE: chunks of the Markdown files below FOLDER, as the baseline cuts them, against the rate of bf16 products.
PARITY: the evaluation questions over their corpora, or the sample's questions over the sample.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from flows.workspace import model_cache
from infra.embedders import EmbedderParams, TextEmbedder, load
from schemas.tools import Vectors
from tests.benchmarks.measuring import ROOT, SHARED, scaled
from tests.benchmarks.plain import MODEL, cut, tokenizer

EVALUATION = ("anthropic_docs", "cranfield", "lihua_world")
TEXTS, QUESTIONS = 1_200, 300
"""Of each corpus, at most: fp32 embeds about 45 such texts a second here."""
NEIGHBORS = 10
SIDE, PRODUCTS, TRIES = 2_048, 10, 9


def rate(folder: Path) -> dict[str, Any]:
    counter = tokenizer()
    files = sorted(folder.rglob("*.md"))
    texts = [chunk for file in files for chunk in cut(counter, file.read_text(errors="replace"))]
    lengths = [len(encoding.ids) for encoding in counter.encode_batch(texts)]
    embedder = _embedder("auto")
    embedder.embed_documents(texts[:64])
    started = time.perf_counter()
    embedder.embed_documents(texts)
    seconds = time.perf_counter() - started
    flops = sum(_flops(length) for length in lengths)
    return {
        "runtime": embedder.runtime,
        "chunks_per_s": len(texts) / seconds,
        "tokens_per_s": sum(lengths) / seconds,
        "mflop_per_token": flops / sum(lengths) / 1e6,
        "tflop_per_s": flops / seconds / 1e12,
        "bf16_tflop_per_s": _product_rate(SIDE, SIDE, SIDE),
        "bf16_model_shape_tflop_per_s": _product_rate(4_096, 384, 1_536),
    }


def parity() -> dict[str, Any]:
    fast, exact = _embedder("auto"), _embedder("torch-fp32")
    cosines: list[float] = []
    shared: list[float] = []
    by_corpus: dict[str, float] = {}
    for name, texts, questions in _corpora():
        pairs = [
            (embedder.embed_documents(texts), _queries(embedder, questions)) for embedder in (fast, exact)
        ]
        cosines += (pairs[0][0] * pairs[1][0]).sum(axis=1).tolist()
        cosines += (pairs[0][1] * pairs[1][1]).sum(axis=1).tolist()
        found, wanted = (_nearest(documents, asked) for documents, asked in pairs)
        overlaps = [len(a & b) / NEIGHBORS for a, b in zip(found, wanted, strict=True)]
        by_corpus[f"{name} ({len(questions)} over {len(texts)})"] = float(np.mean(overlaps))
        shared += overlaps
    return {
        "runtime": fast.runtime,
        "note": fast.note,
        "mean_cosine": float(np.mean(cosines)),
        "overlap": float(np.mean(shared)),
        "questions": len(shared),
        "by_corpus": by_corpus,
    }


def _embedder(runtime: str) -> TextEmbedder:
    return load(EmbedderParams(), cache_dir=model_cache(), runtime=runtime)


def _flops(tokens: int) -> float:
    """Return the products of one text: the layers' weights, and attention over its own tokens."""
    shape = json.loads((MODEL / "config.json").read_text())
    hidden, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    return float(2 * tokens * layers * (4 * hidden**2 + 2 * hidden * inner + 2 * hidden * tokens))


def _product_rate(rows: int, inner: int, columns: int) -> float:
    """Return the best of several tries, in TFLOP per second, with as many threads as torch takes."""
    import torch

    left = torch.randn(rows, inner, dtype=torch.bfloat16)
    right = torch.randn(inner, columns, dtype=torch.bfloat16)
    out = torch.empty(rows, columns, dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(TRIES):
        started = time.perf_counter()
        for _ in range(PRODUCTS):
            torch.mm(left, right, out=out)
        best = min(best, time.perf_counter() - started)
    return PRODUCTS * 2.0 * rows * inner * columns / best / 1e12


def _corpora() -> list[tuple[str, list[str], list[str]]]:
    counter, limit = tokenizer(), scaled(TEXTS)
    out = []
    for name in EVALUATION:
        place = SHARED / "data" / "retrieval" / name
        if place.is_dir():
            texts = [
                chunk for row in _rows(place / "corpus.jsonl") for chunk in cut(counter, row["text"] or " ")
            ]
            asked = [row["text"] for row in _rows(place / "queries.jsonl")]
            out.append((name, _spread(texts, limit), _spread(asked, QUESTIONS)))
    sample = ROOT / "infra" / "sample"
    asked = [row["question"] for row in _rows(sample / "questions.jsonl")]
    texts = [chunk for file in sorted(sample.rglob("*.md")) for chunk in cut(counter, file.read_text())]
    return [*out, ("sample", texts, asked)]


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def _spread(texts: list[str], limit: int) -> list[str]:
    """Return at most so many texts, from all over the list."""
    return texts[:: max(1, -(-len(texts) // limit))]


def _queries(embedder: TextEmbedder, questions: list[str]) -> Vectors:
    return np.stack([embedder.embed_query(question) for question in questions])


def _nearest(documents: Vectors, asked: Vectors) -> list[set[int]]:
    return [
        set(row[:NEIGHBORS].tolist()) for row in np.argsort(-(asked @ documents.T), axis=1, kind="stable")
    ]


if __name__ == "__main__":
    print(json.dumps(rate(Path(sys.argv[2])) if sys.argv[1] == "RATE" else parity()))
