"""What a random history is watched with: the texts the model is asked for, and what a rebuild makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.compute as pc

from flows.workspace import Workspace
from infra.embedders import EmbedderParams, load
from infra.store import Store
from infra.store.filters import equals
from schemas.document import DOCUMENT
from schemas.tools import Embedder, Encoded
from tests.flows.projects import Project
from tests.oracle import Tables, differences, rebuilt, with_embeddings
from transforms import chunkers

PROMPTS = (None, "passage: ")
"""What makes two embedders of one model: other vectors, another fingerprint."""
Asked = list[tuple[str, str]]
"""Fingerprint and text."""
Runtimes = tuple[dict[str, Embedder], dict[str, Embedder]]
"""By runtime: the same two embedders by fingerprint."""
T = TypeVar("T")


class DiedError(Exception):
    """What a run is broken off with."""


@dataclass(kw_only=True)
class Recorded:
    """An embedder that notes each text it is asked for, with its own fingerprint."""

    real: Embedder
    asked: Asked

    def encode_documents(self, texts: Sequence[str]) -> Encoded:
        """Return what the real one does."""
        self.asked += [(self.real.fingerprint, text) for text in texts]
        return self.real.encode_documents(texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@dataclass(kw_only=True)
class Tools:
    """What all histories of a test share."""

    root: Path
    parses: Callable[[], int]
    runtimes: Runtimes
    asked: Asked = field(default_factory=list)
    beginning: dict[str, Any] = field(default_factory=dict)
    """What is known after the first runs, which every other history begins with; their folder is kept too."""

    def recorded(self, runtime: int) -> dict[str, Embedder]:
        """Return the embedders of a runtime, each text noted."""
        return {fp: Recorded(real=real, asked=self.asked) for fp, real in self.runtimes[runtime].items()}


class OneStore(Project):
    """A project that is looked at through one connection: opening one costs as much as a look."""

    @cached_property
    def store(self) -> Store:
        return Store(self.root / self.settings["store"]["uri"])

    def newest(self) -> int:
        """Return the number of the newest release, 0 before the first."""
        release = self.release()
        return release.release if release else 0

    def rows(self, source: str) -> dict[str, dict[str, Any]]:
        """Return what is released of a source's documents, by their id."""
        release = self.release()
        if release is None:
            return {}
        columns = ("document_id", "key", "record", "record_hash", "meta_hash", "status")
        pinned = release.tables["documents"].version
        found = self.store.scan("documents", columns, where=equals("source", source), version=pinned)
        return {row["document_id"]: row for row in found.to_pylist()}


class Dying:
    """Breaks a run off before or after the n-th time it comes to something."""

    def __init__(self, *, stage: str, nth: int, after: bool) -> None:
        self.stage, self.nth, self.after = stage, nth, after

    def step(self, name: str, stage: Callable[[], T]) -> T:
        return self.around(name, stage)()

    def around(self, name: str, function: Callable[..., T]) -> Callable[..., T]:
        def around(*given: Any) -> T:
            hit = name == self.stage and self.nth == 0
            self.nth -= name == self.stage
            if hit and not self.after:
                raise DiedError(name)
            result = function(*given)
            if hit:
                raise DiedError(name)
            return result

        return around


def unlike_rebuilt(workspace: Workspace, name: str, ours: Tables) -> list[str]:
    """Return what a source's live rows differ in from a rebuild, and its stale ones from what they make."""
    live, stale = (
        {n: rows.filter(pc.equal(rows["status"], status)) for n, rows in ours.items()}
        for status in ("live", "stale")
    )
    return differences(live, rebuilt(workspace, name)) + differences(stale, _cut_again(workspace, stale))


def _cut_again(workspace: Workspace, ours: Tables) -> Tables:
    """Return the chunks that documents make, beside the documents."""
    index = workspace.indexes["default"]
    embedder, kind = workspace.embedder(index), index.section.chunker.type
    documents = ours["documents"].select(DOCUMENT.names).cast(DOCUMENT)
    params = chunkers.read_params(kind, index.section.chunker.params)
    how: dict[str, Any] = {"tokenizer": embedder.tokenizer, "embed_text": index.section.embed_text}
    chunks = chunkers.chunk(kind, documents, params, **how).passed
    return {"documents": documents, "chunks": with_embeddings(embedder, chunks)}


def two_runtimes(cache: Path) -> Runtimes:
    """Return the fastest runtime of this machine and another one, each with the same two embedders."""

    def loaded(runtime: str) -> dict[str, Embedder]:
        chosen = [EmbedderParams(document_prompt=prompt, token_signs=True) for prompt in PROMPTS]
        found = [load(params, cache_dir=cache, runtime=runtime) for params in chosen]
        return {embedder.fingerprint: embedder for embedder in found}

    fastest = loaded("auto")
    is_f32 = {embedder.runtime for embedder in fastest.values()} == {"openvino-f32"}
    return fastest, loaded("torch-fp32" if is_f32 else "openvino-f32")
