"""The oracle: what the released tables must hold, made from scratch: no engine, store, cache or sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from operator import eq
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flows.stages.parsing import parse_fingerprint, parse_params
from flows.workspace import Workspace
from infra.store import releases
from schemas.document import DOCUMENT, RUN_COLUMNS
from schemas.identity import content_hash
from schemas.quarantine import Rejected
from schemas.tools import Embedder
from transforms import chunkers, parsers
from transforms.documents import ItemFacts, to_documents

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COSINE = 0.9999
"""The same text in another batch is not bit-identical in bf16; this near is the same vector."""
SAME_SIGNS = 0.97
"""Likewise numbers near 0 may fall to its other side."""
Tables = dict[str, pa.Table]


def _same_signs(one: bytes, other: bytes) -> bool:
    bits = [np.unpackbits(np.frombuffer(signs, np.uint8)) for signs in (one, other)]
    return len(one) == len(other) and bool((bits[0] == bits[1]).mean() >= SAME_SIGNS)


ALIKE: dict[str, Callable[[Any, Any], bool]] = {
    "vector": lambda one, other: float(np.dot(one, other)) >= COSINE,
    "token_signs": _same_signs,
}
"""When two values of a column are the same where they need not be equal."""


def rebuilt(workspace: Workspace, name: str) -> Tables:
    """Return the documents and chunks that a folder's files make: list, parse, cut, embed, one by one."""
    section = workspace.opened.source(name)
    root = workspace.opened.root / section.options["uri"]
    files = sorted(path for path in root.rglob("*") if path.is_file())
    found = [_documents(name, str(path.relative_to(root)), path, section) for path in files]
    documents = pa.concat_tables([DOCUMENT.empty_table(), *filter(None, found)])
    index, embedder = workspace.indexes["default"], workspace.embedder(workspace.indexes["default"])
    kind, embed_text = index.section.chunker.type, index.section.embed_text
    settings, tokenizer = chunkers.read_params(kind, index.section.chunker.params), embedder.tokenizer
    chunks = chunkers.chunk(kind, documents, settings, tokenizer=tokenizer, embed_text=embed_text).passed
    return {"documents": documents, "chunks": with_embeddings(embedder, chunks)}


def with_embeddings(embedder: Embedder, chunks: pa.Table) -> pa.Table:
    """Return chunks with the vector and the token signs that an embedder makes of each text."""
    found = embedder.encode_documents(chunks["text"].to_pylist())
    assert found.token_signs is not None
    embedded = chunks.append_column("vector", pa.array(list(found.vectors)))
    return embedded.append_column("token_signs", pa.array(found.token_signs, pa.large_binary()))


def _documents(source: str, key: str, path: Path, section: Any) -> pa.Table | None:
    content, kind, fp = path.read_bytes(), parsers.media_type_of(key), parse_fingerprint(key, section)
    made: dict[str, Any] = {"uri": path.absolute().as_uri(), "media_type": kind, "parse_fp": fp}
    made |= {"content_hash": content_hash(content), "source_at": None, "run_id": "", "fetched_at": NOW}
    how: dict[str, Any] = {"params": parse_params(section), "extra": section.parsers}
    try:
        parsed = parsers.parse(content, key=key, media_type=kind, **how).parsed
    except Rejected:
        return None
    return to_documents(ItemFacts(source=source, key=key, **made), parsed, section)


def published(workspace: Workspace, number: int | None = None) -> Tables:
    """Return the documents and chunks of a release, the newest if none is named."""
    release = releases.get(workspace.store, number or releases.releases(workspace.store)[-1].release)
    names = {"documents": "documents", "chunks": release.indexes["default"]["table"]}
    return {n: workspace.store.scan(t, version=release.tables[t].version) for n, t in names.items()}


def differences(ours: Tables, oracles: Tables) -> list[str]:
    """Return how two pairs of tables differ, a line per row or column that does; none if they are equal."""
    keys = {"documents": "document_id", "chunks": "chunk_id"}
    return [line for n, key in keys.items() for line in _differences(n, key, ours[n], oracles[n])]


def _differences(table: str, key: str, ours: pa.Table, oracles: pa.Table) -> list[str]:
    mine, theirs = ({row[key]: row for row in one.to_pylist()} for one in (ours, oracles))
    lines = [f"{table}: {mine[one]['key']} {one} should not be there" for one in mine.keys() - theirs.keys()]
    lines += [f"{table}: {theirs[one]['key']} {one} is missing" for one in theirs.keys() - mine.keys()]
    for one in mine.keys() & theirs.keys():
        for name in (mine[one].keys() & theirs[one].keys()) - set(RUN_COLUMNS):
            a, b = mine[one][name], theirs[one][name]
            if not ALIKE.get(name, eq)(a, b):
                lines.append(f"{table}: {mine[one]['key']} {one}: {name} is {a!r:.200} and not {b!r:.200}")
    return sorted(lines)
