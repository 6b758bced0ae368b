"""Pins: what decides a dataset's rows besides its release and definition; its manifest has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows.workspace import Workspace
from infra.store import releases
from infra.store.interactions import feedback
from schemas.errors import ConfigError
from schemas.release import Release, TableVersion
from transforms.datasets import DatasetType

EARLIER, UNTIL = "earlier", "feedback_until"


def pins_of(
    workspace: Workspace,
    kind: DatasetType,
    params: Any,
    pinned: Release,
    index: str,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the pins of an export: those that are given, else the definition's, else what there is today."""
    pins: dict[str, Any] = {}
    if kind.earlier:
        pins[EARLIER] = _earlier(workspace, given.get(EARLIER) or params.earlier, pinned, index)
    if kind.interactions:
        pins[UNTIL] = _until(workspace, given.get(UNTIL) or params.until)
    return pins


def chunk_tables(workspace: Workspace, index: str) -> dict[int, TableVersion]:
    """Return the chunk table of each release that is still there."""
    found = releases.with_expired(workspace.store)
    return {one.release: one.tables[one.indexes[index]["table"]] for one in found if index in one.indexes}


def _earlier(workspace: Workspace, wanted: int | None, pinned: Release, index: str) -> int | None:
    """Return an earlier release; the oldest whose index has the same embedder, if none is wanted."""
    if wanted is not None:
        found = releases.get(workspace.store, wanted)
        if found.release >= pinned.release or index not in found.indexes:
            raise ConfigError(
                f"release {wanted} is not earlier than {pinned.release}, or has no index {index!r}",
                fix="name an older one as `earlier`; see `headwater release list`",
            )
        return wanted
    same = pinned.indexes[index]["embedder_fp"]
    older = [
        one.release
        for one in releases.releases(workspace.store)
        if one.release < pinned.release and one.indexes.get(index, {}).get("embedder_fp") == same
    ]
    return older[0] if older else None


def _until(workspace: Workspace, wanted: str | None) -> str | None:
    """Return until when feedback counts: until the newest there is, unless an earlier time is wanted."""
    if wanted is None:
        times = feedback(workspace.store)["at"]
        return times[-1].as_py().isoformat() if len(times) else None
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError(
            f"{wanted!r} is no time with a zone", fix="write until: '2026-01-31T00:00:00+00:00'"
        )
    return moment.isoformat()
