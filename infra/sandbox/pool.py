"""The sandbox: several children at work, and replies in the order of the requests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from infra.sandbox.limits import Limits
from infra.sandbox.reply import Failure, Reply
from infra.sandbox.supervise import LostChildError, Supervised
from infra.sandbox.turns import Turns
from schemas.errors import HeadwaterError
from schemas.quarantine import Reason


class Sandbox:
    """Runs `target` ("module:function", called with a request and its content) in children.

    The function takes a dict of JSON and bytes, and returns a dict of JSON or raises `Rejected`. Children are
    started when they are first needed, keep the function imported, and end with the block.
    """

    def __init__(self, target: str, *, limits: Limits | None = None, workers: int = 1) -> None:
        self._target, self._limits, self._workers = target, limits or Limits(), workers
        # A child dies with the thread that started it, so threads live as long as the sandbox.
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sandbox")
        self._mine = threading.local()
        self._children: set[Supervised] = set()
        self._changing, self._closed = threading.Lock(), False
        self._turns = Turns()
        self.network_isolated: bool | None = None
        """Whether every child so far was cut off from the network; None until the first one has started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self) -> None:
        """Start the children now and not with the first request; one that cannot start is told of then."""
        for _ in range(self._workers):
            self._threads.submit(self._child)

    def map(
        self,
        requests: Iterable[tuple[dict[str, Any], bytes]],
        *,
        ahead: int,
        ahead_bytes: int | None = None,
    ) -> Iterator[Reply]:
        """Yield a reply for each request with its content, in their order.

        At most `ahead` requests beyond the reply at hand are taken and kept in memory, and of large ones
        fewer: `ahead_bytes` of content, or one request. Below the number of workers some of them idle.
        Raises `HeadwaterError` if no child can be started at all.
        """
        waiting: deque[tuple[Future[Reply], int]] = deque()
        held = 0
        self._refuse_closed()
        try:
            for request, content in requests:
                waiting.append((self._threads.submit(self._reply, request, content), len(content)))
                held += len(content)
                while len(waiting) > ahead or (ahead_bytes is not None and held > ahead_bytes and waiting):
                    future, size = waiting.popleft()
                    held -= size
                    yield future.result()
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            for future, _ in waiting:
                future.cancel()

    def close(self) -> None:
        """End all children, whatever they are doing."""
        with self._changing:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in list(self._children):
            self._drop(child)

    def _reply(self, request: dict[str, Any], content: bytes) -> Reply:
        with self._turns.together():
            found = self._attempt(request, content)
        if isinstance(found, Failure) and found.reason is Reason.PARSER_CRASHED:
            # Once more with no neighbor that could have taken the memory; a second crash is the item's own.
            with self._turns.alone():
                found = self._attempt(request, content)
        if isinstance(found, Failure):
            return Reply(request=request, failure=found)
        return Reply(request=request, value=found)

    def _attempt(self, request: dict[str, Any], content: bytes) -> dict[str, Any] | Failure:
        child = self._child()
        try:
            return child.ask(request, content)
        except LostChildError as lost:
            self._drop(child)
            return lost.failure

    def _child(self) -> Supervised:
        child: Supervised | None = getattr(self._mine, "child", None)
        if child is not None and (child not in self._children or not child.is_ready()):
            self._drop(child)
            child = None
        if child is None:
            child = self._mine.child = self._started()
        return child

    def _started(self) -> Supervised:
        self._refuse_closed()
        child = Supervised(self._target, self._limits)
        with self._changing:
            self._children.add(child)
            self.network_isolated = child.network_isolated and self.network_isolated is not False
            closed = self._closed
        if closed:
            child.kill()
        return child

    def _refuse_closed(self) -> None:
        if self._closed:
            raise HeadwaterError("the sandbox is closed", fix="open another one")

    def _drop(self, child: Supervised) -> None:
        child.close()
        with self._changing:
            self._children.discard(child)
