"""Facts for a request: entities looked up at its release, functions asked now, under the asker's rights."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pyarrow as pa

from flows.workspace import Workspace
from infra.store import releases
from infra.store.features import entity_rows
from schemas.context import ContextRequest
from schemas.feature import FEATURE_ROW, FeatureSection, FunctionSection
from schemas.project import ContextViewSection
from schemas.release import Release
from schemas.section import duration_s
from transforms.features import Fact, as_of_join, feature_text


def look_up(
    workspace: Workspace,
    release: Release,
    name: str,
    key: str,
    entries: Sequence[str],
    as_of: datetime | None = None,
) -> dict[str, Any] | None:
    """Return an entity's newest facts at a release, or those that held at `as_of`; None where there are none.

    The same None answers for an entity that is not there and for one that the caller may not read. The row is
    the table's: `entity`, `event_at`, `acl`, and values. Raises NotFoundError for a feature that the newest
    release does not have.
    """
    newest = releases.current(workspace.store) or release
    rows = entity_rows(workspace.store, release, newest, name, key, entries)
    if not rows.num_rows:
        return None
    if as_of is None:
        return dict(rows.slice(rows.num_rows - 1).to_pylist()[0])
    asked = pa.table({"entity": [key], "at": pa.array([as_of], pa.timestamp("us", tz="UTC"))})
    found: dict[str, Any] = as_of_join(asked, rows).drop_columns(["at"]).to_pylist()[0]
    return found if found["event_at"] is not None else None


def gathered(
    workspace: Workspace,
    release: Release,
    section: ContextViewSection,
    request: ContextRequest,
    entries: Sequence[str],
) -> list[Fact]:
    """Return a context view's facts for a request: its features in order, then its functions'.

    A feature is looked up for the entity that the request names for it; without one it says nothing. Raises
    NotFoundError for a feature that the newest release does not have, ConfigError for a missing function.
    """
    now = workspace.clock()
    facts = [
        fact
        for name in section.features
        if (fact := _feature(workspace, release, name, request, entries, now)) is not None
    ]
    functions = [one for one in section.functions if set(one.acl) & set(entries)]
    if not functions:
        return facts
    with ThreadPoolExecutor(len(functions)) as pool:
        return facts + list(pool.map(lambda one: _answered(workspace, one, request), functions))


def _feature(
    workspace: Workspace,
    release: Release,
    name: str,
    request: ContextRequest,
    entries: Sequence[str],
    now: datetime,
) -> Fact | None:
    section = workspace.opened.feature(name)
    key = request.entities.get(section.entity)
    if key is None:
        return None
    row = look_up(workspace, release, name, key, entries, request.as_of)
    if row is None:
        return None
    values = {column: value for column, value in row.items() if column not in FEATURE_ROW.names}
    return Fact(
        kind="feature",
        name=name,
        key=key,
        values=values,
        text=feature_text(name, key, values, row["event_at"]),
        at=row["event_at"],
        stale=_is_stale(section, row["event_at"], now),
        acl=tuple(row["acl"]),
    )


def _is_stale(section: FeatureSection, at: datetime, now: datetime) -> bool:
    return section.max_age is not None and (now - at).total_seconds() > duration_s(section.max_age)


def _answered(workspace: Workspace, section: FunctionSection, request: ContextRequest) -> Fact:
    answer = workspace.live.ask(section, request.entities, request.question)
    key = " ".join(f"{name}={value}" for name, value in sorted(request.entities.items()))
    said = (
        feature_text(section.label, key, answer.value, answer.fetched_at) if answer.value is not None else ""
    )
    if answer.problem is not None and said:
        said = f"{said} (a fallback: {section.label} did not answer)"
    return Fact(
        kind="function",
        name=section.label,
        key=key,
        values=answer.value,
        text=said,
        at=answer.fetched_at,
        volatile=True,
        problem=answer.problem,
        acl=section.acl,
    )
