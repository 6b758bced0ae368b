"""Chats as a source: each thread a document that says who wrote what, when, and in answer to what."""

import json
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.stages.exporting import export
from schemas.tools import Embedder
from tests.flows.projects import Project

LINES = [
    {"thread": "pump", "id": "1", "author": "kit", "at": "2025-05-13T17:02:00Z", "text": "The pump hums."},
    {"thread": "pump", "id": "2", "author": "mara", "at": "2025-05-13T17:11:00Z", "text": "Then it lives.",
     "reply_to": "1", "reactions": [{"name": "heart", "users": ["kit", "ben"]}]},
    {"thread": "gauge", "id": "3", "author": "ben", "at": "2025-05-14T09:00:00Z", "text": "Where is it?"},
]  # fmt: skip


@pytest.fixture
def chat(tmp_path: Path, embedders: dict[str, Embedder]) -> Project:
    project = Project(root=tmp_path, embedders=embedders)
    project.source("chat", records="threads")
    return project


def said(lines: list[dict[str, object]]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_thread_keeps_its_authors_times_and_reactions_and_every_span_round_trips(chat: Project) -> None:
    chat.write("week.jsonl", said(LINES) + '{"thread": "pump", "id\n', source="chat")
    assert chat.ingest("chat").run.published
    pump, gauge = chat.documents("record", "text", "messages", "uri", "source_at")
    assert (pump["record"], gauge["record"]) == ("pump", "gauge")
    assert pump["uri"].endswith("week.jsonl#pump")
    words = [pump["text"][m["start"] : m["end"]] for m in pump["messages"]]
    assert words == ["The pump hums.", "Then it lives."]
    answer = pump["messages"][1]
    assert (answer["id"], answer["author"], answer["reply_to"]) == ("2", "mara", "1")
    assert answer["at"] == pump["source_at"]
    assert answer["reactions"] == [{"name": "heart", "count": 2, "users": ["kit", "ben"]}]
    assert chat.quarantined() == {"week.jsonl#line 4": "bad_record"}


def test_a_new_message_and_a_new_reaction_change_their_own_thread_alone(chat: Project) -> None:
    chat.write("week.jsonl", said(LINES), source="chat")
    chat.ingest("chat")
    before = {row["record"]: row for row in chat.documents("record", "record_hash", "document_id")}

    louder = [*LINES[:2], {**LINES[2], "reactions": ["eyes"]}]
    chat.write("week.jsonl", said(louder), source="chat")
    paid = chat.ingest("chat")
    after = {row["record"]: row for row in chat.documents("record", "record_hash", "document_id", "messages")}
    assert paid.run.published
    assert paid.embeddings == 0
    assert after["pump"]["record_hash"] == before["pump"]["record_hash"]
    assert after["gauge"]["record_hash"] != before["gauge"]["record_hash"]
    assert after["gauge"]["messages"][0]["reactions"][0]["name"] == "eyes"

    chat.write("week.jsonl", said([*louder, {**LINES[0], "id": "4", "text": "It stopped."}]), source="chat")
    assert chat.ingest("chat").embeddings == 1
    assert len(chat.documents("record")) == len(before)


def test_a_thread_in_two_files_is_in_one_split(chat: Project) -> None:
    for day, words in (("monday", "The {} hums."), ("tuesday", "Still humming, says the {}.")):
        lines = [
            {"thread": f"t{n}", "author": who, "text": f"{words.format(f'pump {n}')} {who} {day} said so."}
            for n in range(10, 22)
            for who in ("kit", "mara")
        ]
        chat.write(f"{day}.jsonl", said(lines), source="chat")
    chat.ingest("chat")
    chat.settings["datasets"] = {"mara": {"type": "style", "source": "chat", "author": "mara"}}
    written = export(chat.open(), "mara")
    splits = defaultdict(set)
    for use in pq.read_table(Path(written.out) / "_meta" / "lineage.parquet").to_pylist():
        splits[use["uri"].rpartition("#")[2]].add(use["split"])
    assert len(splits) == 12
    assert all(len(found) == 1 for found in splits.values())
    assert len([n for n in written.splits.values() if n]) > 1


def test_a_document_that_is_no_thread_has_no_messages(chat: Project) -> None:
    chat.pages(1)
    chat.ingest()
    assert [row["messages"] for row in chat.documents("messages")] == [None]
