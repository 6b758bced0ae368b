"""Question sets: a corpus as one file of records, its questions, and what answers them.

They lie in `$HEADWATER_SHARED/data/retrieval/NAME`, and are never copied into the repository.
"""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from flows.stages.ingesting import IngestOptions, ingest_source
from flows.workspace import Workspace, open_workspace

SETS = (
    "lihua_world", "anthropic_docs", "cranfield", "squad_dev", "chunking_evaluation", "financebench_dev"
)  # fmt: skip
CORPUS = "corpus.jsonl"


def shared_sets() -> Path | None:
    """Return the folder of the sets, or None where there is none."""
    shared = os.environ.get("HEADWATER_SHARED")
    folder = Path(shared) / "data" / "retrieval" if shared else None
    return folder if folder is not None and folder.is_dir() else None


@dataclass(frozen=True)
class QuestionSet:
    """One set, as it lies in its folder."""

    folder: Path
    step: int = 1
    """Every so many-th question is asked."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def questions(self) -> list[dict[str, Any]]:
        """Its questions, `_id` and `text`, or an even sample of them."""
        return _lines(self.folder / "queries.jsonl")[:: self.step]

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of each document."""
        return {row["_id"]: row["text"] for row in _lines(self.folder / CORPUS)}

    @cached_property
    def relevant(self) -> dict[str, dict[str, int]]:
        """For sets of documents: the grades of what answers each question."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        with (self.folder / "qrels.tsv").open(encoding="utf-8") as file:
            for question, document, grade in list(csv.reader(file, delimiter="\t"))[1:]:
                found[question][document] = int(grade)
        return found

    @cached_property
    def spans(self) -> dict[str, list[tuple[str, int, int]]]:
        """For sets of spans: document, start and end of what answers each question."""
        found: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        for row in _lines(self.folder / "spans.jsonl"):
            found[row["query_id"]].append((row["doc_id"], row["start"], row["end"]))
        return found

    @cached_property
    def evidence(self) -> dict[str, list[dict[str, Any]]]:
        """For sets of pages: document, page and text of what answers each question."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in _lines(self.folder / "evidence.jsonl"):
            found[row["query_id"]].append(row)
        return found

    @property
    def kind(self) -> str:
        """`spans`, `pages` or `documents`, by the file it has."""
        kinds = {"spans.jsonl": "spans", "evidence.jsonl": "pages"}
        return next((kind for file, kind in kinds.items() if (self.folder / file).is_file()), "documents")


def ingested(found: QuestionSet, work: Path, settings: dict[str, Any]) -> Workspace:
    """Return a workspace whose store holds the set; what is there already is not done twice."""
    folder = work / found.name
    folder.mkdir(parents=True, exist_ok=True)
    source = {
        "type": "files", "uri": str(found.folder), "include": [CORPUS], "acl": ["everyone"],
        "records": "rows", "record_key": "_id", "title": "title", "text": ["text"],
    }  # fmt: skip
    project = {"project": "quality", "store": {"uri": "store"}, "sources": {"docs": source}, **settings}
    (folder / "headwater.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    workspace = open_workspace(folder / "headwater.yaml")
    run = ingest_source(workspace, "docs", IngestOptions(allow_rebuild=True))
    assert not run.refused, run.refused
    return workspace


class Offsets:
    """Where a place in a stored document is in the set's own text: they differ in white space alone."""

    def __init__(self, stored: str, original: str) -> None:
        self._before = np.cumsum([0] + [not c.isspace() for c in stored])
        self._at = np.array([n for n, c in enumerate(original) if not c.isspace()] or [0])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the set's text."""
        first = min(int(self._before[start]), len(self._at) - 1)
        last = min(max(int(self._before[end]) - 1, first), len(self._at) - 1)
        return int(self._at[first]), int(self._at[last]) + 1


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
