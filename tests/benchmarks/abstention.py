"""Tell questions that a corpus answers from near-topic ones that it does not, by what the two legs found.

usage: python -m tests.benchmarks.abstention FOLDER [SET]   (FOLDER keeps what was ingested)

With SET, questions of it that no threshold has seen are asked, those between the ones of the table: with what
is fitted on the table's, and with the default. HEADWATER_SHARED names the folder of the sets.

Every question is asked twice: as it is, and with the documents that answer it removed by the pre-filter, as
if they had never been ingested. A signal's threshold is fitted with at most 5% of the answerable turned away:
on the other sets together, or on the first half of a set whose second half it is reported on (other documents
where a set is in their order); never on fewer than 200 questions of each kind.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from flows.stages.ingesting import ingest_source
from flows.workspace import Workspace, open_workspace
from infra.questions import read_questions
from infra.store import releases
from infra.store.filters import is_in
from infra.store.readable import Readable
from infra.store.search import Passages
from schemas.evaluation import Question
from schemas.project import ContextViewSection
from tests.benchmarks.measuring import SHARED
from transforms.choose import RELEVANT
from transforms.confidence import SIGNALS, confidence
from transforms.evaluation.abstention import Abstention, fit_threshold, measured
from transforms.rank import Hit, fuse

SETS = ("squad_dev", "lihua_world", "cranfield", "anthropic_docs")
REPORTED = 200
"""Questions of each kind that a set needs to be reported on."""
MOST = 400
CURVE = (0.20, 0.25, 0.30, 0.33, 0.36, 0.40, 0.45)
VIEW = ContextViewSection()
COLUMNS = ["chunk_id", "document_id", "quote", "title", "headings", "score"]

Pair = tuple[str, list[Hit], list[Hit]]
"""A question, what it finds, and what it finds without the documents that answer it."""


def main(folder: Path) -> None:
    pairs = {name: list(found(folder / name, name)) for name in SETS}
    print(f"{'signal':<14} {'reported on':<14} {'fitted on':<14} {'n of each':>9} {'balanced':>9} "
          f"{'abstains':>9} {'AUROC':>6}")  # fmt: skip
    for signal, score in SIGNALS.items():
        scores = {name: scored(mine, score) for name, mine in pairs.items()}
        for name, (kinds, values) in scores.items():
            if kinds.sum() >= REPORTED:
                others = [scores[other] for other in SETS if other != name]
                fitted = fit_threshold(*map(np.concatenate, zip(*others, strict=True)))
                told(signal, name, "other sets", measured(kinds, values, fitted))
            if len(pairs[name]) >= 2 * REPORTED:
                first = np.tile(np.arange(len(pairs[name])) < len(pairs[name]) // 2, 2)
                fitted = fit_threshold(kinds[first], values[first])
                told(signal, name, "its first half", measured(kinds[~first], values[~first], fitted))
    for name, mine in pairs.items():
        curve(name, *scored(mine, confidence))


def blind(folder: Path, name: str) -> None:
    """Report on questions of a set that were not looked at when signals and limits were chosen."""
    seen = scored(list(found(folder / name, name)), confidence)
    kinds, values = scored(list(found(folder / name, name, unseen=True)), confidence)
    for label, threshold in (("those seen", fit_threshold(*seen)), ("default", RELEVANT)):
        told("confidence", name, label, measured(kinds, values, threshold))


def told(signal: str, name: str, fitted_on: str, found: Abstention) -> None:
    """Print one row."""
    row = f"{signal:<14} {name:<14} {fitted_on:<14} {found.answerable:>9} {found.balanced_accuracy:>9.3f}"
    print(f"{row} {found.false_abstention:>9.3f} {found.auroc:>6.3f}")


def curve(name: str, kinds: Any, values: Any) -> None:
    """Print what each threshold costs and spares."""
    shown = [measured(kinds, values, threshold) for threshold in CURVE]
    cells = [f"{one.threshold:.2f}: {one.false_abstention:.2f}/{one.false_answering:.2f}" for one in shown]
    print(f"{name:<14} abstains/answers wrongly at  " + "  ".join(cells))


def scored(pairs: list[Pair], score: Callable[[str, list[Hit]], float]) -> tuple[Any, Any]:
    """Return which are answerable, and every one's score."""
    right, wrong = ([score(pair[0], pair[n]) for pair in pairs] for n in (1, 2))
    return np.array([True] * len(right) + [False] * len(wrong)), np.array([*right, *wrong])


