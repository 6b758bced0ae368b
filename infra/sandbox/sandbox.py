"""The sandbox: several workers side by side, answers in the order of the questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Self

from infra.sandbox.limits import Limits
from infra.sandbox.worker import Failure, Worker
from schemas.quarantine import Reason

TRIES = {Reason.PARSER_CRASHED: 2}
"""An item whose child died gets a second, fresh one, in case the machine was to blame."""

__all__ = ["Failure", "Reply", "Sandbox"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of one item: the target's value, or a failure."""

    request: dict[str, Any]
    value: Any = None
    failure: Failure | None = None


class Sandbox:
    """Runs `target` ("module:function", taking a request and bytes, returning JSON) in `workers` children.

    Children start when the first item comes and end with the sandbox.
    """

    def __init__(self, target: str, *, limits: Limits, workers: int) -> None:
        self._workers = [Worker(target, limits) for _ in range(workers)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="sandbox")

    def __enter__(self) -> Self:
        """Return the sandbox; no child runs yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all children, whatever they are doing."""
        self.close()

    def close(self) -> None:
        """End all children, whatever they are doing; a sandbox that was closed is not used again."""
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.dispose()

    def map(self, requests: Iterable[tuple[dict[str, Any], bytes]], *, ahead: int) -> Iterator[Reply]:
        """Yield a reply per request in their order; at most `ahead` requests are read before their turn.

        Requests are read in the caller's thread, one by one; what reading them raises is raised here.
        """
        waiting: deque[Future[Reply]] = deque()
        for request, content in requests:
            waiting.append(self._threads.submit(self._ask, request, content))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _ask(self, request: dict[str, Any], content: bytes) -> Reply:
        worker = self._idle.get()
        try:
            tries = 0
            while True:
                tries += 1
                value, failure = worker.ask(request, content)
                if failure is None or tries >= TRIES.get(failure.reason, 1):
                    return Reply(request=request, value=value, failure=failure)
        finally:
            self._idle.put(worker)
