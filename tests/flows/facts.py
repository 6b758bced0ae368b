"""A project with a feature in a PostgreSQL table of customers, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg

from flows.stages.features import look_up
from flows.stages.featuring import ingest_feature
from flows.stages.ingesting import IngestOptions
from flows.stages.step import Step, direct
from infra.store import releases
from schemas.run import Run
from tests.flows.projects import Project

NUMBERS = count(1)
START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMER = {"entity": "customer_id", "time": "updated_at", "acl": ["everyone"]}
TABLE = """
create table customer (customer_id int, updated_at timestamptz, tier text, spent numeric(12, 2), team text)
"""


def at(hours: float) -> datetime:
    """Return a time so many hours after the tests' beginning."""
    return START + timedelta(hours=hours)


@dataclass(kw_only=True)
class Customers:
    """A table of customers in a database, and the feature `customer` of a project over it."""

    project: Project
    database: str
    schema: str = field(default_factory=lambda: f"trial_{next(NUMBERS)}")
    """Where its table is, alone."""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with psycopg.connect(self.database) as connection:
            connection.execute(f"create schema {self.schema}")
        self.sql(TABLE)
        self.feature(url=self.url, query="select * from customer")

    @property
    def url(self) -> str:
        """The database, as one who sees this project's table alone."""
        return f"{self.database}?options=-csearch_path%3D{self.schema}"

    def feature(self, **settings: Any) -> None:
        """Change the feature's settings; None takes one away."""
        self.settings = CUSTOMER | self.settings | settings
        told = {name: value for name, value in self.settings.items() if value is not None}
        self.project.settings["features"] = {"customer": told}

    def sql(self, query: str, values: Sequence[Any] = ()) -> None:
        """Change the database."""
        with psycopg.connect(self.url) as connection:
            connection.execute(query, values)

    def put(self, *rows: tuple[Any, ...]) -> None:
        """Insert customers: id, time, tier, and maybe spent and team."""
        for row in rows:
            self.sql("insert into customer values (%s, %s, %s, %s, %s)", (*row, None, None)[:5])

    def ingest(self, *, step: Step = direct, **options: Any) -> Run:
        """Ingest the feature, and hold the run to law 1."""
        live = len(self.rows())
        run = ingest_feature(self.project.open(), "customer", IngestOptions(**options), step=step)
        items = run.items
        assert items.listed == items.added + items.changed + items.unchanged + items.quarantined
        assert len(self.rows()) == live + run.published * (items.added - items.removed)
        return run

    def rows(self, release: int | None = None) -> list[dict[str, Any]]:
        """Return the feature's rows at a release, by entity and time."""
        store = self.project.store
        found = releases.get(store, release) if release else releases.current(store)
        if found is None or "features__customer" not in found.tables:
            return []
        rows = store.scan("features__customer", version=found.tables["features__customer"].version)
        return rows.sort_by([("entity", "ascending"), ("event_at", "ascending")]).to_pylist()

    def tiers(self, release: int | None = None) -> list[tuple[str, str]]:
        """Return each row as its entity and tier."""
        return [(row["entity"], row["tier"]) for row in self.rows(release)]

    def tier(
        self, key: str, *entries: str, release: int | None = None, as_of: datetime | None = None
    ) -> str | None:
        """Return an entity's tier as somebody sees it, at a release and a time."""
        workspace = self.project.open()
        pinned = releases.get(workspace.store, release) if release else releases.current(workspace.store)
        assert pinned is not None
        row = look_up(workspace, pinned, "customer", key, entries or ("everyone",), as_of)
        return row["tier"] if row else None

    def reasons(self) -> list[str]:
        """Return the reasons in the quarantine log, sorted."""
        store = self.project.store
        return sorted(store.scan("quarantine")["reason"].to_pylist()) if store.has("quarantine") else []