def found(folder: Path, name: str, *, unseen: bool = False) -> Iterator[Pair]:
    """Yield what a set's questions find; searched once and kept."""
    kept = folder / ("unseen.json" if unseen else "found.json")
    if not kept.exists():
        workspace, keys = ingested(folder, name)
        questions = read_questions(SHARED / "data" / "retrieval" / name).questions
        step = max(1, len(questions) // MOST)
        first = step // 2 if unseen else 0
        asked = [one for one in questions[first::step] if names_of(one) <= keys.keys()]
        kept.write_text(json.dumps([searched(workspace, one, keys) for one in asked]))
    for row in json.loads(kept.read_text()):
        yield row["question"], *(hits_of(row[side]) for side in ("with", "without"))


def ingested(folder: Path, name: str) -> tuple[Workspace, dict[str, str]]:
    """Return a project over a set's documents, and document -> file."""
    lines = (SHARED / "data" / "retrieval" / name / "corpus.jsonl").read_text("utf-8").splitlines()
    keys = {}
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for n, row in enumerate(map(json.loads, lines)):
        keys[row["_id"]] = key = f"d{n:05}.txt"
        (folder / "docs" / key).write_text(row["text"], "utf-8")
    source = {"type": "files", "uri": "docs", "acl": ["everyone"]}
    project = {"project": "abstention", "sources": {"docs": source}}
    (folder / "headwater.yaml").write_text(yaml.safe_dump(project), "utf-8")
    workspace = open_workspace(folder / "headwater.yaml")
    assert not ingest_source(workspace, "docs").refused
    return workspace, keys


def searched(workspace: Workspace, question: Question, keys: dict[str, str]) -> dict[str, Any]:
    """Search both legs with and without the documents that answer a question."""
    release = releases.current(workspace.store)
    assert release is not None
    index = release.indexes["default"]
    version = release.tables[index["table"]].version
    table = workspace.store.open(index["table"], version=version)
    passages = workspace.store.made_of(index["table"], version, Passages)
    vector = workspace.embedder_for(index["embedder"], index["embedder_fp"]).embed_query(question.question)
    answering = is_in("key", sorted(keys[one] for one in names_of(question)))
    there = table.search().where(answering)
    ids = there.select(["document_id"]).limit(None).to_arrow()["document_id"].unique().to_pylist()
    told: dict[str, Any] = {"question": question.question}
    for side, forbidden in (("with", ()), ("without", tuple(ids))):
        readable = Readable(entries=("everyone",), forbidden_documents=forbidden)
        legs = (
            passages.vector_leg(vector, readable, VIEW.depth, center_weight=VIEW.center_weight),
            passages.keyword_leg(question.question, readable, VIEW.depth),
        )
        told[side] = [leg.select(COLUMNS).to_pylist() for leg in legs]
    return told


def names_of(question: Question) -> set[str]:
    """Return the documents that answer a question."""
    return {*question.documents, *(span.document for span in question.spans)}


def hits_of(legs: list[list[dict[str, Any]]]) -> list[Hit]:
    """Return two legs as they are fused."""
    schema = pa.schema([*((name, pa.string()) for name in ("chunk_id", "document_id", "quote", "title")),
                        ("headings", pa.list_(pa.string())), ("score", pa.float64())])  # fmt: skip
    vector, keyword = (pa.Table.from_pylist(leg, schema=schema) for leg in legs)
    return fuse(vector, keyword, vector_weight=VIEW.vector_weight, margin_weight=VIEW.margin_weight)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        blind(Path(sys.argv[1]), sys.argv[2])
    else:
        main(Path(sys.argv[1]))
