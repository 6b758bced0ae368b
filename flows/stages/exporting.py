"""Export: a dataset's definition and a release become a folder that trainers read as it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.stages.beir_folder import judged
from flows.stages.dataset_folder import Written, write_folder
from flows.stages.dataset_inputs import families_of, inputs_of
from flows.stages.dataset_place import replace_folder, unfinished
from flows.stages.dataset_plan import Plan, plan_of
from flows.workspace import Workspace
from infra.store.lock import locked
from schemas.dataset import DATASET, Example, Export, Refusal, Refused
from schemas.errors import RefusedError
from schemas.identity import digest
from transforms import datasets
from transforms.datasets.duplicates import question_key
from transforms.datasets.inputs import Inputs

TABLE = "datasets"


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
    that is wrong, RefusedError when every row was refused.
    """
    plan = plan_of(workspace, name, release, pins)
    base = Path(out).resolve() if out else workspace.opened.root / "datasets"
    folder = base / name / str(plan.release.release)
    with locked(workspace.store, f"dataset-{name}"), unfinished(folder) as partial:
        refused: Counter[str] = Counter()
        inputs = inputs_of(workspace, plan)
        kept = _kept(workspace, plan, inputs, refused)
        rows = judged(partial, inputs, kept) if plan.parts else kept
        written = write_folder(partial, rows, families_of(inputs), plan, refused)
        if not written.rows:
            raise _nothing_left(plan, inputs, refused)
        replace_folder(partial, folder)
        _remember(workspace, plan, folder, written, refused)
    return Export(
        dataset=name,
        release=plan.release.release,
        out=str(folder),
        splits=written.splits,
        refused=dict(sorted(refused.items())),
        manifest=str(folder / "_meta" / "manifest.json"),
    )


def _kept(workspace: Workspace, plan: Plan, inputs: Inputs, refused: Counter[str]) -> Iterator[Example]:
    """Yield what the builder makes, without what asks the same again; count what is refused."""
    seen: set[str] = set()
    at: set[str] = set()
    for made in datasets.build(plan.section.type, inputs, plan.params):
        at.add(made.document_id)
        workspace.progress.advance(f"export {plan.name}", len(at), inputs.documents.num_rows)
        if isinstance(made, Refused):
            refused[made.reason] += 1
        elif not all(inputs.readable(use.document_id, use.acl) for use in made.uses):
            refused[Refusal.AUDIENCE] += 1
        elif (key := _asks(plan, made)) in seen:
            refused[Refusal.DUPLICATE] += 1
        else:
            seen.add(key)
            yield made


def _asks(plan: Plan, made: Example) -> str:
    """Return what two rows have in common of which one is enough: people may ask the same again and again."""
    return made.row_id if plan.type.interactions else digest("asks", *question_key(made.question))


def _nothing_left(plan: Plan, inputs: Inputs, refused: Counter[str]) -> RefusedError:
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(refused.items())) or "no documents"
    fix = "look at the definition's source, view and settings"
    if refused[Refusal.AUDIENCE]:
        fix = "name in `audience` those who may read the source, or take a source that all of them may read"
    return RefusedError(
        f"dataset {plan.name!r} at release {plan.release.release} has no row left, out of "
        f"{inputs.documents.num_rows} documents, for {', '.join(plan.section.audience)}; refused: {told}",
        fix=fix,
        state="no file was written",
    )


def _remember(
    workspace: Workspace, plan: Plan, folder: Path, written: Written, refused: Counter[str]
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
            {"splits": written.splits, "refused": dict(refused), "pins": dict(plan.pins)}, sort_keys=True
        ),
        "audience": list(plan.section.audience),
        "created_at": at,
    }
    workspace.store.ensure(TABLE, DATASET).add(pa.Table.from_pylist([row], schema=DATASET))
