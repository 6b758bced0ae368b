"""What the child that judges imports before it is ready: Great Expectations, which takes seconds."""

from __future__ import annotations

from transforms.suites import prepare
from transforms.suites_wire import judge_wire

__all__ = ["judge_wire"]

prepare()
