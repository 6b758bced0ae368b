"""Judge rows in a child that has Great Expectations, whose import takes seconds and 150 MB."""

from __future__ import annotations

import atexit
from functools import cache

import pyarrow as pa

from infra.sandbox import Limits, Sandbox
from schemas.errors import HeadwaterError
from schemas.expectations import Suite
from transforms import suites_wire
from transforms.suites import Verdict

TARGET = "transforms.suites_child:judge_wire"


def prepare() -> None:
    """Start the child, which then gets ready beside whatever else is done."""
    _sandbox().begin()


def judged(rows: pa.Table, suite: Suite) -> Verdict:
    """Return what a suite finds in rows of scalars. Raises HeadwaterError when they cannot be judged."""
    reply = next(_sandbox().map([suites_wire.request(rows, suite)], ahead=0))
    if reply.value is None:
        why = reply.failure.message if reply.failure else "no reply"
        raise HeadwaterError(
            f"the {suite.name} suite could not be judged: {why}",
            fix="run it again; `headwater doctor` says what is missing",
            state="what passed is staged, the last release goes on serving",
        )
    return suites_wire.from_wire(reply.value)


@cache
def _sandbox() -> Sandbox:
    """One child judges for every source of a process."""
    sandbox = Sandbox(TARGET, limits=Limits(), workers=1)
    atexit.register(sandbox.close)
    return sandbox
