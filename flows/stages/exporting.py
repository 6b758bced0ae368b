"""Export: a dataset's definition and a release become a folder that trainers read as it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.stages.beir_folder import judged
from flows.stages.dataset_documents import documents_of
from flows.stages.dataset_exports import TABLE
from flows.stages.dataset_folder import Written, finish, write_rows
from flows.stages.dataset_inputs import inputs_of
from flows.stages.dataset_place import keep_refused, replace_folder, unfinished
from flows.stages.dataset_plan import Plan, plan_of
from flows.stages.dataset_refusals import Refusals, refusals_file
from flows.stages.dataset_sieves import Sieves, capped, sieves_of
from flows.stages.writing import written_ahead
from flows.workspace import Workspace
from infra.store.lock import locked
from schemas.dataset import DATASET, Example, Export, Refused
from schemas.errors import RefusedError
from schemas.identity import digest
from transforms import datasets
from transforms.datasets.inputs import Inputs
from transforms.datasets.sieves import sifted


def export(
    workspace: Workspace,
    name: str,
    *,
    release: int | None = None,
    out: str | Path | None = None,
    pins: Mapping[str, Any] | None = None,
) -> Export:
    """Write a dataset's folder `<out>/<name>/<release>` from a release and return what it holds.

    `pins`, as an earlier export's manifest has them, give its very bytes again. Nothing is seen of the folder
    before it is whole. Raises NotFoundError for an unknown dataset or release, ConfigError for a definition
    that is wrong, RefusedError when fewer rows are left than it asks for.
    """
    plan = plan_of(workspace, name, release, pins)
    base = Path(out).resolve() if out else workspace.opened.root / "datasets"
    folder = base / name / str(plan.release.release)
    with locked(workspace.store, f"dataset-{name}"), unfinished(folder) as partial:
        plan, inputs = written_ahead(workspace, plan, inputs_of(workspace, plan), pins or {})
        documents = documents_of(workspace, plan, inputs)
        sieves = sieves_of(workspace, plan, inputs, documents)
        with refusals_file(partial / "_meta") as refusals:
            made = _sifted(workspace, plan, inputs, sieves, refusals)
            kept = capped(made, plan.section.caps.limits, documents, partial, refusals.add)
            rows = judged(partial, inputs, kept) if plan.parts else kept
            tally = write_rows(partial, rows, documents, plan, sieves)
        try:
            written = finish(partial, tally, plan, sieves, refusals)
        except RefusedError as refusal:
            refusal.state = f"no dataset was written; which and why is in {keep_refused(partial, folder)}"
            raise
        replace_folder(partial, folder)
        _remember(workspace, plan, folder, written, refusals.counts, sieves.audience.rows_for())
    return Export(
        dataset=name,
        release=plan.release.release,
        out=str(folder),
        splits=written.splits,
        refused=dict(sorted(refusals.counts.items())),
        manifest=str(folder / "_meta" / "manifest.json"),
        audiences=sieves.audience.rows_for(),
    )


def _sifted(
    workspace: Workspace, plan: Plan, inputs: Inputs, sieves: Sieves, refusals: Refusals
) -> Iterator[Example]:
    """Yield what the builder makes and the sieves leave; remember what is refused."""
    at: set[str] = set()
    made = datasets.build(plan.section.type, inputs, plan.params)
    for one in sifted(made, sieves.in_order, built=sieves.audience.missed):
        at.add(one.document_id)
        workspace.progress.advance(f"export {plan.name}", len(at), inputs.documents.num_rows)
        if isinstance(one, Refused):
            refusals.add(one)
        else:
            yield one


def _remember(
    workspace: Workspace,
    plan: Plan,
    folder: Path,
    written: Written,
    refused: Counter[str],
    audiences: Mapping[str, int],
) -> None:
    at = workspace.clock()
    row = {
        "export_id": digest(
            "export", plan.name, plan.release.release, plan.definition_hash, str(folder), str(at)
        ),
        "dataset": plan.name,
        "release": plan.release.release,
        "definition_hash": plan.definition_hash,
        "out": str(folder),
        "files": json.dumps(written.files, sort_keys=True),
        "counts": json.dumps(
            {
                "splits": written.splits,
                "refused": dict(refused),
                "audiences": audiences,
                "pins": dict(plan.pins),
            },
            sort_keys=True,
        ),
        "audience": list(plan.section.audience),
        "created_at": at,
    }
    workspace.store.ensure(TABLE, DATASET).add(pa.Table.from_pylist([row], schema=DATASET))
