"""What was served and said of it until a time, and the facts that held then, for those who make datasets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.stages.dataset_pins import UNTIL
from flows.stages.dataset_plan import Plan
from flows.workspace import Workspace
from infra.store import interactions, releases
from infra.store.features import entity_rows
from infra.store.filters import equals
from schemas.feature import FEATURE_ROW
from transforms.datasets.inputs import Asked
from transforms.features import as_of_join, jsonable


def logs_of(workspace: Workspace, plan: Plan) -> dict[str, Any]:
    """Return the logs that a builder of interactions is handed: of the definition's view if it names one."""
    until = plan.pins.get(UNTIL)
    where = equals("view", plan.view) if plan.section.context_view else None
    asked = interactions.interactions(workspace.store, where=where)
    said = interactions.feedback(workspace.store)
    return {
        "interactions": _until(asked, "asked_at", until, "context_id"),
        "feedback": _until(said, "at", until, "feedback_id"),
        "facts": partial(facts_as_of, workspace, plan),
    }


def shown_documents(logs: Mapping[str, Any]) -> list[str]:
    """Return the documents that anything in the log shows."""
    lists: pa.ChunkedArray = logs["interactions"]["document_ids"]
    return sorted({document for shown in lists.to_pylist() for document in shown})


def facts_as_of(
    workspace: Workspace, plan: Plan, feature: str, asked: Sequence[Asked]
) -> list[Mapping[str, Any]]:
    """Return a feature's values that held for each entity when it was asked about; null where none did.

    Facts are those of the export's release that the whole audience may read. Raises NotFoundError for a
    feature that is not there.
    """
    entity = workspace.opened.feature(feature).entity
    keys = [entities.get(entity) for entities, _ in asked]
    tables = [_readable(workspace, plan, feature, key) for key in sorted({key for key in keys if key})]
    facts = pa.concat_tables(tables) if tables else FEATURE_ROW.empty_table()
    values = [name for name in facts.schema.names if name not in FEATURE_ROW.names]
    times = pa.array([at for _, at in asked], pa.timestamp("us", tz="UTC"))
    wanted = pa.table({"entity": pa.array(keys, pa.string()), "at": times})
    joined = as_of_join(wanted, facts.select(["entity", "event_at", *values]))
    return [jsonable(row) for row in joined.select([*values]).to_pylist()] if values else [{} for _ in asked]


def _readable(workspace: Workspace, plan: Plan, feature: str, key: str) -> pa.Table:
    """Return the rows of an entity that everybody in the audience may read."""
    newest = releases.current(workspace.store) or plan.release
    entries: Collection[str] = plan.section.audience
    found = [
        entity_rows(workspace.store, plan.release, newest, feature, key, sorted({"everyone", entry}))
        for entry in entries
    ]
    shared = set.intersection(*(set(rows["row_id"].to_pylist()) for rows in found))
    return found[0].filter(pc.is_in(found[0]["row_id"], pa.array(sorted(shared), pa.string())))


def _until(rows: pa.Table, column: str, until: str | None, tie: str) -> pa.Table:
    if until is None:
        return rows.slice(0, 0)
    last = pa.scalar(datetime.fromisoformat(until), rows.schema.field(column).type)
    return rows.filter(pc.less_equal(rows[column], last)).sort_by([(column, "ascending"), (tie, "ascending")])
