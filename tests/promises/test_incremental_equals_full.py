"""Law 2 on real documents: what A and then B leave in the store is what B alone would have made."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.flows.projects import Project
from tests.oracle import differences, published, rebuilt
from tests.promises.history import states


def lay_out(snapshot: Path, keys: Iterable[str], target: Path) -> set[str]:
    """Make a folder hold exactly these files of a snapshot, as a sync would: others are deleted."""
    wanted = set(keys)
    for path in [path for path in target.rglob("*") if path.is_file()]:
        if str(path.relative_to(target)) not in wanted:
            path.unlink()
    for key in sorted(wanted):
        (target / key).parent.mkdir(parents=True, exist_ok=True)
        content = (snapshot / key).read_bytes()
        if not (target / key).is_file() or (target / key).read_bytes() != content:
            (target / key).write_bytes(content)
    return wanted


def some(corpus: Path, name: str) -> list[str]:
    """Every fifth of the small files, and every one of them that A and B do not agree on."""
    keys = {n: (corpus / f"subset-{n}.txt").read_text(encoding="utf-8").split("\n")[:-1] for n in "AB"}
    same = [key for key in keys["A"] if key in keys["B"] and (corpus / "A" / key).read_bytes() == (corpus / "B" / key).read_bytes()]
    return [key for key in keys[name] if key not in same or same.index(key) % 5 == 0]


def whole(corpus: Path, name: str) -> list[str]:
    return [str(path.relative_to(corpus / name)) for path in (corpus / name).rglob("*") if path.is_file()]


@pytest.mark.parametrize("choose", [some, pytest.param(whole, marks=[pytest.mark.gate, pytest.mark.timeout(1_800)])])
def test_snapshot_a_replaced_by_b_leaves_what_b_alone_makes(
    project: Project, shared: Path, choose: Callable[[Path, str], list[str]]
) -> None:
    corpus, docs = shared / "kubernetes-community", project.root / "docs"
    first = lay_out(corpus / "A", choose(corpus, "A"), docs)
    assert project.ingest().run.items.listed == len(first)
    second = lay_out(corpus / "B", choose(corpus, "B"), docs)

    paid = project.ingest()

    items = paid.run.items
    print(f"A {len(first)}, B {len(second)} items: {items}; {paid.parses} parses, {paid.embeddings} embeddings")
    print(f"quarantine: {project.quarantined()}")
    workspace = project.open()
    assert not differences(published(workspace), rebuilt(workspace, "docs"))
    assert items.quarantined == len(second) - len(project.live("docs")) == len(project.quarantined().keys() & second)
    assert project.ingest().run.state == "unchanged"


@pytest.mark.parametrize("steps", [8, pytest.param(80, marks=[pytest.mark.gate, pytest.mark.timeout(1_800)])])
def test_every_step_of_a_random_history_leaves_what_a_rebuild_makes(project: Project, seed: int, steps: int) -> None:
    for step, state in enumerate(islice(states(seed), steps)):
        state.lay_out(project)

        paid = project.ingest(allow_rebuild=True)

        workspace = project.open()
        ours = {name: table.filter(pc.equal(table["status"], "live")) for name, table in published(workspace).items()}
        assert not differences(ours, rebuilt(workspace, "docs")), f"step {step} of seed {seed}"
        assert paid.run.release == step + 1


@pytest.mark.gate
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(("folder", "ending", "count"), [("peps", "*.rst", 40), ("retrieval/financebench_dev/pdfs", "*.pdf", 17)])
def test_no_real_document_is_lost(project: Project, shared: Path, folder: str, ending: str, count: int) -> None:
    for path in sorted((shared / folder).glob(ending)):
        shutil.copyfile(path, project.root / "docs" / path.name)

    paid = project.ingest()

    items, quarantined = paid.run.items, project.quarantined()
    characters = Counter({row["key"]: len(row["text"]) for row in project.documents("key", "text")})
    print(f"{folder}: {items}; {paid.run.chunks.total} chunks, {characters.total()} characters; quarantine: {quarantined}")
    assert items.listed == count
    assert items.listed == items.added + items.quarantined
    assert len(quarantined) == items.quarantined
    assert all(quarantined.values())
    workspace = project.open()
    assert not differences(published(workspace), rebuilt(workspace, "docs"))
