"""The context flow: a question answered with passages and citations, as a Prefect flow run."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.labels import fact_line, label
from flows.stages.contexts import context as assemble
from flows.workspace import open_workspace
from schemas.context import Context, ContextRequest, Principal


@flow(name="assemble-context", persist_result=False)
def assemble_context(
    question: str,
    project: str = "headwater.yaml",
    view: str | None = None,
    user: str | None = None,
    groups: list[str] | None = None,
    release: int | None = None,
    entities: dict[str, str] | None = None,
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
    """
    principal = Principal(user=user, groups=tuple(groups or ()))
    request = ContextRequest(
        question=question, view=view, principal=principal, release=release, entities=entities or {}
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
    lines += [f"**{fact_line(name, fact)}**" for name, fact in found.features.items()]
    for c in found.citations:
        quote = "\n".join(f"> {line}" for line in c.quote.splitlines())
        lines.append(f"**[{c.n}] {label(c.title, c.heading, c.uri)}** (score {c.score:.2f})\n\n{quote}")
    return "\n\n".join(lines)
