"""`headwater evaluate`: how well known questions are answered, here and at another release or view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Output
from schemas.counts import count

if TYPE_CHECKING:
    from schemas.evaluation import Comparison, Estimate, Evaluation


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("evaluate")(evaluate)


def evaluate(
    context: typer.Context,
    queries: Annotated[
        Path | None,
        typer.Option("--queries", help="A BEIR-shaped folder or a JSONL file. Default: policy.evaluation's."),
    ] = None,
    view: Annotated[str | None, typer.Option("--view", help="A context view's name.")] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Ask this release, by number or name, not the newest.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Compare with this release, by number or name.")
    ] = None,
    against_view: Annotated[
        str | None, typer.Option("--against-view", help="Compare with this context view.")
    ] = None,
    fit_threshold: Annotated[
        bool,
        typer.Option("--fit-threshold", help="Fit a view's min_score on half of them, and keep it."),
    ] = False,
) -> None:
    """How well known questions are answered, with 95% intervals.

    Two releases, or two views, stand side by side with --against and --against-view.
    """
    from flows.running import run_evaluate
    from infra.store import releases
    from schemas.evaluation import EvaluateOptions

    out: Output = context.obj
    with out.workspace() as workspace:
        numbers = [
            releases.named(workspace.store, given).release if given is not None else None
            for given in (release, against)
        ]
        options = EvaluateOptions(
            queries=str(queries.resolve()) if queries else None,
            view=view,
            release=numbers[0],
            against=numbers[1],
            against_view=against_view,
            fit_threshold=fit_threshold,
        )
        compared = run_evaluate(workspace, options)
    out.show(compared.as_dict(), _page(out, compared))


def _page(out: Output, compared: Comparison) -> str:
    one, other = compared.evaluation, compared.against
    columns = ["metric", _called(one)]
    columns += [_called(other), "difference"] if other else []
    rows = [[name, *map(_cell, figures)] for name, *figures in compared.rows()]
    parts = [out.table(columns, [row[: len(columns)] for row in rows]), _asked(one)]
    parts += [_threshold(compared.threshold)] if compared.threshold else []
    return "\n".join(parts)


def _called(one: Evaluation) -> str:
    return f"release {one.release}, {one.view}"


def _cell(figure: Estimate | None) -> str:
    return "-" if figure is None else f"{figure.value:.3f}  ({figure.low:.3f} to {figure.high:.3f})"


def _asked(one: Evaluation) -> str:
    lines = [f"{count(one.queries, 'question')} asked, {one.left_out} left out"]
    if one.missing:
        lines.append(
            f"{count(len(one.missing), 'thing')} they expect cannot be found at release {one.release}:"
        )
    lines += [f"  {lost.id}  {lost.document}  {lost.why}" for lost in one.examples()]
    return "\n".join(lines)


def _threshold(told: dict[str, Any]) -> str:
    return (
        f"min_score: {told['threshold']:.4f}, fitted on {told['fitted_on']} of the questions; on the other "
        f"{told['answerable'] + told['unanswerable']} its balanced accuracy is "
        f"{told['balanced_accuracy']:.3f}: it turns away {told['false_abstention']:.1%} of the answerable "
        f"and answers {told['false_answering']:.1%} of the others (AUROC {told['auroc']:.3f})\n"
        "kept for this view from this release on; min_score in headwater.yaml goes before it"
    )
