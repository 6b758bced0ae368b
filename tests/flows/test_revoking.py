"""A right that was taken away is gone at every release, at once, for a reader that was open all along."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.stages.contexts import context
from flows.workspace import Workspace
from infra.store.rollback import resume, rollback
from schemas.context import Context, ContextRequest, Principal
from tests.flows.projects import Project

QUESTION = "How deep does pump 5 lift water from?"
LONG = "# Deep pumps\n\n" + "\n\n".join(
    f"Pump {n} lifts water from a depth of {100 + n} meters, and its motor is cooled by the water around it; "
    f"it is taken out every {n + 2} years, cleaned, and put back by a crew of {n + 3} people with a crane."
    for n in range(12)
)
RELEASES = (None, 1, 2)


def ask(reader: Workspace, release: int | None, *groups: str) -> Context:
    """Ask, and have every candidate told."""
    who = Principal(groups=groups)
    return context(reader, ContextRequest(question=QUESTION, principal=who, release=release, explain=True))


@pytest.fixture
def revoked(project: Project) -> Workspace:
    """A reader who has read everything, and from whom another process then took it."""
    project.write("pumps.md", LONG)
    project.ingest()
    reader = project.open()
    assert any(len(citation.chunk_ids) > 1 for citation in ask(reader, None).citations)
    project.source("docs", acl=["group:hr"])
    project.ingest()
    return reader


def nothing(found: Context) -> bool:
    return not (found.citations or found.explain or found.dropped or found.answerable)


def test_it_is_gone_at_every_release_and_stays_with_those_who_have_it(revoked: Workspace) -> None:
    for release in RELEASES:
        assert nothing(ask(revoked, release)), release
    for release in (None, 2):
        assert ask(revoked, release, "hr").answerable


def test_a_rollback_does_not_bring_it_back_and_the_source_itself_gives_it_anew(
    revoked: Workspace, project: Project
) -> None:
    rollback(project.store, 1, now=datetime.now(UTC))
    for release in (*RELEASES, 3):
        assert nothing(ask(revoked, release)), release
        assert nothing(ask(revoked, release, "hr")), release

    resume(project.store, now=datetime.now(UTC))
    project.ingest()

    for release in (*RELEASES, 3, 4, 5):
        assert nothing(ask(revoked, release)), release
    assert ask(revoked, None, "hr").answerable


def test_filters_count_nothing_that_was_taken_away(revoked: Workspace) -> None:
    for release in RELEASES:
        request = ContextRequest.model_validate(
            {"question": QUESTION, "release": release, "filters": {"sources": ["elsewhere"]}}
        )
        assert context(revoked, request).notes == ()
