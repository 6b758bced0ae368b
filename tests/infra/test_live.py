"""Request-time functions: limits on time and size, answers kept for a while, fallbacks said as such."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest

from infra.live import ANSWER_BYTES, HUNG, Live
from schemas.errors import ConfigError
from schemas.feature import FunctionSection

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Weather(ThreadingHTTPServer):
    """A weather service on this machine, which counts what it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Forecast)
        self.asked: list[str] = []
        self.released = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Forecast(BaseHTTPRequestHandler):
    """Answers /weather, hangs at /hang, and misbehaves elsewhere."""

    server: Weather

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/hang"):
            self.server.released.wait(30)
        if self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", self.server.url("/weather"))
            self.end_headers()
            return
        known = self.path.startswith(("/weather", "/big"))
        self.send_response(200 if known else 503)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        size = ANSWER_BYTES if self.path.startswith("/big") else 0
        self.wfile.write(json.dumps({"sky": "rain", "celsius": 7, "pad": "x" * size}).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def weather() -> Iterator[Weather]:
    server = Weather()
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    serving.join()


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A person's own module of functions."""
    module = ModuleType("acme_live")
    module.asked = []  # type: ignore[attr-defined]
    module.released = threading.Event()  # type: ignore[attr-defined]
    module.status = lambda entities, question: module.asked.append((entities, question)) or {"state": "sent"}  # type: ignore[attr-defined]
    module.hang = lambda *_: module.released.wait(30)  # type: ignore[attr-defined]
    module.fail = lambda *_: 1 / 0  # type: ignore[attr-defined]
    module.number = 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_live", module)
    yield module
    module.released.set()


class Clock:
    """A clock that stands until it is moved."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


def section(**settings: Any) -> FunctionSection:
    return FunctionSection.model_validate(settings)


def test_an_address_is_asked_with_the_entities_and_answers_with_its_fetch_time(weather: Weather) -> None:
    live = Live(Clock())

    answer = live.ask(
        section(name="weather", url=weather.url("/weather?units=c")), {"city": "Ulm & Bonn"}, "Rain?"
    )

    assert (answer.value["sky"], answer.fetched_at, answer.problem) == ("rain", NOON, None)
    assert weather.asked == ["/weather?units=c&city=Ulm+%26+Bonn"]


def test_an_answer_is_used_again_within_its_ttl_and_asked_for_after(weather: Weather) -> None:
    clock = Clock()
    live, asked = Live(clock), section(name="weather", url=weather.url("/weather"), ttl="60s")

    for seconds in (0, 59, 60, 61):
        clock.now = NOON + timedelta(seconds=seconds)
        live.ask(asked, {"city": "Ulm"}, "Rain?")
    live.ask(asked, {"city": "Bonn"}, "Rain?")

    assert weather.asked == ["/weather?city=Ulm", "/weather?city=Ulm", "/weather?city=Bonn"]


def test_a_function_is_told_entities_and_question_and_each_question_is_another_answer(
    acme: ModuleType,
) -> None:
    live, asked = Live(Clock()), section(function="acme_live:status")

    for question in ("Where is it?", "Where is it?", "When?"):
        assert live.ask(asked, {"order": "7"}, question).value == {"state": "sent"}

    assert acme.asked == [({"order": "7"}, "Where is it?"), ({"order": "7"}, "When?")]


@pytest.mark.parametrize("settings", [{"function": "acme_live:hang"}, {"url": "/hang", "name": "weather"}])
def test_what_hangs_falls_back_and_is_not_waited_for(
    acme: ModuleType, weather: Weather, settings: dict[str, str]
) -> None:
    told = {name: weather.url(value) if name == "url" else value for name, value in settings.items()}
    live = Live(Clock())

    answer = live.ask(section(**told, fallback="unknown"), {}, "Now?", timeout_s=0.2)

    assert not acme.released.is_set()
    assert not weather.released.is_set()
    assert answer.value == "unknown"
    assert answer.problem


def test_a_function_that_always_hangs_takes_no_more_threads_than_its_share(acme: ModuleType) -> None:
    live, before = Live(Clock()), threading.active_count()
    for n in range(HUNG + 4):
        answer = live.ask(section(function="acme_live:hang"), {"n": str(n)}, "Now?", timeout_s=0.01)

    assert answer.value is None
    assert "still hangs" in str(answer.problem)
    assert threading.active_count() - before <= HUNG
    acme.released.set()
    while threading.active_count() > before:
        time.sleep(0.01)
    assert live.ask(section(function="acme_live:hang"), {"n": "1"}, "Now?", timeout_s=5).value is True


def test_a_fallback_is_not_kept_as_an_answer(weather: Weather) -> None:
    live, asked = Live(Clock()), section(name="weather", url=weather.url("/broken"), fallback="no forecast")

    told = [live.ask(asked, {}, "Rain?") for _ in range(2)]

    assert [one.value for one in told] == ["no forecast", "no forecast"]
    assert "503" in str(told[0].problem)
    assert len(weather.asked) == 2


@pytest.mark.parametrize("path", ["/elsewhere", "/big"])
def test_a_redirect_is_not_followed_and_an_endless_answer_not_read(weather: Weather, path: str) -> None:
    answer = Live(Clock()).ask(section(name="weather", url=weather.url(path)), {}, "Rain?")

    assert answer.value is None
    assert answer.problem
    assert weather.asked == [path]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "http://169.254.169.254/meta",
        "file:///etc/passwd",
        "http://10.0.0.1",
        "ftp://h",
    ],
)
def test_only_https_and_this_machine_may_be_asked(url: str) -> None:
    with pytest.raises(ConfigError, match="may not be asked"):
        Live(Clock()).ask(section(name="weather", url=url), {}, "Rain?")


@pytest.mark.parametrize("place", ["acme_live:none", "acme_gone:status", "acme_live:number"])
@pytest.mark.usefixtures("acme")
def test_a_function_that_is_not_there_is_a_mistake_and_no_fallback(place: str) -> None:
    with pytest.raises(ConfigError):
        Live(Clock()).ask(section(function=place, fallback="unknown"), {}, "Now?")


@pytest.mark.usefixtures("acme")
def test_an_error_in_a_function_is_told_with_its_kind() -> None:
    assert "ZeroDivisionError" in str(
        Live(Clock()).ask(section(function="acme_live:fail"), {}, "Now?").problem
    )
