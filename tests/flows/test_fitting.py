"""A run and `doctor` say so when the embedder is not for what is ingested."""

from __future__ import annotations

from typer.testing import CliRunner

from flows.cli.app import app
from flows.stages.fitting import released_misfits
from tests.flows.projects import Project

SAID = "100% of chunks are not English (most of them German), which is what all-MiniLM-L6-v2 is for"


def german(n: int) -> str:
    return (
        f"# Pumpe {n}\n\nDie Pumpe {n} steht an der Station und wird von uns in jedem Jahr gereinigt, und "
        f"danach ist sie für {n + 1} Jahre wie neu. Wenn sie nicht läuft, muss man den Motor ansehen.\n"
    )


def test_a_run_that_embeds_another_language_notes_it_and_one_that_embeds_nothing_does_not(
    project: Project,
) -> None:
    project.source("docs", language="de")
    for n in range(24):
        project.write(f"p{n}.md", german(n))
    run = project.ingest().run

    assert [note for note in run.notes if note.startswith(SAID)]
    assert project.ingest().run.notes == ()
    assert (released_misfits(project.open())["default"] or "").startswith(SAID)
    shown = CliRunner().invoke(app, ["--project", str(project.root / "headwater.yaml"), "doctor"]).stdout
    assert "chunks are not English" in " ".join(shown.split())


def test_what_the_embedder_is_for_is_not_noted(project: Project) -> None:
    project.pages(24)

    assert project.ingest().run.notes == ()
    assert released_misfits(project.open()) == {"default": None}
