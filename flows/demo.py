"""The demonstration: the bundled sample from its files to cited context, a dataset and an incremental run."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.environment import ephemeral_prefect, prefect_started, without_heartbeats
from flows.labels import label

if TYPE_CHECKING:
    from flows.workspace import Workspace
    from schemas.context import Context
    from schemas.run import Run

SAMPLE = Path(__file__).parents[1] / "infra" / "sample"
NOT_INGESTED = ("_source", "__pycache__", ".headwater", "datasets", "*.py", "ABOUT.md")

PUBLIC = "How long is the warranty on a station, and what does it not cover?"
RESTRICTED = "What is the salary band for a level 3 engineer?"

Say = Callable[[str], None]


def run_demo(say: Say, *, folder: Path | None = None) -> dict[str, Any]:
    """Run the sample through the real flows in a folder of its own and tell what happened, step by step."""
    started = time.perf_counter()
    home = folder or Path(tempfile.mkdtemp(prefix="headwater-demo-"))
    project = copy_sample(home)
    ephemeral_prefect(home / ".prefect")
    say(f"The sample company's files are in {project.parent}. Starting Prefect's ephemeral server ...")
    workspace = _ready(project)
    with without_heartbeats():
        runs = _ingest_all(workspace, say)
        contexts = _ask(workspace, say)
        exported = _export(workspace, say)
        edited = _edit(workspace, say)
    seconds = round(time.perf_counter() - started, 1)
    say(_next(project, seconds))
    return {
        "project": str(project),
        "seconds": seconds,
        "runs": [run.as_dict() for run in runs],
        "contexts": [context.model_dump(mode="json") for context in contexts],
        "export": exported,
        "edited": edited.as_dict(),
    }


def copy_sample(home: Path) -> Path:
    """Copy the bundled sample and return its project file."""
    target = home / "sallowbrook"
    shutil.copytree(SAMPLE, target, ignore=shutil.ignore_patterns(*NOT_INGESTED), dirs_exist_ok=True)
    return target / "headwater.yaml"


def _ready(project: Path) -> Workspace:
    """Open the workspace and load what the first run needs, while Prefect's server starts beside it."""
    with ThreadPoolExecutor(1) as beside:
        server = beside.submit(prefect_started)
        from flows.stages import judging
        from flows.workspace import open_workspace

        judging.prepare()
        workspace = open_workspace(project)
        for index in workspace.indexes.values():
            workspace.embedder(index)
        server.result()
    return workspace


def _ingest_all(workspace: Workspace, say: Say) -> list[Run]:
    from flows.cli.ingesting import run_text
    from flows.ingest import ingest_in_workspace
    from flows.stages.ingesting import IngestOptions

    say("\n== 1. Ingest: files to a release ==")
    runs = []
    for name in workspace.opened.project.sources:
        runs.append(ingest_in_workspace(workspace, name, IngestOptions()))
        say(run_text(runs[-1]))
    return runs


def _ask(workspace: Workspace, say: Say) -> list[Context]:
    say("\n== 2. Ask: the same two questions as two people ==")
    contexts = []
    for who, user, groups in (("anybody", None, []), ("Ines, who is in the group hr", "ines", ["hr"])):
        for question in (PUBLIC, RESTRICTED):
            found = _context(workspace, question, user, groups)
            say(f"\n-- asked by {who} --\n{_brief(found)}")
            contexts.append(found)
    theirs, hers = ({c.source for c in found.citations} for found in (contexts[1], contexts[3]))
    say(f"\nFor the second question anybody was shown {sorted(theirs)}, and Ines {sorted(hers)}.")
    return contexts


def _context(workspace: Workspace, question: str, user: str | None, groups: list[str]) -> Context:
    from flows.context import assemble_context
    from schemas.context import Context

    answer = assemble_context(
        question=question, project=str(workspace.opened.path), view="everything", user=user, groups=groups
    )
    return Context.model_validate(answer)


def _brief(found: Context, citations: int = 3, characters: int = 180) -> str:
    lines = [f"{found.question}   ({found.tokens.used} of {found.tokens.budget} tokens)"]
    for cited in found.citations[:citations]:
        where = label(cited.title, cited.heading, cited.uri)
        lines += [f"  [{cited.n}] {where}  ({cited.source}, characters {cited.start}..{cited.end})"]
        lines += [f"      {_one_line(cited.quote, characters)}"]
    more = len(found.citations) - citations
    return "\n".join(lines + ([f"      ... and {more} more passages"] if more > 0 else []))


def _export(workspace: Workspace, say: Say) -> dict[str, Any]:
    from flows.export import export_dataset

    say("\n== 3. Export: a fine-tuning dataset from the same release ==")
    answer = export_dataset(dataset="handbook-qa", project=str(workspace.opened.path))
    say(f"{answer['dataset']} from release {answer['release']}: {answer['splits']}")
    say("refused: " + (", ".join(f"{n} {reason}" for reason, n in answer["refused"].items()) or "nothing"))
    say(f"in {answer['out']}")
    for row, lineage in _two_rows(Path(answer["out"])):
        say("\n" + "\n".join(f"  {m['role']:<10}{_one_line(m['content'])}" for m in row["messages"]))
        span = f"characters {lineage['start']}..{lineage['end']}"
        say(f"  lineage   {lineage['uri']} {span}, chunk {lineage['chunk_id'][:12]}")
    return dict(answer)


def _two_rows(out: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    import pyarrow.parquet as pq

    rows = [json.loads(line) for line in (out / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    lineage = [row for row in pq.read_table(out / "_meta" / "lineage.parquet").to_pylist() if _answers(row)]
    return list(zip(rows, sorted(lineage, key=lambda r: r["line"]), strict=False))[:2]


def _answers(row: dict[str, Any]) -> bool:
    return bool(row["split"] == "train" and row["role"] == "evidence")


def _one_line(text: str, characters: int = 150) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= characters else f"{flat[:60]} ... {flat[-characters + 65 :]}"


def _edit(workspace: Workspace, say: Say) -> Run:
    from flows.cli.ingesting import run_text
    from flows.ingest import ingest_in_workspace
    from flows.stages.ingesting import IngestOptions

    say("\n== 4. Edit one file and ingest again: only the change is paid for ==")
    page = workspace.opened.root / "handbook" / "support" / "warranty.md"
    page.write_text(
        page.read_text(encoding="utf-8") + "\nWater damage from a loose lid is not covered.\n",
        encoding="utf-8",
    )
    run = ingest_in_workspace(workspace, "handbook", IngestOptions())
    say(run_text(run))
    return run


def _next(project: Path, seconds: float) -> str:
    program = os.path.relpath(Path(sys.executable).parent / "headwater")
    return f"""
Done in {seconds:.0f} s. What to try next:
  {program} --project {project} context "Who approves travel?" --explain
  {program} --project {project} release list
  make up                               Prefect's UI and the schedules, on this machine
  {program} init my-project    your own folder: point `uri` at it, then `ingest`
  indexes.default.embedder.model        your own sentence-transformers model, by name or path
  rm -r {project.parent.parent}    removes all that this left behind"""
