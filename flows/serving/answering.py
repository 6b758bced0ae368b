"""One way to an answer for every interface that gives one: context, language model, log."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from flows.stages.asking import Answer, Wish
from schemas.context import Context, ContextRequest, Message

if TYPE_CHECKING:
    from flows.serving.serving import Serving

PLAIN = Wish()


class Answering:
    """A question whose context is there, and whose answer is logged however its writing ends."""

    def __init__(
        self, serving: Serving, request: ContextRequest, found: Context, *, interface: str, wish: Wish
    ) -> None:
        now = serving.workspace.clock()
        model = serving.workspace.language_model
        self.answer = Answer(context=found, asks=model, wish=wish, created=int(now.timestamp()))
        self._serving, self._request, self._interface = serving, request, interface
        self._started = time.perf_counter()
        self._turns: tuple[Message, ...] = ()

    def within(self, turns: Sequence[Message], messages: Sequence[Message]) -> None:
        """Send the context's messages among the caller's earlier turns; that is what is logged."""
        if tuple(messages) != self.answer.context.messages:
            self.answer.context = self.answer.context.model_copy(update={"messages": tuple(messages)})
            self._turns = tuple(turns)

    async def whole(self) -> Answer:
        """Return the whole answer."""
        try:
            await self._serving.writers.run(self.answer.whole)
        finally:
            self._log()
        return self.answer

    async def pieces(self) -> AsyncGenerator[str]:
        """Yield it as it is written; what was sent before somebody hung up is logged too."""
        try:
            async with aclosing(self._serving.writers.pieces(self.answer.pieces())) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._log()

    def _log(self) -> None:
        self._serving.record(
            self._request,
            self.answer.context,
            interface=self._interface,
            latency_ms=1000 * (time.perf_counter() - self._started),
            answer=self.answer.text or None,
            model=self.answer.model,
            turns=self._turns,
        )


async def answering(
    serving: Serving, request: ContextRequest, *, interface: str, wish: Wish = PLAIN
) -> Answering:
    """Return a question with its context. Raises ConfigError, before anything is asked, without a model."""
    serving.workspace.language_model  # noqa: B018 - it says what is missing
    found = await serving.context(request, interface=interface, logged=False)
    return Answering(serving, request, found, interface=interface, wish=wish)
