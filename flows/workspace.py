"""A workspace: an opened project, its store, and the tools that stages are handed."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.checking import check_plugins
from flows.progress import Progress, Silent
from infra.embedders import EmbedderParams, fingerprint_of, load
from infra.live import Live
from infra.llm import ChatModel
from infra.memory import give_back
from infra.project_file import Opened, open_project
from infra.store import Store
from infra.store.embedding_cache import EmbeddingCache
from schemas.chunk import embedded_chunk, embedding
from schemas.errors import ConfigError, NotFoundError
from schemas.identity import digest
from schemas.project import IndexSection
from schemas.rerank import RerankSection
from schemas.run import STAGES
from schemas.tools import Clock, Embedder, Reranker
from transforms import chunkers

LOADING = threading.Lock()
LOADED: defaultdict[str, dict[str, Embedder]] = defaultdict(dict)
"""The process's embedders, by runtime and fingerprint: a model is loaded once, however often a flow runs."""


RERANKERS: dict[tuple[str, str, str], Reranker] = {}
"""The process's rerankers, by where they are, revision and device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index as the project file has it now: its chunk table's name follows from what makes its rows."""

    name: str
    section: IndexSection
    params: Any
    """What its chunker is asked, as that reads its settings."""
    embedder_fp: str
    chunker_fp: str

    @property
    def table(self) -> str:
        """The chunk table: another chunker or embedder is another table beside the live one."""
        return f"chunks__{self.name}__{digest(self.chunker_fp, self.embedder_fp)[:8]}"

    def as_dict(self, dimension: int) -> dict[str, Any]:
        """Return what a release says of the index, enough to search it again years later."""
        return {
            "table": self.table,
            "embedder": self.section.embedder.model_dump(),
            "embedder_fp": self.embedder_fp,
            "dimension": dimension,
            "chunker": self.section.chunker.model_dump(),
            "embed_text": list(self.section.embed_text),
        }


