"""Cut documents into chunks, judge them, and embed the texts nobody embedded before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.workspace import Index, Seconds, Workspace
from infra.store.embedding_cache import EmbeddingCache
from schemas.chunk import embedded_chunk
from schemas.outcome import Outcome
from schemas.tools import Embedder, Vectors
from transforms import chunkers
from transforms.validate import validate_chunks, validate_vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A batch of documents under one index."""

    chunks: pa.Table
    rejected: pa.Table
    embedded: int
    from_cache: int


def index_documents(workspace: Workspace, index: Index, documents: pa.Table, seconds: Seconds) -> Indexed:
    """Return the embedded chunks of documents; a document with a chunk that does not pass has none."""
    with seconds.spent_on("embed"):  # the first time, the model is loaded
        embedder = workspace.embedder(index)
    with seconds.spent_on("chunk"):
        cut = cut_documents(workspace, index, documents)
    with seconds.spent_on("validate"):
        checked = validate_chunks(cut.passed, documents, max_tokens=embedder.max_tokens)
        rejected = pa.concat_tables([cut.rejected, checked.rejected])
        chunks = _without(checked.passed, rejected)
    with seconds.spent_on("embed"):
        chunks, embedded = embed(workspace, index, chunks)
    with seconds.spent_on("validate"):
        judged = validate_vectors(chunks, embedder.dimension)
        rejected = pa.concat_tables([rejected, judged.rejected])
    return Indexed(
        chunks=_without(judged.passed, rejected),
        rejected=rejected,
        embedded=embedded,
        from_cache=chunks.num_rows - embedded,
    )


def cut_documents(workspace: Workspace, index: Index, documents: pa.Table) -> Outcome:
    """Return the chunks of documents under an index, not embedded yet."""
    section = index.section
    return chunkers.chunk(
        section.chunker.type,
        documents,
        index.params,
        tokenizer=workspace.embedder(index).tokenizer,
        embed_text=section.embed_text,
    )


def embed(workspace: Workspace, index: Index, chunks: pa.Table) -> tuple[pa.Table, int]:
    """Return the chunks with their vectors, and how many texts had to be embedded for it."""
    embedder = workspace.embedder(index)
    cache = workspace.embedding_cache(index)
    hashes = chunks["text_hash"].to_pylist()
    texts = dict(zip(hashes, chunks["text"].to_pylist(), strict=True))
    known = cache.get(list(texts))
    unseen = [text_hash for text_hash in texts if text_hash not in known]
    if unseen:
        known.update(_embed_unseen(embedder, cache, unseen, [texts[h] for h in unseen]))
    vectors = (
        np.stack([known[h][0] for h in hashes]) if hashes else np.empty((0, embedder.dimension), np.float32)
    )
    return with_vectors(chunks, vectors, [known[h][1] for h in hashes]), len(unseen)


def embed_again(workspace: Workspace, index: Index, chunks: pa.Table) -> pa.Table:
    """Return released chunks with vectors computed now, which the cache remembers instead of its own."""
    embedder = workspace.embedder(index)
    cache = workspace.embedding_cache(index)
    texts = dict(zip(chunks["text_hash"].to_pylist(), chunks["text"].to_pylist(), strict=True))
    vectors = embedder.embed_documents(list(texts.values()))
    cache.put(list(texts), vectors, embedder.runtime, replace=True)
    row = {text_hash: n for n, text_hash in enumerate(texts)}
    order = [row[text_hash] for text_hash in chunks["text_hash"].to_pylist()]
    bare = chunks.drop_columns(["vector", "runtime"])
    return with_vectors(bare, vectors[order], [embedder.runtime] * bare.num_rows)


def with_vectors(chunks: pa.Table, vectors: Vectors, runtimes: list[str]) -> pa.Table:
    """Return chunks with their vector and runtime columns, in the chunk table's schema."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1), pa.float32())
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    whole = chunks.append_column("vector", column).append_column("runtime", pa.array(runtimes, pa.string()))
    return whole.cast(embedded_chunk(vectors.shape[1]))


def _embed_unseen(
    embedder: Embedder, cache: EmbeddingCache, hashes: list[str], texts: list[str]
) -> dict[str, tuple[Vectors, str]]:
    vectors = embedder.embed_documents(texts)
    cache.put(hashes, vectors, embedder.runtime)
    return {h: (vector, embedder.runtime) for h, vector in zip(hashes, vectors, strict=True)}


def _without(chunks: pa.Table, rejected: pa.Table) -> pa.Table:
    """A document is whole or not there: chunks of a document that lost one are left out."""
    if rejected.num_rows == 0:
        return chunks
    return chunks.filter(pc.invert(pc.is_in(chunks["document_id"], rejected["document_id"])))
