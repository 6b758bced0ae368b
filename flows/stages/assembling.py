"""Assemble: what was retrieved becomes the messages of a prompt, every passage sliced from its document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from flows.stages.retrieving import Retrieval
from flows.workspace import Workspace
from infra.store.texts import texts_of
from schemas.context import ContextRequest
from schemas.errors import ConfigError
from schemas.identity import digest
from schemas.release import Release
from schemas.tools import Tokenizer
from transforms.age import too_old
from transforms.assemble import Assembled, Shelf, assemble
from transforms.choose import Assembly, Chosen, choose
from transforms.features import Fact
from transforms.prompt import Passage, Prompt, marker
from transforms.rank import Hit
from transforms.spans import places_around
from transforms.template import Template


def assembled_from(
    workspace: Workspace,
    request: ContextRequest,
    found: Retrieval,
    *,
    facts: Sequence[Fact] = (),
    tokenizer: Tokenizer | None = None,
) -> Assembled:
    """Return what `retrieve` found as a prompt; the same retrieval may serve several budgets.

    `tokenizer` is what the budget is counted with, the embedder's without one.
    """
    section, now = found.section, workspace.clock()
    params = Assembly(
        budget_tokens=request.budget_tokens or section.budget_tokens,
        reserve_tokens=section.reserve_tokens,
        top_k=request.top_k or section.top_k,
        min_score=found.min_score,
        neighbors=section.neighbors,
        order=section.order,
    )
    old = too_old(found.hits, found.aging, now=now)
    tokenizer = tokenizer or found.embedder.tokenizer
    prompt = Prompt(
        fence=fence(workspace, found.release, request, found.view),
        template=_template(workspace, section.template),
        extras=tuple(_passage(fact) for fact in facts if fact.text),
    )
    chosen = choose(
        request.question,
        found.hits,
        params,
        confidence=found.confidence,
        tokenizer=tokenizer,
        prompt=prompt,
        old=old,
    )
    shelf = _shelf(workspace, found, chosen.hits, params.neighbors)
    shown = _texts(request, prompt, chosen, shelf)
    prompt = replace(prompt, fence=fence(workspace, found.release, request, found.view, shown))
    return assemble(
        request.question,
        found.hits,
        chosen,
        params,
        shelf=shelf,
        tokenizer=tokenizer,
        prompt=prompt,
        now=now,
    )


def _passage(fact: Fact) -> Passage:
    return Passage(n=0, title=None, heading="", text=fact.text, stale=fact.stale, volatile=fact.volatile)


def _texts(request: ContextRequest, prompt: Prompt, chosen: Chosen, shelf: Shelf) -> list[str]:
    """Return every text that a prompt may show, and the documents they are of."""
    rows = [*(hit.row for hit in chosen.hits), *shelf.around.values()]
    heads = {part for row in rows for part in (row["title"], *(row["headings"] or ())) if part}
    return [request.question, *(one.text for one in prompt.extras), *heads, *shelf.texts.values()]


def _shelf(workspace: Workspace, found: Retrieval, hits: Sequence[Hit], steps: int) -> Shelf:
    """Read what citations are sliced from: the documents of hits, and the chunks around them."""
    around = found.passages.reading_at(places_around(hits, steps) if steps else [], found.readable)
    texts = texts_of(workspace.store, found.release, (hit.row["document_id"] for hit in hits))
    return Shelf(texts=texts, around=around())


def _template(workspace: Workspace, path: str | None) -> Template | None:
    if path is None:
        return None
    try:
        text = (workspace.opened.root / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"the template {path!r} cannot be read: {problem}",
            fix="name a Jinja2 file, relative to the project file",
        ) from problem
    return Template(text, path)


def fence(
    workspace: Workspace,
    release: Release,
    request: ContextRequest,
    view: str,
    texts: Collection[str] = (),
) -> str:
    """Return the marker of a request, in none of `texts`: the same for the same request and release."""
    principal = ",".join(request.principal.entries())
    filters = [request.filters.model_dump_json()] if request.filters else []
    asked = digest(view, principal, request.question, *filters)
    return marker(workspace.store.secret, release.release, asked, texts=texts)
