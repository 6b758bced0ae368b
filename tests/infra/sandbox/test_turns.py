from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.sandbox.turns import Turns


def test_whoever_is_alone_is_alone() -> None:
    turns, inside, seen = Turns(), set[int](), list[tuple[bool, int]]()

    def turn(n: int) -> None:
        alone = n % 5 == 0
        with turns.alone() if alone else turns.together():
            inside.add(n)
            time.sleep(0.002)
            seen.append((alone, len(inside)))
            inside.discard(n)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(turn, range(60)))

    assert len(seen) == 60
    assert {count for alone, count in seen if alone} == {1}
    assert max(count for alone, count in seen if not alone) > 1


def test_who_waits_to_be_alone_goes_before_those_who_come_later() -> None:
    turns, order, inside = Turns(), list[str](), threading.Event()

    def first() -> None:
        with turns.together():
            inside.set()
            time.sleep(0.2)

    def alone() -> None:
        with turns.alone():
            order.append("alone")

    def later() -> None:
        with turns.together():
            order.append("later")

    with ThreadPoolExecutor(3) as threads:
        threads.submit(first)
        inside.wait()
        threads.submit(alone)
        time.sleep(0.05)
        threads.submit(later)

    assert order == ["alone", "later"]


@pytest.mark.parametrize("kind", ["alone", "together"])
def test_an_error_inside_frees_the_turn(kind: str) -> None:
    turns = Turns()

    with pytest.raises(KeyError), getattr(turns, kind)():
        raise KeyError

    with turns.alone():
        pass
