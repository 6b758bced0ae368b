"""The evaluate flow: known questions asked at a release, with the figures and a plot in the Prefect UI."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.plots import data_uri, figures_png
from flows.reports import evaluation_report
from flows.stages.evaluating import evaluate as ask
from flows.workspace import Workspace, open_workspace
from schemas.evaluation import Comparison, EvaluateOptions


@flow(name="evaluate", persist_result=False)
def evaluate(
    project: str = "headwater.yaml",
    queries: str | None = None,
    view: str | None = None,
    release: int | None = None,
    against: int | None = None,
    against_view: str | None = None,
    fit_threshold: bool = False,  # noqa: FBT001, FBT002 - Prefect's form has a check box for it
) -> Comparison:
    """Ask questions whose answers are known, and say how good what comes back is.

    Args:
        project: The project file.
        queries: A BEIR-shaped folder or a JSONL file; that of policy.evaluation without it.
        view: A context view's name; the default one without it.
        release: The release to ask; the newest without it.
        against: A release to compare with.
        against_view: A context view to compare with.
        fit_threshold: Fit the view's min_score on half of the questions, and keep it with the release.
    """
    options = EvaluateOptions(
        queries=queries,
        view=view,
        release=release,
        against=against,
        against_view=against_view,
        fit_threshold=fit_threshold,
    )
    compared = ask(open_workspace(project), options)
    picture = data_uri(figures_png(compared))
    page = f"{evaluation_report(compared)}\n\n![The figures and their 95% intervals]({picture})\n"
    create_markdown_artifact(
        key="evaluation", markdown=page, description="How well known questions are answered"
    )
    return compared


def evaluate_in_workspace(workspace: Workspace, options: EvaluateOptions) -> Comparison:
    """Run the flow for an open workspace and return the figures."""
    return evaluate(
        project=str(workspace.opened.path),
        queries=options.queries,
        view=options.view,
        release=options.release,
        against=options.against,
        against_view=options.against_view,
        fit_threshold=options.fit_threshold,
    )
