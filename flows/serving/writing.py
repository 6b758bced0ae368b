"""Answers being written: so many at once, in threads apart from those that assemble contexts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import TypeVar

from flows.serving.admission import Admission
from schemas.serve import ServeSection

T = TypeVar("T")
AT_ONCE = 32
"""Each is a thread that waits for the language model."""
END = object()


class Writers:
    """Runs what waits for a language model; its coroutines belong to one event loop."""

    def __init__(self, section: ServeSection) -> None:
        self._turns = Admission(section.model_copy(update={"concurrency": AT_ONCE}))
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="writer")

    async def run(self, work: Callable[[], T]) -> T:
        """Run it when its turn has come. Raises OverloadedError where none comes."""
        async with self._turns.turn():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def pieces(self, written: Iterator[T]) -> AsyncGenerator[T]:
        """Yield what an iterator yields, each piece waited for in a thread.

        Where nobody listens any more the iterator is closed, once it has let go of the thread.
        """
        async with self._turns.turn():
            waiting: Future[T | object] | None = None
            try:
                while True:
                    waiting = self._threads.submit(next, written, END)
                    piece = await asyncio.wrap_future(waiting)
                    if piece is END:
                        return
                    yield piece  # type: ignore[misc] # END is not yielded
            finally:
                if waiting is not None:
                    waiting.add_done_callback(lambda _: _close(written))

    def stop(self) -> None:
        """End the threads; one that waits for the language model ends with its answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def begun(pieces: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """Return what yields the same, once its first piece is there: what fails at once is raised here."""
    first = await anext(pieces, END)

    async def all_of_them() -> AsyncGenerator[T]:
        if first is not END:
            yield first  # type: ignore[misc] # END is not yielded
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    return all_of_them()


def _close(written: Iterator[object]) -> None:
    with suppress(Exception):
        close = getattr(written, "close", None)
        if close is not None:
            close()
