"""The context flow: a question answered with passages and citations, as a Prefect flow run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.labels import fact_line, label
from flows.stages.contexts import context as assemble
from flows.workspace import open_workspace
from schemas.context import Context, ContextRequest, Principal
from schemas.filters import Filters


@flow(name="assemble-context", persist_result=False)
def assemble_context(  # noqa: PLR0913, PLR0917 - Prefect's form has a field for each
    question: str,
    project: str = "headwater.yaml",
    view: str | None = None,
    user: str | None = None,
    groups: list[str] | None = None,
    release: int | None = None,
    entities: dict[str, str] | None = None,
    filters: dict[str, Any] | None = None,
    as_of: datetime | None = None,
    budget_tokens: int | None = None,
) -> dict[str, Any]:
    """Assemble the context for a question, with nothing in it the asker may not read.

    Args:
        question: The question.
        project: The project file.
        view: A context view's name; the default one without it.
        user: Who asks; anonymous without it.
        groups: The asker's groups.
        release: The release to ask; the newest without it.
        entities: Whom the question is about: an entity's name to its key, as in {"customer_id": "42"}.
        filters: What the passages must be, as in {"sources": ["handbook"], "since": "2026-01-01"}.
        as_of: The release of that time, and facts as they were then, in place of `release`.
        budget_tokens: Tokens the prompt may have; the view's without it.
    """
    principal = Principal(user=user, groups=tuple(groups or ()))
    request = ContextRequest(
        question=question,
        view=view,
        principal=principal,
        release=release,
        as_of=as_of,
        budget_tokens=budget_tokens,
        entities=entities or {},
        filters=Filters(**(filters or {})),
    )
    found = assemble(open_workspace(project), request)
    create_markdown_artifact(key="context", markdown=_page(found), description=question)
    return found.model_dump(mode="json")


def _page(found: Context) -> str:
    lines = [
        f"# {found.question}",
        f"release {found.release}, {found.tokens.used} of {found.tokens.budget} tokens",
    ]
    lines += [] if found.answerable else [f"**Not answerable:** {found.reason}"]
    lines += [f"_{note}_" for note in found.notes]
    lines += [f"**{fact_line(name, fact)}**" for name, fact in found.features.items()]
    for c in found.citations:
        quote = "\n".join(f"> {line}" for line in c.quote.splitlines())
        lines.append(f"**[{c.n}] {label(c.title, c.heading, c.uri)}** (score {c.score:.2f})\n\n{quote}")
    return "\n\n".join(lines)
