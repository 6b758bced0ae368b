"""Several machines: work is handed to the workers of a Dask cluster, and comes back as it is done.

With Prefect and without it the same function runs there. The cluster is Dask's own: what a worker was at when
it died, the others do again.
"""

from __future__ import annotations

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

        def submit(piece: P) -> Any:
            return client.submit(work, piece, pure=False)

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
    except ImportError as problem:
        raise ConfigError(
            "`runner: {type: dask}` needs packages that are not installed",
            fix="install the extra: `pip install -e '.[dask]'`",
        ) from problem
    with ExitStack() as opened:
        try:
            connect: Any = Client
            client = opened.enter_context(connect(address, timeout=ANSWER_S))
        except OSError as problem:
            raise UnavailableError(
                f"no Dask scheduler answers at {address}", fix="start it, or mend `runner.address`"
            ) from problem
        yield client
