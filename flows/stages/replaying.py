"""Replay: ask logged questions again at two releases, and say whose context would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from flows.stages.contexts import context
from flows.workspace import Workspace
from infra.store import releases
from schemas.context import Citation, Context, ContextRequest
from schemas.errors import NotFoundError
from schemas.replay import Changed, Replay

MOVING = frozenset({"n", "chunk_id", "age_s", "score"})
"""What of a citation is not shown to a model, or moves when other documents do."""


def replay(
    workspace: Workspace, requests: Iterable[ContextRequest], *, release: int, against: int | None = None
) -> Replay:
    """Ask every request at `release` and at `against` (the newest without it), each as its own principal.

    A context is the same when it cites the same passages in the same order, or says for the same reason that
    nothing is relevant. Raises NotFoundError for an unknown release or view.
    """
    newest = releases.current(workspace.store)
    if newest is None:
        raise NotFoundError("nothing has been published yet", fix="run `headwater ingest`")
    now = releases.get(workspace.store, release).release
    then = releases.get(workspace.store, against).release if against is not None else newest.release
    asked = list(requests)
    changed = []
    for n, request in enumerate(asked, start=1):
        one, other = (context(workspace, request.model_copy(update={"release": at})) for at in (now, then))
        if _shown(one) != _shown(other):
            changed.append(_changed(request, one, other))
        workspace.progress.advance("replay", n, len(asked))
    return Replay(release=now, against=then, requests=len(asked), changed=tuple(changed))


def _changed(request: ContextRequest, one: Context, other: Context) -> Changed:
    mine, theirs = (Counter({_passage(c): c.uri for c in found.citations}.values()) for found in (one, other))
    kept = {_passage(c) for c in one.citations} & {_passage(c) for c in other.citations}
    both = Counter(c.uri for c in one.citations if _passage(c) in kept)
    return Changed(
        question=request.question,
        view=one.context_view,
        principal=request.principal.entries(),
        answerable=one.answerable,
        was_answerable=other.answerable,
        digest=one.digest,
        was_digest=other.digest,
        added=tuple(sorted((mine - both).elements())),
        removed=tuple(sorted((theirs - both).elements())),
    )


def _shown(found: Context) -> tuple[bool, tuple[str, ...]]:
    return found.answerable, tuple(map(_passage, found.citations))


def _passage(citation: Citation) -> str:
    return citation.model_dump_json(exclude=set(MOVING))
