"""What every interface serves with: the open project, a bounded pool, the limits, the log and the keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from flows.serving.admission import Admission
from flows.serving.callers import Caller
from flows.serving.interaction_log import InteractionLog
from flows.serving.mcp_http import McpEndpoint
from flows.serving.metrics import Metrics
from flows.serving.pusher import Pusher
from flows.serving.reports import Reports
from flows.serving.warming import start_warming
from flows.serving.writing import Writers
from flows.stages.contexts import context
from flows.stages.interactions import Interaction, interaction_of, log_served
from flows.workspace import Workspace
from infra.store.keys import hash_of, keys_by_hash
from schemas.context import Context, ContextRequest, Message
from schemas.errors import ConfigError, NotFoundError
from schemas.key import Key
from schemas.serve import ServeSection

T = TypeVar("T")
KEYS_FRESH_S = 1.0
"""A key that is revoked opens nothing after this time and one request."""


class Serving:
    """One server's state. Its coroutines belong to one event loop; the blocking stages run in its pool."""

    def __init__(
        self,
        workspace: Workspace,
        section: ServeSection | None = None,
        warming: Future[bool] | None = None,
    ) -> None:
        self.workspace = workspace
        self.section = section or workspace.opened.project.serve
        self.metrics = Metrics()
        self.admission = Admission(self.section)
        self.metrics.watch(self.admission)
        self.log = InteractionLog(partial(log_served, workspace), self.metrics)
        self.reports = Reports(self.section.report_url, self.metrics)
        self.writers = Writers(self.section)
        self.mcp = McpEndpoint(self)
        self.pusher = Pusher(workspace)
        self.hash_of = hash_of
        self._pool = ThreadPoolExecutor(self.section.concurrency, thread_name_prefix="stage")
        self._warming = warming
        self._keys: dict[str, Key] = {}
        self._keys_read_at = -KEYS_FRESH_S
        self._keyed = False

    async def start(self) -> None:
        """Begin to log, and to get ready beside what is asked."""
        self.log.start()
        self._warming = self._warming or start_warming(self.workspace)

    async def stop(self) -> None:
        """Write what is to be logged and end the pool."""
        await self.mcp.stop()
        await asyncio.to_thread(self.pusher.stop)
        await asyncio.to_thread(self.log.stop)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.writers.stop()

    async def context(self, request: ContextRequest, *, interface: str, logged: bool = True) -> Context:
        """Return the context for a question, and log it.

        With `logged=False` the interface calls `record` itself, once it knows the answer that was generated.
        """
        started, asked_at = time.perf_counter(), self.workspace.clock()
        self._check(request)
        if self._warming is not None and not self._warming.done():
            await asyncio.wrap_future(self._warming)
        found = await self.run(partial(context, self.workspace, request))
        self.metrics.served(found, interface)
        if logged:
            latency_ms = 1000 * (time.perf_counter() - started)
            self.log.add(
                Interaction(
                    request=request,
                    context=found,
                    interface=interface,
                    asked_at=asked_at,
                    latency_ms=latency_ms,
                )
            )
        return found

    def record(
        self,
        request: ContextRequest,
        context: Context,
        *,
        interface: str,
        latency_ms: float,
        answer: str | None,
        model: str | None,
        turns: tuple[Message, ...] = (),
    ) -> None:
        """Log a context with the answer that was generated from it, or as much of it as was sent."""
        self.log.add(
            Interaction(
                request=request,
                context=context,
                interface=interface,
                asked_at=self.workspace.clock(),
                latency_ms=latency_ms,
                answer=answer,
                model=model,
                turns=turns,
            )
        )

    async def served(self, context_id: str, caller: Caller) -> Interaction:
        """Return a context that was served, to its asker or an admin.

        Raises NotFoundError for one that is not in the log, and for another's: nobody learns what others ask.
        """
        found = self.log.find(context_id)
        found = found or await self.run(partial(interaction_of, self.workspace.store, context_id))
        if found is None or not _may_see(caller, found):
            raise NotFoundError(
                f"no context {context_id!r} of yours is in the log", fix="give the context_id of an answer"
            )
        return found

    async def run(self, work: Callable[[], T]) -> T:
        """Run what blocks in the pool, when its turn has come. Raises OverloadedError where none comes."""
        async with self.admission.turn():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def keys(self) -> dict[str, Key]:
        """Return the keys by their hash; empty where none was ever made."""
        if time.monotonic() - self._keys_read_at >= KEYS_FRESH_S:
            self._keys = await asyncio.to_thread(keys_by_hash, self.workspace.store)
            self._keys_read_at = time.monotonic()
            self._keyed = self._keyed or bool(self._keys)
        return self._keys

    async def is_open(self) -> bool:
        """Tell whether nobody needs a key: on loopback, where none was ever made.

        Never elsewhere, and never again once there was one: a store that is gone opens nothing.
        """
        await self.keys()
        return self.section.is_loopback and not self._keyed

    async def is_ready(self) -> bool:
        """Tell whether the next question waits for nothing; where nothing was published, look again."""
        if self._warming is None or not self._warming.done():
            return False
        if not self._warming.result():
            self._warming = start_warming(self.workspace)
            return await asyncio.wrap_future(self._warming)
        return True

    def _check(self, request: ContextRequest) -> None:
        if len(request.question) > self.section.max_question_chars:
            raise ConfigError(
                f"the question has {len(request.question)} characters, and may have "
                f"{self.section.max_question_chars}",
                fix="shorten it",
            )
        budget = request.budget_tokens or 0
        if budget > self.section.max_budget_tokens:
            raise ConfigError(
                f"the budget is {budget} tokens, and may be {self.section.max_budget_tokens}", fix="lower it"
            )
        if (request.top_k or 0) > self.section.max_top_k:
            raise ConfigError(
                f"{request.top_k} passages are asked for, and there may be {self.section.max_top_k}",
                fix="ask for fewer",
            )


def _may_see(caller: Caller, found: Interaction) -> bool:
    asker = found.request.principal
    return caller.may("admin") or (asker.user is not None and asker.user == caller.principal.user)
