"""Evaluate: ask questions whose answers are known at a release, and say how good what comes back is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows.stages.contexts import context
from flows.stages.expecting import expectations
from flows.stages.retrieving import releases_of, retrieve, view_of
from flows.workspace import Workspace
from infra.questions import read_questions
from infra.store import releases
from infra.store.thresholds import Fitted, remember
from schemas.context import ContextRequest
from schemas.counts import count
from schemas.errors import ConfigError, NotFoundError
from schemas.evaluation import (
    Comparison,
    EvaluateOptions,
    Evaluation,
    Missing,
    Question,
    QuestionSet,
)
from schemas.identity import digest
from schemas.release import Release
from transforms.evaluation.abstention import fit_threshold, measured
from transforms.evaluation.scoring import Expected, Scored, figures
from transforms.evaluation.spans import Cited, Place
from transforms.evaluation.summary import differences, summarize


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A release and a view that questions were asked at, question by question."""

    release: int
    view: str
    questions: QuestionSet
    scored: tuple[Scored, ...]
    missing: tuple[Missing, ...]

    def summary(self) -> Evaluation:
        """Return the figures over all questions that were asked."""
        return Evaluation(
            release=self.release,
            view=self.view,
            queries=len(self.scored),
            queries_hash=self.questions.hash,
            metrics=summarize(self.scored),
            left_out=len(self.questions.questions) - len(self.scored),
            missing=self.missing,
        )


def evaluate(workspace: Workspace, options: EvaluateOptions) -> Comparison:
    """Ask known questions and return what comes of it; beside another release or view, if one is named.

    Raises ConfigError for questions that cannot be read, NotFoundError for an unknown view or release.
    """
    questions = read_questions(_path(workspace, options))
    one = ask_all(workspace, questions, view=options.view, release=options.release)
    threshold = _kept(workspace, one, _fitted(one)) if options.fit_threshold else None
    if options.against is None and options.against_view is None:
        return Comparison(evaluation=one.summary(), threshold=threshold)
    other = ask_all(
        workspace,
        questions,
        view=options.against_view or options.view,
        release=options.against or options.release,
    )
    return Comparison(
        evaluation=one.summary(),
        against=other.summary(),
        difference=differences(one.scored, other.scored),
        threshold=threshold,
    )


def ask_all(
    workspace: Workspace, questions: QuestionSet, *, view: str | None = None, release: int | None = None
) -> Asked:
    """Ask every question as its own principal, at a release and through a view.

    Questions that expect only what the release does not have are left out, and told in `missing`. Raises
    NotFoundError for an unknown view or release, and when no question can be asked.
    """
    name, _ = view_of(workspace, view)
    pinned, _ = releases_of(workspace, ContextRequest(question="?", release=release))
    known = expectations(workspace, pinned, questions.questions)
    asked = [question for question in questions.questions if question.id in known.of]
    if not asked:
        first = known.missing[0]
        raise NotFoundError(
            f"none of {count(len(questions.questions), 'question')} can be asked at release "
            f"{pinned.release}: {first.document!r}: {first.why}",
            fix="call documents in the questions by their key or URI, as `headwater context` cites them",
        )
    scored = []
    for n, question in enumerate(asked, start=1):
        scored.append(_asked(workspace, question, known.of[question.id], name, pinned))
        workspace.progress.advance("evaluate", n, len(asked))
    return Asked(
        release=pinned.release, view=name, questions=questions, scored=tuple(scored), missing=known.missing
    )


def _asked(
    workspace: Workspace, question: Question, expected: Expected, view: str, release: Release
) -> Scored:
    request = ContextRequest(
        question=question.question, view=view, principal=question.principal, release=release.release
    )
    retrieved = retrieve(workspace, request)
    found = context(workspace, request)
    ranked = [_place(hit.row["document_id"], hit.row["start"], hit.row["end"]) for hit in retrieved.hits]
    cited = [Cited(place=_place(c.document_id, c.start, c.end), quote=c.quote) for c in found.citations]
    return Scored(
        id=question.id,
        answerable=question.answerable,
        answered=found.answerable,
        confidence=retrieved.confidence,
        figures=figures(expected, ranked, cited),
    )


def _place(document_id: str, start: int, end: int) -> Place:
    return Place(document_id=document_id, start=start, end=end)


def _path(workspace: Workspace, options: EvaluateOptions) -> Path:
    policy = workspace.opened.project.policy.evaluation
    if options.queries is None and policy is None:
        raise ConfigError(
            "there are no questions to ask", fix="name them with --queries, or under policy.evaluation"
        )
    return workspace.opened.root / (options.queries or (policy.queries if policy else ""))


def _kept(workspace: Workspace, asked: Asked, found: dict[str, float | int]) -> dict[str, float | int]:
    """Keep a fitted threshold with the release it was fitted for; a view's own goes before it."""
    _, section = view_of(workspace, asked.view)
    release = releases.get(workspace.store, asked.release)
    fitted = Fitted(
        release=asked.release,
        view=asked.view,
        embedder_fp=release.indexes[section.index]["embedder_fp"],
        threshold=float(found["threshold"]),
        queries_hash=asked.questions.hash,
        balanced_accuracy=float(found["balanced_accuracy"]),
        false_abstention=float(found["false_abstention"]),
        at=workspace.clock(),
    )
    remember(workspace.store, fitted)
    return found


def _fitted(asked: Asked) -> dict[str, float | int]:
    """Fit a threshold on half of the questions, chosen by their ids alone, and measure it on the others."""
    answerable = np.array([one.answerable for one in asked.scored], dtype=bool)
    scores = np.array([one.confidence for one in asked.scored], dtype=np.float64)
    half = np.array([int(digest("half", one.id)[:8], 16) % 2 == 0 for one in asked.scored], dtype=bool)
    kinds = [(answerable & half).sum(), (~answerable & half).sum(), (answerable & ~half).sum(),
             (~answerable & ~half).sum()]  # fmt: skip
    if min(kinds) == 0:
        raise ConfigError(
            f"a threshold needs answerable and unanswerable questions in both halves; there are "
            f"{answerable.sum()} and {(~answerable).sum()}",
            fix='add questions with "answerable": false, about things near to what the documents tell',
        )
    threshold = fit_threshold(answerable[half], scores[half])
    found = measured(answerable[~half], scores[~half], threshold)
    return {"fitted_on": int(half.sum()), **found.as_dict()}
