"""Cut documents into chunks, judge them, and embed the texts nobody embedded before."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flows.workspace import Index, Seconds, Workspace
from schemas.chunk import CHUNK
from schemas.outcome import Outcome
from schemas.tools import Embedder
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
    texts = _texts_of(chunks)
    known = cache.get(list(texts))
    there = set(known["text_hash"].to_pylist())
    unseen = {text_hash: text for text_hash, text in texts.items() if text_hash not in there}
    if unseen:
        new = _computed(embedder, unseen, cache.schema)
        cache.put(new)
        known = pa.concat_tables([known, new])
    return with_embeddings(chunks, known), len(unseen)


def embed_again(workspace: Workspace, index: Index, chunks: pa.Table) -> pa.Table:
    """Return released chunks with vectors computed now, which the cache remembers instead of its own."""
    embedder = workspace.embedder(index)
    cache = workspace.embedding_cache(index)
    rows = _computed(embedder, _texts_of(chunks), cache.schema)
    cache.put(rows, replace=True)
    return with_embeddings(chunks.select(CHUNK.names), rows)


def with_embeddings(chunks: pa.Table, rows: pa.Table) -> pa.Table:
    """Return chunks with what the rows of the cache, one for each text, add to them."""
    rows = rows.combine_chunks()
    at = pc.index_in(chunks["text_hash"], value_set=rows["text_hash"].combine_chunks())
    added = [field for field in rows.schema if field.name != "text_hash"]
    columns = [rows[field.name].take(at) for field in added]
    return pa.table([*chunks.columns, *columns], schema=pa.schema([*CHUNK, *added]))


def _texts_of(chunks: pa.Table) -> dict[str, str]:
    return dict(zip(chunks["text_hash"].to_pylist(), chunks["text"].to_pylist(), strict=True))


def _computed(embedder: Embedder, texts: dict[str, str], schema: pa.Schema) -> pa.Table:
    """Return the rows of the cache, in its schema, for texts by their hash, computed now."""
    found = embedder.encode_documents(list(texts.values()))
    flat = pa.array(found.vectors.reshape(-1), pa.float32())
    vectors = pa.FixedSizeListArray.from_arrays(flat, embedder.dimension)
    columns = [pa.array(texts), vectors, pa.array([embedder.runtime] * len(texts))]
    if found.token_signs is not None:
        columns.append(pa.array(found.token_signs, pa.large_binary()))
    return pa.table(columns, schema=schema)


def _without(chunks: pa.Table, rejected: pa.Table) -> pa.Table:
    """A document is whole or not there: chunks of a document that lost one are left out."""
    if rejected.num_rows == 0:
        return chunks
    return chunks.filter(pc.invert(pc.is_in(chunks["document_id"], rejected["document_id"])))
