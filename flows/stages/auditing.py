"""The audit: gates between what is staged and what is published. A refusal leaves everything as it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import pyarrow.compute as pc

from flows.stages import judging
from flows.stages.differences import Differences, Staged
from flows.stages.gathering import gathered
from infra.store.reports import write_report
from schemas.counts import count
from schemas.errors import RefusedError
from schemas.expectations import Suite, chunks_suite, documents_suite, embeddings_suite
from schemas.run import ItemCounts
from transforms.suites import Verdict, columns, judge_parts, scalars
from transforms.validation_report import render_html

SUITE_ROWS = 10_000
"""Rows judged at once, which take Great Expectations 36 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the gates said of a run."""

    gates: dict[str, Any]
    refusal: RefusedError | None = None
    report: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    """What each suite found, for those who show it; the validation report is made of them."""


def audit(staged: Staged, counts: ItemCounts, found: Differences, run_id: str) -> Audit:
    """Judge what is staged, write the validation report, and say whether it may be published."""
    verdicts = _verdicts(staged, found)
    report = _write_report(staged, verdicts, counts, run_id)
    gates: dict[str, Any] = {"suites": {v.suite: {"success": v.success, "rows": v.rows} for v in verdicts}}
    rejected = counts.quarantined
    policy = staged.workspace.opened.project.policy
    share = rejected / counts.listed if counts.listed else 0.0
    gates["rejected_share"] = {"value": round(share, 4), "limit": policy.max_rejected_share}
    problems = [f"the {v.suite} suite failed: {_failed(v)}" for v in verdicts if not v.success]
    if rejected > max(policy.min_rejected, policy.max_rejected_share * counts.listed):
        reasons = ", ".join(f"{n} {reason}" for reason, n in staged.ledger.reasons().items())
        many = f"{rejected} of {count(counts.listed, 'item')} in quarantine ({reasons})"
        problems.insert(0, f"{many}, more than max_rejected_share {policy.max_rejected_share:g}")
    problems += _duplicates(staged, found)
    refusal = _refusal(staged, problems, report) if problems else None
    return Audit(gates=gates, refusal=refusal, report=report, verdicts=tuple(verdicts))


def _verdicts(staged: Staged, found: Differences) -> list[Verdict]:
    languages = tuple(sorted({s.language for s in staged.workspace.opened.project.sources.values()}))
    judged = [("documents", documents_suite(languages))]
    for index in staged.workspace.indexes.values():
        embedder = staged.workspace.embedder(index)
        judged += [
            (index.table, chunks_suite(embedder.max_tokens)),
            (index.table, embeddings_suite(embedder.dimension, token_signs=embedder.has_token_signs)),
        ]
    verdicts = [
        _verdict(staged, table, suite)
        for table, suite in judged
        if table == "documents" or table in found.chunks
    ]
    return [verdict for verdict in verdicts if verdict is not None]


def _verdict(staged: Staged, table: str, suite: Suite) -> Verdict | None:
    """Only the scalars a suite looks at are collected: memory does not grow with texts and vectors."""
    rows = (scalars(rows, suite) for rows in staged.staging.stream(table, staged.valid, columns(suite)))
    parts = gathered(rows, rows=SUITE_ROWS)
    first = next(parts, None)
    if first is None:
        return None
    return judge_parts(chain([first], parts), suite, judge=judging.judged)


def _write_report(staged: Staged, verdicts: list[Verdict], counts: ItemCounts, run_id: str) -> str | None:
    if not verdicts:
        return None
    page = render_html(verdicts, asdict(counts))
    return write_report(staged.workspace.store, f"{run_id}-{staged.source}", page)


def _failed(verdict: Verdict) -> str:
    return "; ".join(one.text for one in verdict.results if not one.success and not one.note)


def _duplicates(staged: Staged, found: Differences) -> list[str]:
    keys = {"documents": "document_id", **dict.fromkeys(found.chunks, "chunk_id")}
    problems = []
    for table, key in keys.items():
        rows = staged.staging.scan(table, [key], staged.valid)
        if rows is not None and pc.count_distinct(rows[key]).as_py() != rows.num_rows:
            problems.append(f"{key} is not unique among the rows staged for {table!r}")
    return problems


def _refusal(staged: Staged, problems: list[str], report: str | None) -> RefusedError:
    seen = f"see `headwater quarantine list --source {staged.source}`" + (f" and {report}" if report else "")
    return RefusedError(
        f"source {staged.source!r} was not published: " + "; ".join(problems),
        fix=f"{seen}; mend the items or raise the policy, then run again",
        state="what passed is staged, the last release goes on serving",
    )
