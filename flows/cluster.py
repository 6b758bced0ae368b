"""Several machines: work is handed to the workers of a Dask cluster, and comes back as it is done.

In a flow run each piece is a Prefect task under Prefect's Dask task runner; without Prefect it is the same
function. The cluster is Dask's own: a worker that dies is replaced by the others, which do its work again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from schemas.errors import ConfigError, UnavailableError

P = TypeVar("P")
R = TypeVar("R")

AHEAD = 2
"""Pieces handed out for each thread of the cluster: one that it works on, one that waits."""
ANSWER_S = 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def spread(address: str, work: Callable[[P], R], pieces: Iterable[P]) -> Iterator[R]:
    """Yield what the workers make of each piece, in the order in which they are done.

    At most a few pieces for each worker are handed out at once. Raises ConfigError when the extra is not
    installed, UnavailableError when no scheduler answers or its workers keep dying, and what `work` raises.
    """
    with _connected(address) as client:
        from distributed import KilledWorker

        as_completed: Any = import_module("distributed").as_completed

        called = _callable(work)

        def submit(piece: P) -> Any:
            return client.submit(called, piece, pure=False)

        waiting = iter(pieces)
        threads = sum(client.nthreads().values())
        done = as_completed(map(submit, islice(waiting, max(1, AHEAD * threads))), loop=client.loop)
        try:
            for future in done:
                yield future.result()
                for piece in islice(waiting, 1):
                    done.add(submit(piece))
        except KilledWorker as problem:
            raise UnavailableError(
                f"workers of the Dask cluster at {address} keep dying: {problem}",
                fix="look at their logs and their memory, then run again; what is staged is taken up",
            ) from problem
        finally:
            client.cancel(list(done.futures))


def check_reachable(store_uri: str, address: str) -> None:
    """Raise ConfigError for workers elsewhere and a store on this machine's disk."""
    if "://" not in store_uri and urlsplit(address).hostname not in LOOPBACK:
        raise ConfigError(
            f"the store {store_uri!r} is on a local disk, which workers at {address} cannot reach",
            fix="put it on object storage (`store.uri: s3://bucket/prefix`), or use `runner: threads`",
        )


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as problem:
        raise ConfigError(
            "`runner: {type: dask}` needs packages that are not installed",
            fix="install the extra: `pip install -e '.[dask]'`",
        ) from problem
    with ExitStack() as opened:
        try:
            if _in_a_flow_run():
                runner = DaskTaskRunner(address=address, client_kwargs={"timeout": ANSWER_S})
                client = opened.enter_context(runner).client
            else:
                connect: Any = Client
                client = opened.enter_context(connect(address, timeout=ANSWER_S))
        except OSError as problem:
            raise UnavailableError(
                f"no Dask scheduler answers at {address}", fix="start it, or mend `runner.address`"
            ) from problem
        yield client


def _in_a_flow_run() -> bool:
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


def _callable(work: Callable[[P], R]) -> Any:
    """Return the work as this client takes it: within a flow run, as a task of it."""
    if not _in_a_flow_run():
        return work
    from prefect import task
    from prefect.cache_policies import NO_CACHE

    return task(name="work", cache_policy=NO_CACHE, persist_result=False)(work)
