"""A language model over HTTP: whole and streamed answers, tries, and a key that is never told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from infra.llm import ChatModel
from infra.llm.endpoint import LONGEST_WAIT_S, TRIES
from schemas.context import Message
from schemas.errors import ConfigError, HeadwaterError, UnavailableError
from schemas.project import LlmSection
from schemas.tools import LanguageModel
from tests.llm_server import Failure, LlmServer

Model = Callable[..., ChatModel]
KEY = "sk-never-told-4711"
MESSAGES = [Message(role="system", content="Be brief."), Message(role="user", content="Où est «ß» 😀?")]


class Waits(list[float]):
    """The waits between two tries, none of them waited for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def model(llm_server: LlmServer, waits: Waits) -> Iterator[Model]:
    with ExitStack() as opened:

        def made(**settings: object) -> ChatModel:
            section = LlmSection.model_validate(llm_server.settings(api_key=KEY, **settings))
            return opened.enter_context(ChatModel(section, sleep=waits))

        yield made


def test_a_whole_answer_comes_with_what_it_counted(llm_server: LlmServer, model: Model) -> None:
    llm_server.api_key = KEY
    llm_server.answers.append("Near the pump.")

    asks: LanguageModel = model()
    said = asks.complete(MESSAGES)

    assert (said.text, said.model) == ("Near the pump.", "scripted")
    assert (said.prompt_tokens, said.completion_tokens) == (6, 3)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_messages_arrive_as_they_are_and_settings_hold(
    llm_server: LlmServer, model: Model, streamed: bool
) -> None:
    asks = model(max_tokens=77)

    answer = "".join(asks.stream(MESSAGES)) if streamed else asks.complete(MESSAGES).text

    assert answer == "You said: Où est «ß» 😀?"
    [asked] = llm_server.asked
    assert asked.messages == [message.model_dump() for message in MESSAGES]
    assert "Où est «ß» 😀?".encode() in asked.body
    assert (asked.json["max_tokens"], asked.json["temperature"]) == (77, 0.0)


def test_a_streamed_answer_comes_piece_by_piece(llm_server: LlmServer, model: Model) -> None:
    llm_server.answers.append("one two three")
    llm_server.pause_s = 0.2

    pieces = model().stream(MESSAGES)
    started = time.monotonic()
    first = next(pieces)
    to_first_s = time.monotonic() - started

    assert [first, *pieces] == ["one ", "two ", "three"]
    assert time.monotonic() - started > to_first_s + 0.3


@pytest.mark.parametrize("failure", [Failure(status=429), Failure(status=503), Failure(after_pieces=0)])
def test_what_may_pass_is_tried_again(
    llm_server: LlmServer, model: Model, waits: Waits, failure: Failure
) -> None:
    llm_server.failures += [failure, failure]

    assert model().complete(MESSAGES).text.startswith("You said")
    assert len(llm_server.asked) == 3
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


def test_tries_are_bounded_and_the_error_says_what_the_endpoint_said(
    llm_server: LlmServer, model: Model, waits: Waits
) -> None:
    llm_server.failures += [Failure()] * 20

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:\d+ answered 503: out of order") as told:
        model().complete(MESSAGES)

    assert len(llm_server.asked) == TRIES == len(waits) + 1
    assert told.value.exit_code == 4


@pytest.mark.parametrize("as_date", [False, True])
def test_a_wait_that_is_asked_for_is_kept(
    llm_server: LlmServer, model: Model, waits: Waits, as_date: bool
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    llm_server.failures.append(Failure(status=429, headers={"Retry-After": later if as_date else "20"}))

    model().complete(MESSAGES)

    assert 15 < waits[0] <= 20


def test_nobody_waits_for_longer_than_is_sensible(llm_server: LlmServer, model: Model, waits: Waits) -> None:
    llm_server.failures.append(Failure(status=429, headers={"Retry-After": str(LONGEST_WAIT_S + 1)}))

    with pytest.raises(UnavailableError, match="429"):
        model().complete(MESSAGES)
    assert waits == []


def test_an_answer_that_breaks_off_is_never_taken_for_whole(llm_server: LlmServer, model: Model) -> None:
    llm_server.failures.append(Failure(after_pieces=2))

    pieces = model().stream(MESSAGES)

    assert [next(pieces), next(pieces)] == ["You ", "said: "]
    with pytest.raises(UnavailableError, match="broke off in the middle"):
        next(pieces)
    assert len(llm_server.asked) == 1  # what was shown is not asked for twice


def test_a_silent_endpoint_is_given_up_in_time(llm_server: LlmServer, model: Model) -> None:
    llm_server.pause_s = 3

    with pytest.raises(UnavailableError, match="said nothing for 1 s"):
        model(timeout="1s").complete(MESSAGES)
    assert len(llm_server.asked) == 1


def test_nobody_there_is_said_so(waits: Waits) -> None:
    section = LlmSection(base_url="http://127.0.0.1:9/v1", model="none")

    told = pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:9 cannot be reached")
    with ChatModel(section, sleep=waits) as asks, told:
        asks.complete(MESSAGES)


@pytest.mark.parametrize(
    "body", ["<html>hello</html>", "[]", '{"choices": []}', '{"choices": [{"message": 3}]}']
)
def test_what_is_no_chat_completion_is_said_so(llm_server: LlmServer, model: Model, body: str) -> None:
    llm_server.failures.append(Failure(status=200, body=body))

    with pytest.raises(UnavailableError, match="no chat completion"):
        model().complete(MESSAGES)


@pytest.mark.parametrize(
    "failure",
    [
        Failure(status=400, body=f'{{"error": {{"message": "no {KEY}"}}}}'),
        Failure(status=404, body=f"nothing for {KEY} here"),
        Failure(status=403, body=f"not with {KEY[:9]}"),
        Failure(status=500, body=f'{{"error": "{KEY}"}}'),
        Failure(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
        Failure(status=200, body=f'{{"error": {{"message": "{KEY}"}}}}'),
    ],
)
def test_the_key_is_in_no_error_and_no_log(
    llm_server: LlmServer, model: Model, caplog: pytest.LogCaptureFixture, failure: Failure
) -> None:
    caplog.set_level(logging.DEBUG)
    llm_server.failures += [failure] * TRIES
    asks = model()

    with pytest.raises(HeadwaterError) as told:
        asks.complete(MESSAGES)

    written = f"{told.value} {told.value.as_dict()} {asks!r} {vars(told.value)}"
    assert KEY[:9] not in written + caplog.text.replace("Authorization", "")


def test_a_wrong_key_is_a_mistake_in_the_project_file(llm_server: LlmServer, model: Model) -> None:
    llm_server.api_key = "another"

    with pytest.raises(ConfigError, match="refuses the key") as told:
        model().complete(MESSAGES)
    assert KEY not in str(told.value)
    assert len(llm_server.asked) == 1


def test_a_key_that_no_header_can_carry_is_refused_without_telling_it() -> None:
    section = LlmSection(base_url="http://127.0.0.1:9/v1", model="none", api_key="sk-never\ntold")

    with pytest.raises(ConfigError, match=r"llm\.api_key") as told:
        ChatModel(section)
    assert "never" not in str(told.value)
    assert "never" not in repr(section)
