"""A conversation is for those who may read all that its turns were shown, and datasets take it for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from openai import OpenAI

from flows.stages.exporting import export
from infra.store.interactions import append_feedback, interactions
from schemas.dataset import Export
from tests.flows.projects import Project
from tests.flows.serving.conftest import copy_of
from tests.flows.serving.running import running
from tests.llm_server import LlmServer, llm_server_running
from tests.transforms.datasets.judgments import feedback

FIRST = {3: "What does the sensor of station 3 cost?", 7: "What does the sensor of station 7 cost?"}
SAID = {3: "It costs 30 euros [1].", 7: "It costs 9173 euros [1]."}
NEXT = {
    3: "Which river does station 5 measure the level of?",
    7: "Is a sensor of station 2 cheaper?",
}
ANN = {"principal": "user:ann", "groups": ["hr"]}
BOB = {"principal": "user:bob"}
DATASETS = {"liked": {"type": "judged"}, "for-hr": {"type": "judged", "audience": ["group:hr"]}}


@dataclass(frozen=True, kw_only=True)
class Talks:
    """Conversations that were had: the context of each one's last turn."""

    project: Project
    ids: dict[str, str]
    explained: dict[str, httpx.Response]
    """What Ann's last turn is explained as to her, to Bob, and to an admin."""

    def row(self, name: str) -> dict[str, Any]:
        where = f"context_id = '{self.ids[name]}'"
        [row] = interactions(self.project.store, where=where).to_pylist()
        return dict(row)


@pytest.fixture(scope="module")
def talks(library: Project, tmp_path_factory: pytest.TempPathFactory) -> Talks:
    """Ann of hr, who was told of station 7; Bob, who only says that he was; and somebody, of station 3."""
    project = copy_of(library, tmp_path_factory.mktemp("talks") / "project")
    project.settings["datasets"] = DATASETS
    with llm_server_running() as llm:
        project.settings["llm"] = llm.settings()
        with running(project.open()) as server, OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
            ids = {
                "ann": talk(client, llm, 7, ANN),
                "bob": talk(client, llm, 7, BOB, told=False),
                "anybody": talk(client, llm, 3, {}),
            }
            explained = {
                name: server.client.get(f"/v1/explain/{ids['ann']}", params=who)
                for name, who in {"ann": ANN, "bob": BOB, "admin": {}}.items()
            }
    append_feedback(project.store, [feedback("like", one, at=project.open().clock()) for one in ids.values()])
    return Talks(project=project, ids=ids, explained=explained)


def talk(client: OpenAI, llm: LlmServer, station: int, who: dict[str, Any], *, told: bool = True) -> str:
    """Ask about a station, if need be, and then about another; return the context of the last turn."""
    turns: list[Any] = [{"role": "user", "content": FIRST[station]}]
    if told:
        llm.answers.append(SAID[station])
        client.chat.completions.create(model="default", messages=turns, extra_body=who)
    turns += [{"role": "assistant", "content": SAID[station]}, {"role": "user", "content": NEXT[station]}]
    llm.answers.append({3: "That of river 5 [1].", 7: "Yes, at 20 euros it is [1]."}[station])
    public = {"filters": {"sources": ["docs"]}}
    said = client.chat.completions.create(model="default", messages=turns, extra_body=who | public)
    return str((said.model_extra or {})["context_id"])


def rows(written: Export) -> str:
    return "".join(path.read_text("utf-8") for path in sorted(Path(written.out).glob("*.jsonl")))


def test_who_may_read_a_conversation_may_read_all_that_it_was_shown(talks: Talks) -> None:
    assert {name: talks.row(name)["acl"] for name in talks.ids} == {
        "ann": ["group:hr"],
        "bob": [],
        "anybody": ["everyone"],
    }
    secret = next(row["document_id"] for row in talks.project.documents() if row["source"] == "hr")
    assert secret in talks.row("ann")["document_ids"]
    assert secret not in talks.row("bob")["document_ids"]


def test_a_dataset_takes_it_for_those_alone_who_may_read_it(talks: Talks, tmp_path: Path) -> None:
    workspace = talks.project.open()
    for_all = export(workspace, "liked", out=tmp_path / "all")
    for_hr = export(workspace, "for-hr", out=tmp_path / "hr")

    assert (SAID[3] in rows(for_all), SAID[7] in rows(for_all)) == (True, False)
    assert (SAID[3] in rows(for_hr), SAID[7] in rows(for_hr)) == (True, True)
    assert (for_all.refused["audience"], for_hr.refused["audience"]) == (2, 1)
    used = pq.read_table(Path(for_hr.out) / "_meta" / "lineage.parquet").to_pylist()
    secret = {use["document_id"] for use in used if use["source"] == "hr"}
    assert secret <= set(talks.row("ann")["document_ids"])
    assert secret


def test_earlier_turns_are_shown_again_to_admins_alone(talks: Talks) -> None:
    assert talks.explained["bob"].status_code == 404
    assert (talks.explained["ann"].json()["unchanged"], talks.explained["ann"].json()["context"]) == (
        True,
        None,
    )
    assert "9173" not in talks.explained["ann"].text
    assert "9173" in talks.explained["admin"].text


def test_what_an_earlier_turn_was_shown_and_is_taken_away_takes_the_conversation_away(
    talks: Talks, tmp_path: Path
) -> None:
    talks.project.source("hr", acl=["group:board"])
    talks.project.ingest("hr")

    written = export(talks.project.open(), "for-hr", out=tmp_path)
    assert (SAID[3] in rows(written), SAID[7] in rows(written)) == (True, False)
