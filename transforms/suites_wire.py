"""Judging in a child: rows and suite as bytes and JSON values, the verdict as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from schemas.expectations import Expectation, Suite
from transforms.suites import Finding, Verdict, judge


def request(rows: pa.Table, suite: Suite) -> tuple[dict[str, Any], bytes]:
    """Return what a child must know to judge rows of scalars: the suite, and the rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return {"suite": asdict(suite)}, sink.getvalue().to_pybytes()


def judge_wire(request: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """Judge the rows of a request and return the verdict; this is what the child calls."""
    expectations = tuple(Expectation(**one) for one in request["suite"]["expectations"])
    suite = Suite(**{**request["suite"], "expectations": expectations})
    return asdict(judge(pa.ipc.open_stream(content).read_all(), suite))


def from_wire(verdict: Mapping[str, Any]) -> Verdict:
    """Return the verdict in a reply."""
    findings = [Finding(**{**one, "failing_ids": tuple(one["failing_ids"])}) for one in verdict["results"]]
    return Verdict(**{**verdict, "results": tuple(findings)})
