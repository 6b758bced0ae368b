"""How a flow runs its stages in Prefect: as tasks; and how it ends when a gate refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, StateType

from schemas.errors import HeadwaterError

T = TypeVar("T")

DELAYS_S = [1.0, 5.0]
SAFE_TO_REPEAT = frozenset({"list", "publish"})
"""Stages that may be retried as they are: one writes nothing, the other repairs before it writes."""


def as_task(name: str, stage: Callable[[], T]) -> T:
    """Run a stage as a Prefect task, retried where that is safe and the error says it may pass."""
    repeat = name in SAFE_TO_REPEAT
    wrapped = task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(DELAYS_S) if repeat else 0,
        retry_delay_seconds=DELAYS_S if repeat else None,
        retry_jitter_factor=0.5 if repeat else None,
        retry_condition_fn=_may_pass,
    )(stage)
    return wrapped()


def refused(message: str) -> State[Any]:
    """Return the state of a flow run that a gate refused: failed, and looking refused, not crashed."""
    return State(type=StateType.FAILED, name="Refused", message=message)


def _may_pass(_task: Any, _run: Any, state: State[Any]) -> bool:
    try:
        state.result()
    except HeadwaterError as problem:
        return problem.retry
    except Exception:  # noqa: BLE001 - an unknown error is not retried, whatever it is
        return False
    return False
