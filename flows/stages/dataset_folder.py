"""A dataset's folder: written beside its place, whole or not at all, the same bytes for the same rows."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from flows.stages.dataset_plan import Plan
from infra.store.sync import sync_to_disk
from schemas.dataset import LINEAGE, SPLITS, Example, Use
from schemas.errors import ConfigError
from transforms.datasets.card import Card, card
from transforms.datasets.splits import promoted

LINEAGE_ROWS = 8_192
"""Uses that are kept before they are written."""

SHOWN_ROWS = 2
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a folder holds."""

    splits: Mapping[str, int]
    files: Mapping[str, str]
    """File -> sha256, the manifest included."""

    @property
    def rows(self) -> int:
        """Rows in all splits."""
        return sum(self.splits.values())


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Make a folder beside another one's place, and remove it unless it was moved there.

    What an interrupted export left is removed too: the caller holds the dataset's lock. Raises ConfigError
    for a place where nothing can be written.
    """
    partial = folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}{PARTIAL}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{folder.name}-*{PARTIAL}"):
            shutil.rmtree(left)
        partial.mkdir()
    except OSError as problem:
        raise ConfigError(
            f"the folder {str(folder.parent)!r} cannot be written: {problem.strerror}",
            fix="name one that can be with --out",
        ) from problem
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_folder(partial: Path, folder: Path) -> None:
    """Move a finished folder to its place, unless the very same is there already."""
    sync_to_disk(str(partial))
    if folder.exists():
        if _manifest(folder) == _manifest(partial):
            return
        folder.rename(folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}{PARTIAL}")
    partial.rename(folder)
    for replaced in folder.parent.glob(f".{folder.name}-*{PARTIAL}"):
        shutil.rmtree(replaced)


def write_folder(
    partial: Path, examples: Iterable[Example], families: Mapping[str, str], plan: Plan, refused: Counter[str]
) -> Written:
    """Write rows, lineage, card and manifest; `refused` is complete once the examples are."""
    (partial / "_meta").mkdir()
    tally = _Tally()
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        uses = stack.enter_context(pq.ParquetWriter(partial / "_meta" / "lineage.parquet", LINEAGE))
        for example in examples:
            split = plan.split_of(families[example.document_id])
            if split not in files:
                path = partial / plan.file_of(split)
                files[split] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            row = plan.write(example)
            line = json.dumps(row, ensure_ascii=False)
            files[split].write(line + "\n")
            tally.add(example, split, row)
            tally.pending += [
                _lineage(example, use, split, tally.splits[split], line, plan) for use in example.uses
            ]
            if len(tally.pending) >= LINEAGE_ROWS:
                _flush(uses, tally)
        _flush(uses, tally)
    if not plan.parts:
        _fill_train(partial, tally)
    (partial / "README.md").write_text(card(_card(tally, plan, refused)), encoding="utf-8", newline="\n")
    return Written(splits=_counts(tally), files=_manifest_of(partial, tally, plan, refused))


@dataclass(kw_only=True)
class _Tally:
    """What has been written so far."""

    splits: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    documents: set[str] = field(default_factory=set)
    examples: list[Mapping[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)

    def add(self, example: Example, split: str, row: Mapping[str, Any]) -> None:
        """Count one row."""
        self.splits[split] += 1
        self.kinds[example.kind] += 1
        self.sources[example.uses[0].source] += 1
        self.documents.add(example.document_id)
        if len(self.examples) < SHOWN_ROWS:
            self.examples.append(row)


def _flush(uses: pq.ParquetWriter, tally: _Tally) -> None:
    if tally.pending:
        uses.write_table(pa.Table.from_pylist(tally.pending, schema=LINEAGE))
        tally.pending.clear()


def _lineage(example: Example, use: Use, split: str, line: int, text: str, plan: Plan) -> dict[str, Any]:
    return {
        "row_id": example.row_id,
        "row_hash": _sha256(text.encode()),
        "split": split,
        "line": line,
        "kind": example.kind,
        "role": use.role,
        "source": use.source,
        "uri": use.uri,
        "document_id": use.document_id,
        "chunk_id": use.chunk_id,
        "start": use.start,
        "end": use.end,
        "quote_hash": _sha256(use.quote.encode()),
        "release": plan.release.release,
        "table": plan.chunks.name,
        "version": plan.chunks.version,
        "acl": list(use.acl),
    }


def _fill_train(partial: Path, tally: _Tally) -> None:
    """Rename the largest split to `train` when so few families were there that none fell into it."""
    chosen = promoted(tally.splits)
    if chosen is None:
        return
    (partial / f"{chosen}.jsonl").rename(partial / "train.jsonl")
    tally.splits["train"] = tally.splits.pop(chosen)
    path = partial / "_meta" / "lineage.parquet"
    uses = pq.read_table(path, schema=LINEAGE)
    names = ["train" if split == chosen else split for split in uses["split"].to_pylist()]
    at = LINEAGE.get_field_index("split")
    pq.write_table(uses.set_column(at, LINEAGE.field("split"), pa.array(names, pa.string())), path)


def _card(tally: _Tally, plan: Plan, refused: Counter[str]) -> Card:
    return Card(
        dataset=plan.name,
        type=plan.section.type,
        format=plan.format,
        task=plan.type.task,
        how=plan.type.how,
        release=plan.release.release,
        definition_hash=plan.definition_hash,
        view=plan.view if plan.type.retrieves else None,
        splits=_counts(tally),
        refused=dict(sorted(refused.items())),
        kinds=dict(sorted(tally.kinds.items())),
        sources=dict(sorted(tally.sources.items())),
        documents=len(tally.documents),
        sufficiency=_sufficiency(tally, plan),
        audience=plan.section.audience,
        parts=plan.parts,
        languages=("en",),
        examples=tally.examples,
    )


def _manifest_of(partial: Path, tally: _Tally, plan: Plan, refused: Counter[str]) -> dict[str, str]:
    files = {
        path.relative_to(partial).as_posix(): _sha256_of(path)
        for path in sorted(partial.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "dataset": plan.name,
        "release": plan.release.release,
        "definition": plan.definition,
        "definition_hash": plan.definition_hash,
        "audience": list(plan.section.audience),
        "table": {"name": plan.chunks.name, "version": plan.chunks.version},
        "splits": _counts(tally),
        "kinds": dict(sorted(tally.kinds.items())),
        "sufficiency": plan.type.rule.told(_used(tally, plan)),
        "refused": dict(sorted(refused.items())),
        "files": files,
    }
    path = partial / "_meta" / "manifest.json"
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return {**files, "_meta/manifest.json": _sha256_of(path)}


def _used(tally: _Tally, plan: Plan) -> int:
    """Return how many rows there are for what the dataset is made for."""
    return tally.splits["test" if plan.parts else "train"]


def _sufficiency(tally: _Tally, plan: Plan) -> str:
    rule, rows = plan.type.rule, _used(tally, plan)
    verdict = rule.verdict(rows).capitalize()
    numbers = f"{rows} rows; {rule.enough:,} are enough, fewer than {rule.thin:,} are too few"
    return f"{verdict}: {numbers}. A rule of thumb: {rule.why}."


def _counts(tally: _Tally) -> dict[str, int]:
    return {split: tally.splits[split] for split in SPLITS}


def _manifest(folder: Path) -> bytes:
    path = folder / "_meta" / "manifest.json"
    return path.read_bytes() if path.is_file() else b""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
