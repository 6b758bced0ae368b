"""A project to try things on: a folder, its project file, its store, and a count of what each run costs.

Every ingest is followed by law 1, counted in the store and not in the run's own report.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from flows.stages.contexts import context
from flows.stages.ingesting import IngestOptions, ingest_source
from flows.stages.step import Step, direct
from flows.workspace import Workspace, open_workspace
from infra.store import Store, releases
from infra.store.releases import is_released
from schemas.context import Context, ContextRequest, Principal
from schemas.release import Release
from schemas.run import Run
from schemas.tools import Embedder

NO_TEXT = b"\xff\xfe\xfa this is no text"
"""Half of a UTF-16 character at the end: no parser reads it."""
ROWS = {"records": "rows", "record_key": "id", "title": "subject", "text": ["body"]}
"""Settings of a source whose tables hold a document in every row, as `tickets` writes them."""


@dataclass(frozen=True, kw_only=True)
class Paid:
    """A run, and what it cost, counted in front of the parsers and in front of the model."""

    run: Run
    parses: int
    embeddings: int


@dataclass(kw_only=True)
class Project:
    """A folder `docs` beside a project file, ingested into `store`; each other source is another folder."""

    root: Path
    embedders: dict[str, Embedder]
    """Loaded once for all projects of a session."""
    parses: Callable[[], int] = lambda: 0
    settings: dict[str, Any] = field(default_factory=dict)
    later: timedelta = timedelta()
    """How far the project's clock is ahead of ours."""

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.settings = {"project": "trial", "store": {"uri": "store"}, "sources": {}} | self.settings
        self.source("docs")

    def source(self, name: str, **settings: Any) -> None:
        """Add a source over the folder of its name, or change its settings."""
        (self.root / name).mkdir(exist_ok=True)
        before = self.settings["sources"].get(name, {"type": "files", "uri": name, "acl": ["everyone"]})
        self.settings["sources"][name] = before | settings

    def write(self, name: str, content: str | bytes, *, source: str = "docs") -> Path:
        """Write a file of a source, later than anything before it."""
        path = self.root / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def pages(self, count: int, *, source: str = "docs") -> None:
        """Write as many small pages, each of one chunk of its own."""
        for n in range(count):
            self.write(f"p{n:02}.md", page(n), source=source)

    def chunker(self, max_tokens: int) -> None:
        """Cut documents into chunks of another size from now on."""
        self.settings["indexes"] = {"default": {"chunker": {"type": "headings", "max_tokens": max_tokens}}}

    def open(self) -> Workspace:
        """Open the project as it is now."""
        path = self.root / "headwater.yaml"
        path.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        clock = lambda: datetime.now(UTC) + self.later  # noqa: E731
        return open_workspace(path, _embedders=self.embedders, clock=clock)

    @property
    def store(self) -> Store:
        """A new connection: what another process would see."""
        section = self.settings["store"]
        return Store(
            self.root / section["uri"] if "://" not in section["uri"] else section["uri"],
            storage_options=section.get("storage_options"),
        )

    def ingest(self, source: str = "docs", *, step: Step = direct, **options: Any) -> Paid:
        """Ingest a source, and hold the run to law 1."""
        workspace = self.open()
        live, embedded, parsed = self.live(source), self._embedded(), self.parses()
        run = ingest_source(workspace, source, IngestOptions(**options), step=step)
        items = run.items
        assert items.listed == items.added + items.changed + items.unchanged + items.quarantined
        assert len(self.live(source)) == len(live) + run.published * (items.added - items.removed)
        return Paid(run=run, parses=self.parses() - parsed, embeddings=self._embedded() - embedded)

    def ask(self, question: str, *groups: str, release: int | None = None) -> Context:
        """Return the context for a question asked by a member of these groups."""
        request = ContextRequest(question=question, principal=Principal(groups=groups), release=release)
        return context(self.open(), request)

    def live(self, source: str) -> set[str]:
        """Return the keys whose documents are released."""
        found = self.documents("source", "key")
        return {row["key"] for row in found if row["source"] == source}

    def documents(self, *columns: str, release: Release | None = None) -> list[dict[str, Any]]:
        """Return documents at the newest release or another, by key and record."""
        return self._rows("documents", columns, ("key", "n"), release)

    def chunks(self, *columns: str, release: Release | None = None) -> list[dict[str, Any]]:
        """Return the default index's chunks at the newest release or another, in reading order."""
        release = release or self.release()
        table = release.indexes["default"]["table"] if release else "none"
        return self._rows(table, columns, ("key", "document_id", "ordinal"), release)

    def everywhere(self, column: str) -> set[Any]:
        """Return the values of a column that documents and chunks have, which are the same."""
        values = [
            {tuple(value) if isinstance(value := row[column], list) else value for row in rows}
            for rows in (self.documents(column), self.chunks(column))
        ]
        assert values[0] == values[1]
        return values[0]

    def release(self) -> Release | None:
        """Return the newest release."""
        return releases.current(self.store)

    def quarantined(self) -> dict[str, str]:
        """Return the quarantine log as item (and record): reason, the newest last."""
        rows = self.store.scan("quarantine").sort_by("at").to_pylist() if self.store.has("quarantine") else []
        return {row["key"] + (f"#{row['record']}" if row["record"] else ""): row["reason"] for row in rows}

    def versions(self) -> dict[str, int]:
        """Return how many versions each released table has."""
        store = self.store
        names = [name for name in store.names() if is_released(name)]
        return {name: len(store.open(name).list_versions()) for name in names}

    def _rows(
        self, table: str, columns: tuple[str, ...], order: tuple[str, ...], release: Release | None
    ) -> list[dict[str, Any]]:
        release = release or self.release()
        if release is None or table not in release.tables:
            return []
        found: pa.Table = self.store.scan(table, version=release.tables[table].version)
        rows = found.sort_by([(name, "ascending") for name in order]).to_pylist()
        return [{name: row[name] for name in columns} if columns else row for row in rows]

    def _embedded(self) -> int:
        return sum(getattr(embedder, "texts_embedded", 0) for embedder in self.embedders.values())


def page(n: int, *, costs: int | None = None) -> str:
    """Return a page that says three things no other page says."""
    price = 10 * n if costs is None else costs
    measures = f"Station {n} measures the level of river {n}."
    return f"# Station {n}\n\n{measures}\n\nIts sensor costs {price} euros.\n"


def tickets(edits: dict[int, str] | None = None, *, count: int = 20) -> str:
    """Return a table of tickets, some with another body."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["id", "subject", "body"])
    for n in range(count):
        rows.writerow([n, f"Pump {n}", (edits or {}).get(n, f"Pump {n} hums at {100 + n} hertz.")])
    return out.getvalue()


def touch(path: Path) -> None:
    """Give a file another time and leave its bytes alone."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
