"""Live values: what a Python function or an HTTP address says at request time, with a limit on everything."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import ConfigError
from schemas.feature import FunctionSection
from schemas.section import duration_s
from schemas.tools import Clock

ANSWER_BYTES = 64 * 1024
HUNG = 8
"""Calls of one function that may still be waited for; beyond, it is not asked again until one ends."""
CACHED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a function said, and when; `problem` says why it is the fallback, or nothing."""

    value: Any
    fetched_at: datetime
    problem: str | None = None


class Live:
    """Asks functions, each answer kept for its `ttl`. May be asked from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, Answer] = {}
        self._waiting: dict[str, int] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        section: FunctionSection,
        entities: Mapping[str, str],
        question: str,
        *,
        timeout_s: float | None = None,
    ) -> Answer:
        """Return what a function says of some entities and a question; never waits longer than its timeout.

        Raises ConfigError when there is no such function, or its address is not one that may be asked.
        """
        call = _caller(section, dict(entities), question, limit_s := timeout_s or duration_s(section.timeout))
        key = _key(section, entities, question)
        now, kept = self._clock(), self._answers.get(key)
        if kept is not None and 0 <= (now - kept.fetched_at).total_seconds() < duration_s(section.ttl):
            return kept
        answer = self._called(section, call, limit_s)
        if answer.problem is None:
            with self._lock:
                while len(self._answers) >= CACHED:
                    self._answers.pop(next(iter(self._answers)))
                self._answers[key] = answer
            return answer
        return replace(answer, value=section.fallback)

    def _called(self, section: FunctionSection, call: Callable[[], Any], timeout_s: float) -> Answer:
        """Call in a thread of its own, which nobody waits for when it hangs."""
        name = section.function or str(section.url)
        with self._lock:
            if self._waiting.get(name, 0) >= HUNG:
                return self._failed(f"{section.label} still hangs in {HUNG} earlier calls")
            self._waiting[name] = self._waiting.get(name, 0) + 1
        said: SimpleQueue[tuple[Any, str | None]] = SimpleQueue()

        def work() -> None:
            try:
                said.put((call(), None))
            except Exception as problem:  # noqa: BLE001 - whatever a person's function raises, the request goes on
                said.put((None, f"{section.label} failed: {type(problem).__name__}: {problem}"[:300]))
            finally:
                with self._lock:
                    self._waiting[name] -= 1

        threading.Thread(target=work, name=f"live {section.label}", daemon=True).start()
        try:
            value, problem = said.get(timeout=timeout_s)
        except Empty:
            return self._failed(f"{section.label} did not answer in {timeout_s:g} s")
        return self._failed(problem) if problem else Answer(value=value, fetched_at=self._clock())

    def _failed(self, problem: str) -> Answer:
        return Answer(value=None, fetched_at=self._clock(), problem=problem)


def _key(section: FunctionSection, entities: Mapping[str, str], question: str) -> str:
    """An address is not told the question, so its answer is the same for all of them."""
    asked = question if section.function else ""
    return json.dumps([section.function, section.url, sorted(entities.items()), asked])


def _caller(
    section: FunctionSection, entities: dict[str, str], question: str, timeout_s: float
) -> Callable[[], Any]:
    if section.url is not None:
        url = _checked(section.url)
        return lambda: _fetched(url, entities, timeout_s)
    function = _imported(str(section.function))
    return lambda: function(entities, question)


def _imported(place: str) -> Callable[[dict[str, str], str], Any]:
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as problem:
        raise ConfigError(
            f"the function {place!r} cannot be imported: {problem}",
            fix="put its module on PYTHONPATH, or mend its name under `functions:`",
        ) from problem
    if not callable(found):
        raise ConfigError(f"{place!r} is no function", fix="name one under `functions:`")
    return found  # type: ignore[no-any-return]


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and _is_here(parts.hostname or ""):
        return url
    raise ConfigError(
        f"the function's address {parts.scheme}://{parts.hostname} may not be asked",
        fix="use https, or http on this machine (127.0.0.1)",
    )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _fetched(url: str, entities: dict[str, str], timeout_s: float) -> Any:
    """Return what an address answers: JSON as its values, else as text. Redirects are not followed."""
    import httpx

    own = urlsplit(url).scheme == "http"
    asked = httpx.URL(url).copy_merge_params(entities)
    with (
        httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=not own) as client,
        client.stream("GET", asked, headers={"accept": "application/json, text/plain"}) as answer,
    ):
        if not answer.is_success:
            raise ValueError(f"it answered {answer.status_code}")
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > ANSWER_BYTES:
                raise ValueError(f"it answered more than {ANSWER_BYTES} bytes")
        text = content.decode(answer.encoding or "utf-8")
    return json.loads(text) if "json" in answer.headers.get("content-type", "") else text.strip()
