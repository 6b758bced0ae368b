"""What context views promise: citations that hold, prompts as configured, nothing the asker may not read."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from flows.stages.contexts import context
from schemas.context import Context, ContextRequest, Principal
from schemas.errors import ConfigError
from tests.flows.projects import Project, page
from transforms.prompt import Passage

QUESTION = "What does the sensor of station 3 cost?"
LONG = "# Deep pumps\n\n" + "\n\n".join(
    f"Pump {n} lifts water from a depth of {100 + n} meters, and its motor is cooled by the water around it; "
    f"it is taken out every {n + 2} years, cleaned, and put back by a crew of {n + 3} people with a crane."
    for n in range(12)
)


def view(project: Project, **settings: Any) -> None:
    project.settings["context_views"] = {"default": settings}


def ask(project: Project, question: str = QUESTION, **more: Any) -> Context:
    return context(project.open(), ContextRequest(question=question, **more))


def test_every_citation_is_the_stored_documents_text_also_where_passages_grew(project: Project) -> None:
    project.write("pumps.md", LONG)
    project.pages(4)
    project.ingest()
    found = ask(project, "How deep does pump 5 lift water from?", budget_tokens=900)
    texts = {row["document_id"]: row["text"] for row in project.documents("document_id", "text")}

    assert any(len(citation.chunk_ids) > 1 for citation in found.citations)
    for citation in found.citations:
        assert texts[citation.document_id][citation.start : citation.end] == citation.quote
    assert found.digest == ask(project, "How deep does pump 5 lift water from?", budget_tokens=900).digest


def test_a_passage_grows_only_by_what_the_asker_may_read(project: Project) -> None:
    project.source("hr", acl=["group:hr"])
    project.write("pumps.md", LONG, source="hr")
    project.pages(2)
    project.ingest()
    project.ingest("hr")
    question = "How deep does pump 5 lift water from?"

    assert {c.source for c in ask(project, question).citations} <= {"docs"}
    mine = ask(project, question, principal=Principal(groups=("hr",)))
    assert "hr" in {c.source for c in mine.citations}


def test_a_template_beside_the_project_file_writes_the_prompt(project: Project) -> None:
    project.pages(4)
    project.ingest()
    view(project, template="prompts/x.j2")
    folder = project.root / "prompts"
    folder.mkdir()
    text = "{% block system %}Be brief.{% endblock %}{{ passages | join('\n') }}\nQ: {{ question }}"
    (folder / "x.j2").write_text(text, encoding="utf-8")
    found = ask(project)

    assert found.messages[0].content == "Be brief."
    assert found.messages[1].content.endswith(f"Q: {QUESTION}")
    (folder / "x.j2").write_text("{{ wrong", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 1 of template prompts/x\.j2"):
        ask(project)
    (folder / "x.j2").unlink()
    with pytest.raises(ConfigError, match=r"the template 'prompts/x\.j2' cannot be read"):
        ask(project)


def test_what_is_older_than_its_source_allows_is_dropped_and_said(project: Project) -> None:
    project.source("docs", max_age="7d")
    project.pages(4)
    project.ingest()

    assert ask(project).answerable
    project.later = timedelta(days=8)
    late = ask(project, explain=True)
    assert not late.answerable
    assert {dropped.why for dropped in late.dropped} == {"too_old"}
    assert {candidate.verdict for candidate in late.explain} == {"too_old"}


def test_of_two_pages_that_say_the_same_the_newer_one_comes_first(project: Project) -> None:
    project.source("docs", half_life="30d")
    old = project.write("a.md", page(3, costs=30))
    project.write("b.md", page(3, costs=40))
    os.utime(old, (1_600_000_000, 1_600_000_000))
    project.ingest()
    found = ask(project, explain=True)

    assert found.citations[0].uri.endswith("b.md")
    freshness = {candidate.uri[-4:]: candidate.freshness for candidate in found.explain}
    assert freshness["a.md"] < 0.1
    assert freshness["b.md"] > 0.9


def test_facts_that_are_given_stand_first_and_count_in_the_budget(project: Project) -> None:
    project.pages(4)
    project.ingest()
    fact = Passage(n=0, title="Customer 7", heading="", text="Pays by invoice.")
    found = context(project.open(), ContextRequest(question=QUESTION), extras=[fact])

    assert "[1] Customer 7" in found.messages[1].content
    assert found.citations[0].n == 2
    assert found.tokens.used <= found.tokens.budget


def test_explain_shows_every_candidate_with_its_scores(project: Project) -> None:
    project.pages(6)
    project.ingest()
    found = ask(project, explain=True)
    best = found.explain[0]

    assert len(found.explain) == 6
    assert {candidate.verdict for candidate in found.explain} <= {
        "kept",
        "merged",
        "below_top_k",
        "duplicate",
    }
    assert best.verdict == "kept"
    assert best.vector_rank == best.keyword_rank == 1
    assert best.named > 0


def test_filters_that_leave_too_little_say_so_and_count_only_what_the_asker_may_read(
    project: Project,
) -> None:
    project.source("news", labels={"team": "press"})
    project.source("hr", acl=["group:hr"])
    for source, count in {"docs": 6, "news": 2, "hr": 3}.items():
        project.pages(count, source=source)
        project.ingest(source)
    found = ask(project, filters={"labels": {"team": "press"}}, explain=True)

    assert {citation.source for citation in found.citations} == {"news"}
    assert len(found.explain) == 2
    assert found.notes == ("2 passages found under the filters; 8 without them",)
    hr = Principal(groups=("hr",))
    assert ask(project, filters={"sources": ["hr"]}, principal=hr).notes[0].startswith("3 passages found")
    assert ask(project, filters={"sources": ["hr"]}).notes[0].startswith("0 passages found")
    assert ask(project).notes == ()
    assert ask(project, filters={"sources": ["docs", "news"]}).notes == ()
