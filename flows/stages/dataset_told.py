"""What a dataset's folder says of itself: its card, and the manifest of its files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from flows.stages.dataset_plan import Plan
from flows.stages.dataset_plots import FILE, counts_png
from flows.stages.dataset_sieves import Sieves
from flows.stages.dataset_tally import Tally
from schemas.counts import count
from transforms.datasets.card import Card, card
from transforms.datasets.trainers import trainer_files

Told = dict[str, Any]


def write_told(partial: Path, tally: Tally, plan: Plan, refused: Told, sieves: Sieves) -> dict[str, str]:
    """Write card, plots, trainers' settings and manifest; return the sha256 of every file."""
    told = _counted(tally, plan, refused, sieves)
    (partial / FILE).write_bytes(counts_png(told, tally.lengths.tokens))
    longest = told["tokens"].get("max", 0)
    files = {} if plan.parts else trainer_files(plan.name, plan.format, told["splits"], longest)
    for name, text in files.items():
        (partial / name).write_text(text, encoding="utf-8", newline="\n")
    page = card(_card(tally, plan, told, tuple(files)))
    (partial / "README.md").write_text(page, encoding="utf-8", newline="\n")
    return _write_manifest(partial, plan, told)


def _counted(tally: Tally, plan: Plan, refused: Told, sieves: Sieves) -> Told:
    """Return what was counted, for the manifest and the card."""
    lengths = tally.lengths
    return {
        "splits": tally.counts(),
        "kinds": dict(sorted(tally.kinds.items())),
        "balance": tally.balanced(),
        "sufficiency": plan.type.rule.told(_used(tally, plan)),
        "refused": refused,
        "personal": {"policy": plan.policy, "replaced": dict(sorted(sieves.redactor.counts.items()))},
        "replayed": tally.replayed,
        "tokens": lengths.told(),
        "vocabulary": tally.vocabulary.told(lengths.tokenizer),
    }


def _card(tally: Tally, plan: Plan, told: Told, trainers: tuple[str, ...]) -> Card:
    return Card(
        dataset=plan.name,
        type=plan.section.type,
        format=plan.format,
        task=plan.type.task,
        how=plan.how,
        release=plan.release.release,
        definition_hash=plan.definition_hash,
        view=plan.view if plan.type.retrieves else None,
        splits=told["splits"],
        refused=told["refused"],
        kinds=told["kinds"],
        balance=told["balance"],
        documents=len(tally.documents),
        sufficiency=_sufficiency(tally, plan),
        audience=plan.section.audience,
        parts=plan.parts,
        languages=("en",),
        examples=tally.examples,
        personal=told["personal"],
        tokens=told["tokens"],
        vocabulary=told["vocabulary"],
        replayed=tally.replayed,
        held_out=tuple(plan.reads.hashes),
        plots=FILE,
        trainers=trainers,
    )


def _write_manifest(partial: Path, plan: Plan, told: Told) -> dict[str, str]:
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
        "pins": dict(plan.pins),
        "table": {"name": plan.chunks.name, "version": plan.chunks.version},
        **told,
        "files": files,
    }
    path = partial / "_meta" / "manifest.json"
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return {**files, "_meta/manifest.json": _sha256_of(path)}


def _used(tally: Tally, plan: Plan) -> int:
    """Return how many rows there are for what the dataset is made for; general ones do not count."""
    return tally.splits["test" if plan.parts else "train"]


def _sufficiency(tally: Tally, plan: Plan) -> str:
    rule, rows = plan.type.rule, _used(tally, plan)
    verdict = rule.verdict(rows).capitalize()
    numbers = f"{count(rows, 'row')}; {rule.enough:,} are enough, fewer than {rule.thin:,} are too few"
    return f"{verdict}: {numbers}. A rule of thumb: {rule.why}."


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
