"""Law 2: what a history of changes leaves in the store is what its last step alone would have made."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.flows.projects import Project
from tests.oracle import differences, published, rebuilt
from tests.promises.history import states

PDFS = "retrieval/financebench_dev/pdfs"


def lay_out(snapshot: Path, keys: list[str], target: Path) -> set[str]:
    """Make a folder hold exactly these files of a snapshot, as a sync would; an equal file keeps its time."""
    for path in [path for path in target.rglob("*") if path.is_file()]:
        if str(path.relative_to(target)) not in keys:
            path.unlink()
    for key in keys:
        copy, content = target / key, (snapshot / key).read_bytes()
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.is_file() or copy.read_bytes() != content:
            copy.write_bytes(content)
    return set(keys)


def some(corpus: Path, name: str) -> list[str]:
    """Every fifth of the small files, and every one of them that A and B do not agree on."""
    keys = {n: (corpus / f"subset-{n}.txt").read_text(encoding="utf-8").split("\n")[:-1] for n in "AB"}

    def same(key: str) -> bool:
        return key in keys["B"] and (corpus / "A" / key).read_bytes() == (corpus / "B" / key).read_bytes()

    left_out = {key for n, key in enumerate(filter(same, keys["A"])) if n % 5}
    return [key for key in keys[name] if key not in left_out]


def whole(corpus: Path, name: str) -> list[str]:
    root = corpus / name
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "choose", [some, pytest.param(whole, marks=[pytest.mark.gate, pytest.mark.timeout(3_600)])]
)
def test_snapshot_a_replaced_by_b_leaves_what_b_alone_makes(
    project: Project, shared: Path, choose: Callable[[Path, str], list[str]]
) -> None:
    corpus, docs = shared / "kubernetes-community", project.root / "docs"
    first = lay_out(corpus / "A", choose(corpus, "A"), docs)
    cold = project.ingest()
    assert cold.run.items.listed == len(first)
    second = lay_out(corpus / "B", choose(corpus, "B"), docs)

    paid = project.ingest()

    tell(f"A: {cold.run.items}, {cold.embeddings} embeddings")
    tell(f"B: {paid.run.items}, {paid.parses} parses, {paid.embeddings} embeddings")
    rejected = project.quarantined()
    tell(f"quarantine: {rejected}")
    workspace = project.open()
    assert differences(published(workspace), rebuilt(workspace, "docs")) == []
    assert paid.run.items.quarantined == len(second - project.live("docs")) == len(second & rejected.keys())
    assert project.ingest().run.state == "unchanged"


@pytest.mark.parametrize(
    "steps", [8, pytest.param(100, marks=[pytest.mark.gate, pytest.mark.timeout(1_800)])]
)
def test_every_step_of_a_random_history_leaves_what_a_rebuild_makes(
    project: Project, seed: int, steps: int
) -> None:
    for step, state in enumerate(islice(states(seed), steps)):
        state.lay_out(project)

        paid = project.ingest(allow_rebuild=True)

        workspace = project.open()
        live = {n: rows.filter(pc.equal(rows["status"], "live")) for n, rows in published(workspace).items()}
        assert differences(live, rebuilt(workspace, "docs")) == [], f"step {step}"
        assert paid.run.release == step + 1


@pytest.mark.gate
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(("folder", "ending", "count"), [("peps", "*.rst", 40), (PDFS, "*.pdf", 17)])
def test_no_real_document_is_lost(
    project: Project, shared: Path, folder: str, ending: str, count: int
) -> None:
    for path in sorted((shared / folder).glob(ending)):
        shutil.copyfile(path, project.root / "docs" / path.name)

    paid = project.ingest()

    items, rejected = paid.run.items, project.quarantined()
    characters = sum(len(row["text"]) for row in project.documents("text"))
    tell(f"{folder}: {items}; {paid.run.chunks.total} chunks of {characters} characters")
    tell(f"quarantine: {rejected}")
    assert items.listed == count == items.added + items.quarantined
    assert len(rejected) == items.quarantined
    workspace = project.open()
    assert differences(published(workspace), rebuilt(workspace, "docs")) == []


def tell(what: str) -> None:
    """Print what was seen; pytest shows it with -s, and when the test fails."""
    sys.stdout.write(what + "\n")
