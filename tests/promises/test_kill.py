"""Law 4 under kill -9: whenever a run dies, the next ends where an unkilled one does, and no reader sees."""

from __future__ import annotations

import random
import sys
from itertools import islice
from pathlib import Path

import pytest

from flows.workspace import Workspace
from infra.store import releases
from schemas.tools import Embedder
from tests.flows.projects import Project
from tests.oracle import differences, published
from tests.promises.history import state_at, states
from tests.promises.killing import Killer, reader
from tests.s3 import new_store

TARGETS = ("work", "stage", "publish", "publish", "publish repair", "publish repair", "remember")
"""Phases to die in, one after the other: a repair has something to mend only after a death in publish."""
COVERED = {"stage", "publish", "repair"}


def rejected(workspace: Workspace) -> set[tuple[str, ...]]:
    if not workspace.store.has("quarantine"):
        return set()
    rows = workspace.store.scan("quarantine").to_pylist()
    return {(row["key"], str(row["record"]), row["content_hash"] or "", row["reason"]) for row in rows}


@pytest.mark.parametrize(
    ("kills", "place"),
    [
        pytest.param(20, "disk", marks=pytest.mark.timeout(900)),
        pytest.param(200, "disk", marks=[pytest.mark.gate, pytest.mark.timeout(7_200)]),
        pytest.param(8, "object_storage", marks=[pytest.mark.gate, pytest.mark.timeout(1_800)]),
    ],
)
def test_a_run_killed_at_any_moment_is_as_if_it_had_never_been(
    tmp_path: Path,
    embedders: dict[str, Embedder],
    seed: int,
    kills: int,
    place: str,
    request: pytest.FixtureRequest,
) -> None:
    chance = random.Random(seed)
    store = {"uri": str(tmp_path / "store")} if place == "disk" else new_store(request.getfixturevalue(place))
    killer = Killer(root=tmp_path, seed=seed, chance=chance, store=store)
    with reader(store) as saw, killer.ready():
        while killer.killed_in.total() < kills or not (killer.mended and killer.killed_in.keys() >= COVERED):
            for n, target in enumerate(chance.choice(TARGETS).split()):
                killer.kill(target, after=0 if n else chance.randrange(2))
        killer.finish()
    sys.stdout.write(f"{killer.killed_in.total()} kills in {dict(killer.killed_in)}\n")
    sys.stdout.write(f"{killer.mended} stores mended, {killer.step} steps of history, reader: {saw}\n")

    assert saw["torn"] == []
    assert saw["reads"] > kills
    project = Project(root=tmp_path, embedders=embedders, settings={"store": store})
    state_at(seed, killer.step - 1).lay_out(project)
    idle = project.ingest()
    assert (idle.run.state, idle.embeddings) == ("unchanged", 0)
    ours = project.open()
    assert not [name for name in ours.store.names() if name.startswith("staging__")]

    project.settings["store"] = {"uri": "twin"}
    for state in islice(states(seed), killer.step):
        state.lay_out(project)
        project.ingest(allow_rebuild=True)

    twin = project.open()
    numbers = [release.release for release in releases.releases(twin.store)]
    assert [release.release for release in releases.releases(ours.store)] == numbers
    for number in numbers:
        assert differences(published(ours, number), published(twin, number)) == [], f"release {number}"
    assert rejected(ours) == rejected(twin)
