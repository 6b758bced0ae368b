"""The oracle: what the released tables must hold, made from scratch without engine, store, cache or sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
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
from transforms import chunkers, parsers
from transforms.documents import ItemFacts, to_documents

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COSINE = 0.9999
"""The same text in another batch is not bit-identical in bf16; this near is the same vector."""
Tables = dict[str, pa.Table]


def rebuilt(workspace: Workspace, name: str, wanted: Callable[[str], bool] = lambda key: True) -> Tables:  # noqa: ARG005
    """Return the `documents` and `chunks` that a folder's files make: list, parse, cut, embed, one by one."""
    section = workspace.opened.source(name)
    root = workspace.opened.root / section.options["uri"]
    keys = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    found = [_documents(name, key, root / key, section) for key in keys if wanted(key)]
    documents = pa.concat_tables([DOCUMENT.empty_table(), *(one for one in found if one is not None)])
    index, embedder = workspace.indexes["default"], workspace.embedder(workspace.indexes["default"])
    settings = chunkers.read_params(index.section.chunker.type, index.section.chunker.params)
    cut = partial(chunkers.chunk, index.section.chunker.type, tokenizer=embedder.tokenizer)
    chunks = cut(documents, settings, embed_text=index.section.embed_text).passed
    vectors = embedder.embed_documents(chunks["text"].to_pylist())
    return {"documents": documents, "chunks": chunks.append_column("vector", pa.array(list(vectors)))}


def _documents(source: str, key: str, path: Path, section: Any) -> pa.Table | None:
    content, media_type = path.read_bytes(), parsers.media_type_of(key)
    made: dict[str, Any] = {"source": source, "key": key, "uri": path.absolute().as_uri(), "source_at": None}
    made |= {"media_type": media_type, "content_hash": content_hash(content), "run_id": "", "fetched_at": NOW}
    facts = ItemFacts(**made, parse_fp=parse_fingerprint(key, section))
    try:
        found = parsers.parse(
            content, key=key, media_type=media_type, params=parse_params(section), extra=section.parsers
        )
    except Rejected:
        return None
    return to_documents(facts, found.parsed, section)


def published(workspace: Workspace, number: int | None = None) -> Tables:
    """Return the `documents` and `chunks` of a release, the newest if none is named."""
    release = releases.get(workspace.store, number or max(r.release for r in releases.releases(workspace.store)))
    named = {"documents": "documents", "chunks": release.indexes["default"]["table"]}
    pins = {short: (table, release.tables[table].version) for short, table in named.items()}
    return {short: workspace.store.scan(table, version=version) for short, (table, version) in pins.items()}


def differences(ours: Mapping[str, pa.Table], oracles: Mapping[str, pa.Table]) -> list[str]:
    """Return how two pairs of tables differ, a line per row or column that does; none if they are equal."""
    return [line for name, key in (("documents", "document_id"), ("chunks", "chunk_id"))
            for line in _differences(name, _rows(ours[name], key), _rows(oracles[name], key))]  # fmt: skip


def _rows(table: pa.Table, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in table.drop_columns([n for n in RUN_COLUMNS if n in table.schema.names]).to_pylist()}


def _differences(name: str, ours: dict[str, dict[str, Any]], oracles: dict[str, dict[str, Any]]) -> list[str]:
    lines = [f"{name}: {ours[one]['key']} {one} should not be there" for one in sorted(ours.keys() - oracles.keys())]
    lines += [f"{name}: {oracles[one]['key']} {one} is missing" for one in sorted(oracles.keys() - ours.keys())]
    for one in sorted(ours.keys() & oracles.keys()):
        mine, theirs = ours[one], oracles[one]
        if "vector" in mine and float(np.dot(mine.pop("vector"), theirs.pop("vector"))) < COSINE:
            lines.append(f"{name}: {mine['key']} {one} has another vector")
        lines += [f"{name}: {mine['key']} {one}: {column} is {mine[column]!r:.200} and not {theirs[column]!r:.200}"
                  for column in sorted(mine.keys() & theirs.keys()) if mine[column] != theirs[column]]  # fmt: skip
    return lines
