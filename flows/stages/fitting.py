"""Whether each index's embedder fits the languages of what it embeds, from a sample of the chunks."""

from __future__ import annotations

from flows.workspace import Workspace
from infra.embedders import EmbedderParams
from infra.embedders.card import spoken_by
from infra.store import releases
from infra.store.sample import sampled_texts
from infra.store.staging import Staging
from transforms.languages import misfit

SAMPLE = 400
"""Chunks looked at: a share of 62% is told to within 5 points."""


def staged_misfits(workspace: Workspace, staging: Staging) -> tuple[str, ...]:
    """Return a note for each index whose embedder is not for what a run has staged for it."""
    notes = (
        _note(workspace, name, staging.sampled_texts(index.table, SAMPLE))
        for name, index in workspace.indexes.items()
    )
    return tuple(dict.fromkeys(note for note in notes if note))


def released_misfits(workspace: Workspace) -> dict[str, str | None]:
    """Return a note for each of the project's indexes at the newest release, None where the embedder fits."""
    last = releases.current(workspace.store) if workspace.store.exists() else None
    found: dict[str, str | None] = {}
    for name, state in (last.indexes if last else {}).items():
        if last is not None and name in workspace.indexes:
            version = last.tables[state["table"]].version
            texts = sampled_texts(workspace.store, state["table"], SAMPLE, version=version)
            found[name] = _note(workspace, name, texts)
    return found


def _note(workspace: Workspace, index: str, texts: list[str]) -> str | None:
    if not texts:
        return None
    section = workspace.indexes[index].section.embedder
    return misfit(texts, spoken_by(EmbedderParams(**section.model_dump())), section.model.rpartition("/")[2])
