"""OpenAI's own client against a server: models, conversations with citations, search, and errors it knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from infra.store.interactions import interactions
from infra.store.keys import add_key
from schemas.context import Principal
from schemas.tools import Embedder
from tests.flows.projects import Project
from tests.flows.serving.running import Running, running
from tests.llm_server import Failure, LlmServer, llm_server_running

QUESTION = "What does the sensor of station 3 cost?"
OFF_TOPIC = "Who won the football match?"
COSTS = "It costs 30 euros [1]."


@pytest.fixture(scope="module")
def llm() -> Iterator[LlmServer]:
    with llm_server_running() as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    project = Project(root=tmp_path_factory.mktemp("openai"), embedders=embedders)
    project.settings["context_views"] = {"default": {}, "short": {"budget_tokens": 300}}
    project.pages(6)
    project.ingest()
    return project


@pytest.fixture(scope="module")
def served(project: Project, llm: LlmServer) -> Iterator[Running]:
    project.settings["llm"] = llm.settings()
    with running(project.open()) as server:
        yield server


@pytest.fixture
def client(served: Running, llm: LlmServer) -> Iterator[OpenAI]:
    llm.asked.clear()
    llm.answers.clear()
    llm.failures.clear()
    with OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def user(content: str) -> Any:
    return {"role": "user", "content": content}


def test_every_context_view_is_a_model(client: OpenAI) -> None:
    models = client.models.list().data

    assert [(model.id, model.owned_by) for model in models] == [("default", "trial"), ("short", "trial")]
    assert client.models.retrieve("short").created > 1_700_000_000
    with pytest.raises(openai.NotFoundError, match="there is no model 'shart'") as told:
        client.models.retrieve("shart")
    assert told.value.code == "model_not_found"


def test_what_openai_has_and_this_has_not_is_an_error_that_the_client_knows(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as told:
        client.embeddings.create(model="short", input="a question")
    assert told.value.type == "not_found_error"
    assert "see /openapi.json for what there is" in told.value.message


def test_an_answer_has_citations_and_annotations_of_where_it_cites(client: OpenAI, llm: LlmServer) -> None:
    llm.answers.append(COSTS)

    said = client.chat.completions.create(model="default", messages=[user(QUESTION)], max_tokens=99)

    [choice] = said.choices
    assert (choice.message.content, choice.finish_reason) == (COSTS, "stop")
    assert choice.message.annotations is not None
    [annotation] = choice.message.annotations
    place = annotation.url_citation
    assert COSTS[place.start_index : place.end_index] == "[1]"
    assert (place.title, place.url.endswith("/docs/p03.md")) == ("Station 3", True)
    extra = said.model_extra or {}
    assert "30 euros" in extra["citations"][0]["quote"]
    assert said.usage is not None
    assert said.usage.completion_tokens == 5
    assert llm.asked[0].json["max_tokens"] == 99


def test_a_streamed_answer_has_them_too_and_the_usage_where_it_is_asked_for(
    client: OpenAI, llm: LlmServer
) -> None:
    llm.answers.append(COSTS)

    chunks = list(
        client.chat.completions.create(
            model="default",
            messages=[user(QUESTION)],
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == COSTS
    assert (chunks[0].model_extra or {})["citations"][0]["n"] == 1
    [annotation] = (deltas[-1].model_extra or {})["annotations"]
    assert annotation["url_citation"]["start_index"] == COSTS.index("[1]")
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5


def test_earlier_turns_and_system_messages_reach_the_model_around_the_passages(
    client: OpenAI, llm: LlmServer
) -> None:
    turns = [
        {"role": "system", "content": "Answer like a pirate."},
        user("Hello"),
        {"role": "assistant", "content": "Ahoy"},
        {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
    ]

    client.chat.completions.create(model="default", messages=turns, temperature=0.5, seed=7, user="u")  # type: ignore[arg-type] # plain dicts

    sent = llm.asked[0].json
    assert [one["role"] for one in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert sent["messages"][0]["content"].startswith("Answer like a pirate.\n\nAnswer the question from")
    assert sent["messages"][1:3] == turns[1:3]
    assert sent["messages"][3]["content"].endswith(f"Question: {QUESTION}")
    assert (sent["temperature"], sent["seed"], "user" in sent) == (0.5, 7, False)


def test_a_question_that_needs_the_one_before_it_finds_its_passages(client: OpenAI, llm: LlmServer) -> None:
    turns = [user(QUESTION), {"role": "assistant", "content": COSTS}, user("Really?")]

    said = client.chat.completions.create(model="default", messages=turns)

    assert "Station 3" in (said.model_extra or {})["citations"][0]["quote"]
    assert "30 euros" in llm.asked[0].messages[-1]["content"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_nothing_answers_is_said_and_the_model_is_not_asked(
    client: OpenAI, llm: LlmServer, stream: bool
) -> None:
    said: Any = client.chat.completions.create(model="default", messages=[user(OFF_TOPIC)], stream=stream)

    text = (
        "".join(chunk.choices[0].delta.content or "" for chunk in said)
        if stream
        else said.choices[0].message.content
    )
    assert text.startswith("Nothing was found")
    assert llm.asked == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"n": 2}, "unsupported_parameter"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, "unsupported_parameter"),
        ({"extra_body": {"filtres": {}}}, "unsupported_parameter"),
        ({"messages": [{"role": "assistant", "content": "Ahoy"}]}, "config"),
        ({"messages": [user("x" * 5000)]}, "config"),
        ({"temperature": 9}, "invalid"),
        ({"model": "nobody"}, "model_not_found"),
    ],
)
def test_what_cannot_be_kept_to_is_an_error_that_the_client_knows(
    client: OpenAI, llm: LlmServer, parameters: dict[str, Any], code: str
) -> None:
    asked: dict[str, Any] = {"model": "default", "messages": [user(QUESTION)], **parameters}

    with pytest.raises(
        (openai.BadRequestError, openai.NotFoundError, openai.UnprocessableEntityError)
    ) as told:
        client.chat.completions.create(**asked)

    body: Any = told.value.body
    assert (body["code"], bool(body["message"]), bool(body["type"])) == (code, True, True)
    assert llm.asked == []


def test_a_model_that_does_not_answer_is_the_clients_own_kind_of_error(
    client: OpenAI, llm: LlmServer
) -> None:
    llm.failures.append(Failure(status=429, headers={"Retry-After": "60"}))

    with pytest.raises(openai.InternalServerError, match="answered 429") as told:
        client.chat.completions.create(model="default", messages=[user(QUESTION)], stream=True)
    assert (told.value.status_code, told.value.code) == (503, "unavailable")


def test_a_search_answers_passages_best_first_as_many_as_are_asked_for(client: OpenAI) -> None:
    page = client.vector_stores.search("default", query=QUESTION, max_num_results=2)

    assert page.object == "vector_store.search_results.page"
    assert page.data[0].filename == "p03.md"
    assert len(page.data) <= 2
    assert "30 euros" in page.data[0].content[0].text
    assert (page.data[0].attributes or {})["source"] == "docs"
    assert page.data == sorted(page.data, key=lambda found: -found.score)
    assert [one.file_id for one in page] == [one.file_id for one in page.data]  # no second page


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"type": "eq", "key": "source", "value": "docs"}, True),
        ({"type": "in", "key": "source", "value": ["other"]}, False),
        ({"type": "and", "filters": [{"type": "lt", "key": "source_at", "value": 86_400}]}, False),
        ({"type": "ne", "key": "source", "value": "docs"}, None),
        ({"type": "or", "filters": []}, None),
    ],
)
def test_a_search_is_filtered_or_says_that_it_cannot(
    client: OpenAI, filters: Any, found: bool | None
) -> None:
    if found is None:
        with pytest.raises(openai.BadRequestError, match="not supported here"):
            client.vector_stores.search("default", query=QUESTION, filters=filters)
        return
    assert bool(client.vector_stores.search("default", query=QUESTION, filters=filters).data) is found


def test_a_conversation_is_logged_as_it_was_sent_for_its_asker_alone(
    project: Project, llm: LlmServer
) -> None:
    project.settings["llm"] = llm.settings()
    with running(project.open()) as server, OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        client.chat.completions.create(model="default", messages=[user(QUESTION)])
        alone = llm.asked[-1].messages
        turns = [user("Hello"), {"role": "assistant", "content": "Ahoy"}, user(QUESTION)]
        client.chat.completions.create(model="default", messages=turns)
        within = llm.asked[-1].messages

    rows = interactions(project.store, where="interface = 'chat' AND answer IS NOT NULL").to_pylist()[-2:]
    logged = [(json.loads(row["context"])["messages"], row["acl"]) for row in rows]
    assert logged == [(alone, ["everyone"]), (within, [])]


def test_a_key_says_who_asks_and_a_wrong_one_is_an_authentication_error(project: Project) -> None:
    project.settings.pop("llm", None)
    store, workspace = project.store, project.open()
    key = add_key(store, "ann", Principal(user="ann"), ("read",), now=workspace.clock())
    with running(workspace) as server:
        url = f"{server.url}/v1"
        with OpenAI(base_url=url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError) as told:
                client.models.list()
            assert told.value.code == "invalid_api_key"
        with OpenAI(base_url=url, api_key=key, max_retries=0) as client:
            assert client.models.list().data
            with pytest.raises(openai.BadRequestError, match="no `llm:` section"):
                client.chat.completions.create(model="default", messages=[user(QUESTION)])
            with pytest.raises(openai.PermissionDeniedError):
                client.vector_stores.search("default", query=QUESTION, extra_body={"principal": "user:bob"})
