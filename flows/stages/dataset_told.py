"""What a dataset's folder says of itself: the facts of its card, and the manifest of its files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from flows.stages.dataset_plan import Plan
from flows.stages.dataset_tally import Tally
from transforms.datasets.card import Card


def card_of(tally: Tally, plan: Plan, refused: Counter[str]) -> Card:
    """Return what the card of a dataset says."""
    return Card(
        dataset=plan.name,
        type=plan.section.type,
        format=plan.format,
        task=plan.type.task,
        how=plan.type.how,
        release=plan.release.release,
        definition_hash=plan.definition_hash,
        view=plan.view if plan.type.retrieves else None,
        splits=tally.counts(),
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


def write_manifest(partial: Path, tally: Tally, plan: Plan, refused: Counter[str]) -> dict[str, str]:
    """Write the manifest, and return the sha256 of every file, the manifest included."""
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
        "pins": dict(plan.pins),
        "audience": list(plan.section.audience),
        "table": {"name": plan.chunks.name, "version": plan.chunks.version},
        "splits": tally.counts(),
        "kinds": dict(sorted(tally.kinds.items())),
        "sufficiency": plan.type.rule.told(_used(tally, plan)),
        "refused": dict(sorted(refused.items())),
        "files": files,
    }
    path = partial / "_meta" / "manifest.json"
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return {**files, "_meta/manifest.json": _sha256_of(path)}


def _used(tally: Tally, plan: Plan) -> int:
    """Return how many rows there are for what the dataset is made for."""
    return tally.splits["test" if plan.parts else "train"]


def _sufficiency(tally: Tally, plan: Plan) -> str:
    rule, rows = plan.type.rule, _used(tally, plan)
    verdict = rule.verdict(rows).capitalize()
    numbers = f"{rows} rows; {rule.enough:,} are enough, fewer than {rule.thin:,} are too few"
    return f"{verdict}: {numbers}. A rule of thumb: {rule.why}."


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
