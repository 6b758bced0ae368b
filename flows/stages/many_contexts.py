"""Assemble the contexts of many requests, several at once, all at one release, into one file."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.stages.contexts import context
from flows.stages.retrieving import releases_of
from flows.workspace import Workspace
from schemas.context import ContextRequest
from schemas.errors import HeadwaterError

WORKERS = 4
"""Requests in work at once; the embedder and the store take them beside each other."""
AHEAD = 4
"""Per worker: contexts that may be finished before the one whose turn it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyContexts:
    """What became of the requests of a file."""

    release: int
    out: str
    requests: int
    answerable: int
    not_answerable: int
    failed: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def write_contexts(
    workspace: Workspace,
    requests: Sequence[ContextRequest],
    out: Path,
    *,
    release: int | None = None,
    as_of: datetime | None = None,
    workers: int = WORKERS,
) -> ManyContexts:
    """Write the context of each request as a line of JSON, in the order of the requests.

    All are asked at one release: the newest there is now, `release`, or that of `as_of`, with facts as they
    were then. A request that cannot be answered at
    all is a line with its `question` and its `error`; the others go on. The file appears when it is whole.
    Raises NotFoundError for an unknown release, or when nothing has been published.
    """
    pinned = _pinned(workspace, release, as_of)
    at = {"release": pinned} if as_of is None else {"as_of": as_of}
    done = {"answerable": 0, "not_answerable": 0, "failed": 0}
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as lines:
        for n, answer in enumerate(_answers(workspace, requests, at, workers), start=1):
            lines.write(json.dumps(answer, ensure_ascii=False) + "\n")
            done[_kind(answer)] += 1
            workspace.progress.advance("contexts", n, len(requests))
    unfinished.replace(out)
    return ManyContexts(release=pinned, out=str(out), requests=len(requests), **done)


def _pinned(workspace: Workspace, release: int | None, as_of: datetime | None) -> int:
    return releases_of(workspace, ContextRequest(question="?", release=release, as_of=as_of))[0].release


def _answers(
    workspace: Workspace, requests: Sequence[ContextRequest], at: dict[str, Any], workers: int
) -> Iterator[dict[str, Any]]:
    """Yield answers in the order of the requests; only so many wait for a slower one before them."""
    waiting: deque[Future[dict[str, Any]]] = deque()
    for first in requests[:1]:
        yield _answer(workspace, first, at)  # alone: it loads the model, which each thread would load
    with ThreadPoolExecutor(workers, thread_name_prefix="context") as threads:
        for request in requests[1:]:
            waiting.append(threads.submit(_answer, workspace, request, at))
            if len(waiting) >= workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _answer(workspace: Workspace, request: ContextRequest, at: dict[str, Any]) -> dict[str, Any]:
    try:
        return context(workspace, request.model_copy(update=at)).model_dump(mode="json")
    except HeadwaterError as problem:
        return {"question": request.question, "error": problem.as_dict()}


def _kind(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return "failed"
    return "answerable" if answer["answerable"] else "not_answerable"
