"""The worker's slots: so many runs at once, and a retry that comes too early waits."""

from __future__ import annotations

import anyio
import pytest

from flows.work.worker import ForkedRun, ForkingWorker, Slots


def test_no_more_runs_go_on_than_there_are_slots() -> None:
    slots = Slots(2)
    for run in "ab":
        slots.acquire_on_behalf_of_nowait(run)

    with pytest.raises(anyio.WouldBlock):
        slots.acquire_on_behalf_of_nowait("c")
    slots.release_on_behalf_of("a")
    slots.acquire_on_behalf_of_nowait("c")

    assert slots.borrowed_tokens == 2


def test_a_run_that_is_retried_before_its_slot_is_free_waits_and_ends_nothing() -> None:
    slots = Slots(2)
    slots.acquire_on_behalf_of_nowait("a")

    with pytest.raises(anyio.WouldBlock):
        slots.acquire_on_behalf_of_nowait("a")
    slots.release_on_behalf_of("a")
    slots.acquire_on_behalf_of_nowait("a")


def test_a_slot_is_freed_once() -> None:
    slots = Slots(1)
    with pytest.raises(RuntimeError, match="has no slot"):
        slots.release_on_behalf_of("a")


def test_it_works_off_pools_of_prefects_own_kind() -> None:
    assert ForkingWorker.type == "process"
    assert ForkingWorker.job_configuration is ForkedRun
    assert ForkingWorker.__dispatch_key__() != ForkingWorker.type
