"""Read a feature: stream its rows, reject the bad ones, stage the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from flows.workspace import Seconds, Workspace
from infra.features import open_feature
from infra.store import logs
from infra.store.feature_staging import FeatureStaging
from schemas.errors import RefusedError
from schemas.feature import FeatureSection, table_of, values_of
from schemas.identity import digest
from schemas.quarantine import Reason
from schemas.release import Release
from schemas.section import duration_s
from transforms.entity_rows import RowFacts, earlier, largest, to_rows, values_read

MAX_REJECTED = 10_000
"""A reading with more bad rows than this is no reading of this feature: it stops."""


@dataclass(kw_only=True)
class FeatureRun:
    """One run of one feature, and what it is based on."""

    workspace: Workspace
    name: str
    section: FeatureSection
    run_id: str
    base: Release | None
    staging: FeatureStaging
    full: bool
    rebuild: bool
    started_at: datetime
    seconds: Seconds = field(default_factory=Seconds)

    @property
    def table(self) -> str:
        """The name of the feature's table."""
        return table_of(self.name)

    @property
    def released(self) -> bool:
        """Whether the base release has the feature."""
        return self.base is not None and self.table in self.base.tables

    def scan(self, columns: list[str], where: str | None = None) -> pa.Table:
        """Return columns of the feature's rows as the base release pins them."""
        assert self.base is not None  # noqa: S101 - asked of a released feature alone
        return self.workspace.store.scan(
            self.table, columns, where=where, version=self.base.tables[self.table].version
        )

    def values(self) -> pa.Schema | None:
        """Return the columns of values that the released table has."""
        if self.base is None or not self.released:
            return None
        version = self.base.tables[self.table].version
        return values_of(self.workspace.store.open(self.table, version=version).schema)

    def cursor(self) -> str | None:
        """Return how far the last released reading had come, unless the feature was another then."""
        said = json.loads(self.base.cursors.get(self.name, "{}")) if self.base and self.released else {}
        same = said.get("definition") == self.section.definition
        return said.get("cursor") if same and self.section.cursor else None


@dataclass(kw_only=True)
class Taken:
    """What one reading has given."""

    whole: bool
    """Whether it began at the beginning, so that what it does not have is gone."""
    anew: bool
    """Whether the table gets other columns."""
    values: pa.Schema
    cursor: str | None
    batches: set[str] = field(default_factory=set)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    bytes_staged: int = 0


def read(run: FeatureRun) -> Taken:
    """Read what may have changed and stage it. Raises RefusedError for rows of another shape."""
    section = run.section
    known = None if run.full or run.rebuild else run.cursor()
    since = earlier(known, _lateness_s(section)) if known else None
    work = digest("reading", section.definition, since or "", _version(run), int(run.rebuild))
    reached = run.staging.reached(work)
    resumable = section.cursor is not None and not (since is None and run.released)
    if reached and resumable:
        since, known = earlier(reached.cursor, _lateness_s(section)), reached.cursor
    facts = open_feature(run.name, section, run.workspace.opened.root)
    with facts.read(since) as reading:
        stored = run.values()
        taken = Taken(
            whole=since is None,
            anew=not run.released,
            values=values_read(section, reading.schema, None if run.rebuild else stored),
            cursor=known,
        )
        if stored is not None and not run.rebuild:
            taken.values = stored
        taken.anew = stored is None or not taken.values.equals(stored)
        taken.batches |= reached.batches if reached and resumable else set()
        for batch in reading.batches:
            _take(run, taken, batch, work if resumable else None)
    return taken


def _take(run: FeatureRun, taken: Taken, batch: pa.RecordBatch, work: str | None) -> None:
    """Stage one batch. Its marker, and those after it, are left out when rows of it were rejected."""
    section, now = run.section, run.started_at
    outcome = to_rows(
        batch,
        RowFacts(feature=run.name, section=section, values=taken.values, run_id=run.run_id, now=now),
    )
    taken.rejected += outcome.rejected.to_pylist()
    if len(taken.rejected) > MAX_REJECTED:
        log_rejected(run, taken.rejected)
        raise RefusedError(
            f"feature {run.name!r} has more than {MAX_REJECTED} rows that do not pass",
            fix=f"see `headwater quarantine list --source {run.name}`",
        )
    rows = outcome.passed
    first = run.staging.next_number()
    name = f"{run.run_id}-{first}"
    with run.seconds.spent_on("stage"):
        taken.bytes_staged += run.staging.append(rows, name, first)
    taken.batches.add(name)
    if section.cursor is not None and rows.num_rows:
        column = "event_at" if section.cursor == section.time else section.cursor
        taken.cursor = largest(rows, column, now) or taken.cursor
        if work is not None and not taken.rejected and taken.cursor is not None:
            run.staging.mark(name, work, taken.cursor, first + rows.num_rows)


def log_rejected(run: FeatureRun, rejected: list[dict[str, Any]]) -> None:
    """Log the rows that did not pass, unless the last ones logged are the same."""
    told = ("key", "record", "reason", "message")
    log = logs.quarantine(run.workspace.store, source=run.name).to_pylist()
    last = [row for row in log if row["run_id"] == log[-1]["run_id"]]
    if _said(last, told) == _said(rejected, told):
        return
    logs.append_quarantine(
        run.workspace.store,
        [
            {
                **row,
                "quarantine_id": digest("quarantine", run.run_id, row["key"], row["reason"], n)[:12],
                "run_id": run.run_id,
                "source": run.name,
                "content_hash": None,
                "uri": None,
                "at": run.started_at,
            }
            for n, row in enumerate(rejected)
        ],
    )


def conflicting_row(run: FeatureRun, row: dict[str, Any]) -> dict[str, Any]:
    """Return the rejected row of facts that a reading said in two ways."""
    return {
        "key": row["entity"],
        "record": None,
        "document_id": row["row_id"],
        "stage": "read",
        "reason": str(Reason.CONFLICTING_FACTS),
        "message": f"rows of {run.section.entity} {row['entity']!r} say different things of one time",
    }


def _said(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[str]:
    return sorted(str([row[name] for name in columns]) for row in rows)


def _lateness_s(section: FeatureSection) -> int:
    return duration_s(section.lateness) if section.lateness else 0


def _version(run: FeatureRun) -> int:
    return run.base.tables[run.table].version if run.base and run.released else 0
