"""Suites: a batch judged as a whole by Great Expectations, from the declarations in `schemas.expectations`.

Great Expectations sees one scalar per row and column: never a text, a list or a vector. It reads
`GX_ANALYTICS_ENABLED` when it is imported, and calls home unless that says `false`: whoever runs a suite sets
it first, since nothing here may touch the environment. In a run a child does (`transforms.suites_child`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.expectations import Expectation, Kind, Suite
from schemas.token_signs import bytes_each
from transforms.validate import vector_sizes

FAILING_IDS = 20
"""Ids listed per expectation: enough to look into, few enough to read."""

_lock = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one expectation turned out."""

    text: str
    note: bool
    """Worth telling, and never stops a publish."""
    success: bool
    unexpected_count: int
    unexpected_share: float
    """Of the rows of the batch."""
    failing_ids: tuple[str, ...]
    """The first twenty rows that break the rule, also where so few of them are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one suite turned out on one batch; a note that fails leaves it a success."""

    suite: str
    rows: int
    success: bool
    results: tuple[Finding, ...]


def prepare() -> None:
    """Import Great Expectations, which takes seconds, where there is time for it: in a thread, say."""
    import great_expectations  # noqa: F401


def judge(table: pa.Table, suite: Suite) -> Verdict:
    """Return what a suite finds in a table of not too many rows: it works on pandas, 3.6 kB a row.

    Raises KeyError for a column that the table does not have and that cannot be derived.
    """
    with _lock:  # one context, and Great Expectations does not say that it may be shared by threads
        results = _results(scalars(table, suite), suite)
    findings = tuple(map(_finding, suite.expectations, results, [suite.id_column] * len(results)))
    success = all(finding.success or finding.note for finding in findings)
    return Verdict(suite=suite.name, rows=len(table), success=success, results=findings)


def judge_parts(
    parts: Iterable[pa.Table], suite: Suite, *, judge: Callable[[pa.Table, Suite], Verdict] = judge
) -> Verdict:
    """Return what a suite finds in a table that comes in parts, one at least; `judge` judges each of them.

    Every row is judged; a value that repeats one of another part is not seen as such.
    """
    verdicts = [judge(part, suite) for part in parts]
    rows, findings = sum(verdict.rows for verdict in verdicts), [verdict.results for verdict in verdicts]
    results = tuple(
        _together(one, found, rows)
        for one, found in zip(suite.expectations, zip(*findings, strict=True), strict=True)
    )
    success = all(finding.success or finding.note for finding in results)
    return Verdict(suite=suite.name, rows=rows, success=success, results=results)


def columns(suite: Suite) -> list[str]:
    """Return the columns a table must have to be judged: nothing else of it needs to be read."""
    names = [suite.id_column, *(one.column for one in suite.expectations)]
    return sorted({column for name in names for column in SOURCES.get(name, (name,))})


def scalars(table: pa.Table, suite: Suite) -> pa.Table:
    """Return the columns a suite looks at, one scalar per row: small enough to collect over many batches."""
    names = dict.fromkeys([suite.id_column, *(one.column for one in suite.expectations)])
    return pa.table({name: _column(table, name) for name in names})


def _column(table: pa.Table, name: str) -> Any:
    return table[name] if name in table.column_names else DERIVED[name](table)


def _length(name: str) -> Callable[[pa.Table], Any]:
    return lambda table: pc.list_value_length(table[name])


def _span(table: pa.Table) -> Any:
    return pc.subtract(table["end"], table["start"])


def _norm(table: pa.Table) -> Any:
    norms = vector_sizes(table["vector"])[1]
    return pa.array(norms, mask=~np.isfinite(norms))


def _signs_surplus(table: pa.Table) -> Any:
    each = bytes_each(vector_sizes(table["vector"])[0])
    return pc.subtract(pc.binary_length(table["token_signs"]), pc.multiply(table["tokens"], pa.array(each)))


DERIVED: dict[str, Callable[[pa.Table], Any]] = {
    "text_characters": lambda table: pc.utf8_length(table["text"]),
    "element_count": _length("elements"),
    "readers": _length("acl"),
    "span_characters": _span,
    "span_surplus": lambda table: pc.subtract(_span(table), pc.utf8_length(table["quote"])),
    "dimension": lambda table: pa.array(vector_sizes(table["vector"])[0]),
    "norm": _norm,
    "signs_surplus": _signs_surplus,
}
"""Columns that expectations may name although no table has them."""

SOURCES: dict[str, tuple[str, ...]] = {
    "text_characters": ("text",),
    "element_count": ("elements",),
    "readers": ("acl",),
    "span_characters": ("start", "end"),
    "span_surplus": ("start", "end", "quote"),
    "dimension": ("vector",),
    "norm": ("vector",),
    "signs_surplus": ("token_signs", "tokens", "vector"),
}
"""What each of them is derived from."""


def _results(rows: pa.Table, suite: Suite) -> list[Any]:
    """Return the results in the order of the suite, which Great Expectations does not keep."""
    import great_expectations as gx

    batch = _batches().get_batch({"dataframe": rows.to_pandas()})
    expectations = [_declared(one, n) for n, one in enumerate(suite.expectations)]
    validation = batch.validate(
        gx.ExpectationSuite(name=suite.name, expectations=expectations),
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": [suite.id_column],
            "partial_unexpected_count": FAILING_IDS,
        },
    )
    return sorted(validation.results, key=lambda result: result.expectation_config.meta["n"])


@cache
def _batches() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("headwater").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("batch")


def _declared(one: Expectation, n: int) -> Any:
    from great_expectations import expectations

    gxe: Any = expectations
    params = one.params
    shared = {"column": one.column, "mostly": one.mostly, "meta": {"n": n}}
    declare: dict[Kind, Callable[[], Any]] = {
        "present": lambda: gxe.ExpectColumnValuesToNotBeNull(**shared),
        "unique": lambda: gxe.ExpectColumnValuesToBeUnique(**shared),
        "between": lambda: gxe.ExpectColumnValuesToBeBetween(
            **shared, min_value=params["low"], max_value=params["high"]
        ),
        "one_of": lambda: gxe.ExpectColumnValuesToBeInSet(**shared, value_set=list(params["values"])),
        "matches": lambda: gxe.ExpectColumnValuesToMatchRegex(**shared, regex=params["regex"]),
    }
    return declare[one.rule]()


def _finding(one: Expectation, result: Any, id_column: str) -> Finding:
    found = result.result
    failed = result.exception_info if not found else None
    if failed:
        raise RuntimeError(f"expectation {one.text!r} could not be judged: {failed}")
    rows, count = found["element_count"], found["unexpected_count"]
    failing = found.get("partial_unexpected_index_list") or []
    return Finding(
        text=one.text,
        note=one.note,
        success=bool(result.success),
        unexpected_count=int(count),
        unexpected_share=count / rows if rows else 0.0,
        failing_ids=tuple(str(row[id_column]) for row in failing[:FAILING_IDS]),
    )


def _together(one: Expectation, found: tuple[Finding, ...], rows: int) -> Finding:
    """Return one finding of all parts: what every row must keep fails with any; a share is of them all."""
    share = sum(finding.unexpected_count for finding in found) / max(rows, 1)
    kept = all(finding.success for finding in found) if one.mostly == 1 else share <= 1 - one.mostly
    return Finding(
        text=one.text,
        note=one.note,
        success=kept,
        unexpected_count=sum(finding.unexpected_count for finding in found),
        unexpected_share=share,
        failing_ids=tuple(one for finding in found for one in finding.failing_ids)[:FAILING_IDS],
    )