@dataclass(kw_only=True)
class Workspace:
    """Everything a run works with. The clock and the progress display are given, never global."""

    opened: Opened
    clock: Clock = lambda: datetime.now(UTC)
    progress: Progress = field(default_factory=Silent)
    runtime: str = "auto"
    _embedders: dict[str, Embedder] | None = None
    _caches: dict[str, EmbeddingCache] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        """The project's store."""
        return Store(self.opened.store_uri, storage_options=self.opened.project.store.storage_options)

    @cached_property
    def live(self) -> Live:
        """Where request-time functions are asked; it keeps their answers for a while."""
        return Live(self.clock)

    @cached_property
    def language_model(self) -> ChatModel:
        """The model that writes answers. Raises ConfigError where the project file names none."""
        if self.opened.project.llm is None:
            raise ConfigError(
                f"{self.opened.path.name} has no `llm:` section, so nothing can be generated",
                fix='add one: llm: {base_url: "http://localhost:11434/v1", model: llama3.2}',
            )
        return ChatModel(self.opened.project.llm)

    @cached_property
    def indexes(self) -> dict[str, Index]:
        """The project's indexes by name; computing their fingerprints loads no model."""
        return {name: self._index(name, section) for name, section in self.opened.project.indexes.items()}

    def embedder(self, index: Index) -> Embedder:
        """Return the index's embedder, loaded once per process."""
        return self.embedder_for(index.section.embedder.model_dump(), index.embedder_fp)

    def embedder_for(self, params: dict[str, Any], fingerprint: str) -> Embedder:
        """Return the embedder with these parameters; a release may name one the project no longer does."""
        mine = LOADED[self.runtime] if self._embedders is None else self._embedders
        if fingerprint not in mine:
            with LOADING:
                self._load(mine, params, fingerprint)
        return mine[fingerprint]

    def give_back(self) -> None:
        """Return to the system what is free, and what embedders keep for computing; between two stages."""
        loaded = LOADED[self.runtime] if self._embedders is None else self._embedders
        for embedder in list(loaded.values()):
            embedder.give_back()
        give_back()

    def _load(self, mine: dict[str, Embedder], params: dict[str, Any], fingerprint: str) -> None:
        if fingerprint not in mine:  # whoever waited finds what was loaded meanwhile
            loaded = load(EmbedderParams(**params), cache_dir=model_cache(), runtime=self.runtime)
            if loaded.fingerprint != fingerprint:
                raise NotFoundError(
                    f"the embedder {loaded.name!r} on this machine is not the one the index was made with",
                    fix="install the version it was made with, or backfill the index",
                )
            self._check_limits(loaded)
            mine[fingerprint] = loaded

    def reranker_for(self, section: RerankSection) -> Reranker:
        """Return the cross-encoder of a context view, loaded once per process."""
        place = (str(self.opened.root / section.model), section.revision or "", section.device)
        if place not in RERANKERS:
            from infra.embedders.reranker import load_reranker

            beside = self.opened.root / section.model
            model = str(beside) if beside.is_dir() else section.model
            RERANKERS[place] = load_reranker(model, revision=section.revision, device=section.device)
        return RERANKERS[place]

    def embedding_cache(self, index: Index) -> EmbeddingCache:
        """Return the cache of an index's vectors; one for each embedder, which knows what is in it."""
        if index.embedder_fp not in self._caches:
            self._caches[index.embedder_fp] = EmbeddingCache(
                self.store, fingerprint=index.embedder_fp, schema=embedding(**_shape(self.embedder(index)))
            )
        return self._caches[index.embedder_fp]

    def chunk_schema(self, index: Index) -> Any:
        """Return the schema of an index's chunk table."""
        return embedded_chunk(**_shape(self.embedder(index)))

    def new_run_id(self) -> str:
        """Return a run id that sorts by time."""
        return f"{self.clock():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"

    def _check_limits(self, embedder: Embedder) -> None:
        for index in self.indexes.values():
            limit = chunkers.longest_tokens(index.params)
            if index.embedder_fp == embedder.fingerprint and limit > embedder.max_tokens:
                raise ConfigError(
                    f"index {index.name!r} cuts chunks of up to {limit} tokens; {embedder.name!r} reads "
                    f"{embedder.max_tokens} and would cut the rest off in silence",
                    fix=f"set chunker.max_tokens to {embedder.max_tokens} or less",
                )

    def _index(self, name: str, section: IndexSection) -> Index:
        params = EmbedderParams(**section.embedder.model_dump())
        chunker = section.chunker
        settings = chunkers.read_params(chunker.type, chunker.params)
        return Index(
            name=name,
            section=section,
            params=settings,
            embedder_fp=fingerprint_of(params, cache_dir=model_cache()),
            chunker_fp=chunkers.fingerprint(chunker.type, settings, section.embed_text),
        )


def _shape(embedder: Embedder) -> dict[str, Any]:
    return {"dimension": embedder.dimension, "token_signs": embedder.has_token_signs}


def open_workspace(path: str | Path, **tools: Any) -> Workspace:
    """Open a project file as a workspace. Raises ConfigError naming the line and the fix."""
    opened = open_project(path)
    check_plugins(opened)
    return Workspace(opened=opened, **tools)


def model_cache() -> Path:
    """Return the folder where converted models are kept: `HEADWATER_CACHE`, else the user's cache folder."""
    base = os.environ.get("HEADWATER_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "headwater"


class Seconds:
    """Adds up what each stage of a run takes, in seconds."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._spent: dict[str, float] = {}

    @contextmanager
    def spent_on(self, stage: str) -> Iterator[None]:
        """Count what happens inside as time spent on a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._spent[stage] = self._spent.get(stage, 0.0) + time.perf_counter() - started

    def add(self, spent: dict[str, float]) -> None:
        """Count what others spent on stages, at the same time perhaps: the stages may exceed the total."""
        for stage in spent.keys() & set(STAGES):
            self._spent[stage] = self._spent.get(stage, 0.0) + spent[stage]

    def as_dict(self) -> dict[str, float]:
        """Return the total and each stage, rounded to the millisecond."""
        total = {"total": time.perf_counter() - self._started, **dict.fromkeys(STAGES, 0.0)}
        return {stage: round(spent, 3) for stage, spent in {**total, **self._spent}.items()}
