"""The export flow: a dataset out of a release, as a Prefect flow run."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.stages.exporting import export
from flows.workspace import open_workspace


@flow(name="export", flow_run_name="export-{dataset}", persist_result=False)
def export_dataset(
    dataset: str, project: str = "headwater.yaml", release: int | None = None, out: str | None = None
) -> dict[str, Any]:
    """Write a dataset's files from a release.

    Args:
        dataset: The dataset's name in the project file.
        project: The project file.
        release: The release to export from; the newest without it.
        out: The folder to write to; `datasets` beside the project file without it.
    """
    written = export(open_workspace(project), dataset, release=release, out=out)
    answer: dict[str, Any] = written.as_dict()
    rows = "\n".join(f"| {split} | {count} |" for split, count in answer["splits"].items())
    refused = "\n".join(f"- {count} refused: `{reason}`" for reason, count in answer["refused"].items())
    page = f"# {dataset} from release {answer['release']}\n\n| split | rows |\n|---|---|\n{rows}\n\n{refused}"
    create_markdown_artifact(key=f"export-{dataset}", markdown=page, description=f"Dataset {dataset}")
    return answer
