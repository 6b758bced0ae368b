"""The evaluation gate: a release that does worse on the known questions than the policy allows is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flows.stages.evaluating import Asked, ask_all
from flows.workspace import Workspace
from infra.questions import read_questions
from infra.store import Store
from schemas.counts import count
from schemas.errors import NotFoundError, RefusedError
from schemas.evaluation import QuestionSet
from schemas.project import EvaluationSection
from schemas.release import Release

GATE = "evaluation"
STATE = "what passed is staged, the last release goes on serving"
Judge = Callable[[Store, Release], Mapping[str, Any]]


def evaluation_gate(workspace: Workspace, gates: dict[str, object]) -> Judge | None:
    """Return what judges a release to be by `policy.evaluation`, or None without one.

    What it finds is put into `gates` first, so that a run that is refused tells it too.
    """
    policy = workspace.opened.project.policy.evaluation
    if policy is None:
        return None

    def judge(store: Store, release: Release) -> Mapping[str, Any]:
        questions = read_questions(workspace.opened.root / policy.queries)
        asked = _asked(_looking_at(workspace, store), policy, questions, release)
        found = _result(asked, policy)
        gates[GATE] = found
        _check(found, policy, asked)
        return {GATE: found}

    return judge


def _looking_at(workspace: Workspace, store: Store) -> Workspace:
    """Return the workspace with another store in place of its own, and the models it has loaded."""
    looking = replace(workspace)
    looking.__dict__["store"] = store
    return looking


def _asked(
    workspace: Workspace, policy: EvaluationSection, questions: QuestionSet, release: Release
) -> Asked:
    try:
        return ask_all(workspace, questions, view=policy.view, release=release.release)
    except NotFoundError as problem:
        raise RefusedError(
            f"the release cannot be judged by {policy.queries}: {problem.detail}",
            fix="mend the questions, or ingest the source they are about first",
            state=STATE,
        ) from problem


def _result(asked: Asked, policy: EvaluationSection) -> dict[str, Any]:
    told = asked.summary()
    figure = told.metrics.get(policy.metric)
    return {
        "metric": policy.metric,
        **(figure.as_dict() if figure else {"value": None, "low": None, "high": None}),
        "min": policy.min,
        "view": told.view,
        "queries": told.queries,
        "queries_hash": told.queries_hash,
        "left_out": told.left_out,
        "passed": figure is not None and figure.value >= policy.min,
    }


def _check(found: Mapping[str, Any], policy: EvaluationSection, asked: Asked) -> None:
    if found["passed"]:
        return
    left_out = f"; {found['left_out']} could not be asked" if found["left_out"] else ""
    if found["value"] is None:
        raise RefusedError(
            f"the questions of {policy.queries} do not say {policy.metric}: none of {len(asked.scored)} "
            f"expects what it measures{left_out}",
            fix="name another metric under policy.evaluation, or questions that expect it",
            state=STATE,
        )
    raise RefusedError(
        f"{policy.metric} would be {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}) over "
        f"{count(found['queries'], 'question')} of {policy.queries}, below the {policy.min:g} of "
        f"policy.evaluation{left_out}",
        fix="mend what changed, or the questions, then run again; `headwater evaluate` says how the last "
        "release does",
        state=STATE,
    )
