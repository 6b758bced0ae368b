"""One address that is asked over HTTP: timeouts, bounded retries, and errors that never tell the key."""

from __future__ import annotations

import json
import random
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from schemas.errors import ConfigError, UnavailableError
from schemas.project import LlmSection
from schemas.section import duration_s

if TYPE_CHECKING:
    import httpx

TRIES = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
CONNECT_S = 5.0
BUSY = frozenset({408, 409, 425, 429, *range(500, 600)})
"""Answers after which the same request may do better a moment later."""
ANSWER_BYTES = 16 * 1024**2
SAID_CHARS = 300
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Endpoint:
    """Where a language model answers.

    Too many requests, a server's error and a lost connection are tried again, TRIES times in all, before
    anything of the answer is read. Who asks for a longer wait than LONGEST_WAIT_S is taken at their word.
    """

    def __init__(self, section: LlmSection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = f"{section.base_url.rstrip('/')}/chat/completions"
        self._key, self._sleep = _checked_key(section.api_key), sleep
        self._timeout_s = float(duration_s(section.timeout))
        parts = urlsplit(section.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("llm.base_url is no address", fix="write it like http://localhost:11434/v1")
        self._host = parts.hostname
        self._place = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def __str__(self) -> str:
        return f"the language model at {self._place}"

    @contextmanager
    def asked(self, request: dict[str, Any]) -> Iterator[Answer]:
        """Post a request and hold its answer open. Raises UnavailableError, or ConfigError when refused."""
        import httpx

        content = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
        opened = self._opened(content)
        try:
            yield Answer(self, opened, timeout_s=self._timeout_s)
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError) as problem:
            silent = isinstance(problem, httpx.TimeoutException)
            what = f"said nothing for {self._timeout_s:g} s" if silent else "broke off"
            raise self.failed(f"{what} in the middle of its answer") from None
        finally:
            opened.close()

    def failed(self, what: str, said: str = "") -> UnavailableError:
        """Return the error of an endpoint that failed, with what it said of it."""
        return UnavailableError(f"{self} {what}{self._quoted(said)}", fix="ask again")

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        client = httpx.Client(
            headers={"authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(self._timeout_s, connect=min(CONNECT_S, self._timeout_s)),
            trust_env=self._host not in OWN_HOSTS,
            follow_redirects=False,  # the key goes to the named host alone
        )
        weakref.finalize(self, client.close)
        return client

    def _opened(self, content: bytes) -> httpx.Response:
        """Return an answer that may be read, after as many tries as it takes."""
        waits_s = iter([FIRST_WAIT_S * 2**n for n in range(TRIES - 1)])
        while True:
            try:
                return self._sent(content)
            except _AgainError as again:
                wait_s, asked_s = next(waits_s, None), again.after_s or 0.0
                if wait_s is None or asked_s > LONGEST_WAIT_S:
                    raise again.problem from None
                jittered_s = wait_s * random.uniform(0.5, 1)  # noqa: S311 - so that many do not return at once
                self._sleep(max(asked_s, jittered_s))

    def _sent(self, content: bytes) -> httpx.Response:
        import httpx

        headers = {"content-type": "application/json"}
        try:
            sent = self._client.build_request("POST", self._url, content=content, headers=headers)
            answer = self._client.send(sent, stream=True)
        except httpx.ReadTimeout:
            fix = "ask again, or allow more time with llm.timeout"
            raise UnavailableError(f"{self} said nothing for {self._timeout_s:g} s", fix=fix) from None
        except (httpx.TransportError, httpx.InvalidURL) as problem:
            fix = "start it, or mend llm.base_url"
            raise _AgainError(UnavailableError(f"{self} cannot be reached: {problem}", fix=fix)) from None
        if answer.is_success:
            return answer
        raise self._refused(answer)

    def _refused(self, answer: httpx.Response) -> Exception:
        """Return what an answer that is no success means."""
        try:
            said = self._quoted(_body(answer))
        finally:
            answer.close()
        status = answer.status_code
        if status in BUSY:
            problem = UnavailableError(f"{self} answered {status}{said}", fix="ask again later")
            return _AgainError(problem, after_s=_retry_after_s(answer.headers.get("retry-after")))
        if status in (401, 403):  # some repeat half of the key: what they said stays unsaid
            return ConfigError(f"{self} refuses the key ({status})", fix="mend llm.api_key")
        return ConfigError(
            f"{self} refuses the request ({status}){said}", fix="mend llm.base_url, llm.model or the request"
        )

    def _quoted(self, said: str) -> str:
        """Return what the endpoint said, short, on one line, without the key."""
        text = " ".join(_reason(said).split())
        text = text.replace(self._key, "***") if self._key else text
        return f": {text[:SAID_CHARS]}" if text else ""


class _AgainError(Exception):
    """A failure that may pass, and how long its sender asks to wait."""

    def __init__(self, problem: UnavailableError, *, after_s: float | None = None) -> None:
        super().__init__(problem.detail)
        self.problem, self.after_s = problem, after_s


class Answer:
    """An answer that is being read: never more than ANSWER_BYTES of it."""

    def __init__(self, endpoint: Endpoint, response: httpx.Response, *, timeout_s: float) -> None:
        self._endpoint, self._response = endpoint, response
        self._until = time.monotonic() + timeout_s

    def whole(self) -> str:
        """Return all of it, which must come within the timeout however slowly it drips."""
        content = bytearray()
        for part in self._response.iter_bytes():
            content += part
            if len(content) > ANSWER_BYTES:
                raise self._endpoint.failed("answers without an end")
            if time.monotonic() > self._until:
                raise self._endpoint.failed("did not end its answer in time")
        return content.decode("utf-8", errors="replace")

    def events(self) -> Iterator[str]:
        """Yield the `data` of its server-sent events as they come."""
        read = 0
        for line in self._response.iter_lines():
            read += len(line)
            if read > ANSWER_BYTES:
                raise self._endpoint.failed("answers without an end")
            if line.startswith("data:"):
                yield line.removeprefix("data:").strip()


def _checked_key(given: str | None) -> str:
    """Return the key as a header may carry it."""
    key = (given or "").strip()
    if not key.isascii() or any(not "!" <= letter <= "~" for letter in key):
        raise ConfigError("llm.api_key holds letters that no key has", fix="export it again, as it was given")
    return key


def _body(answer: httpx.Response) -> str:
    """Return the start of what a refusal says, as far as it can be read."""
    import httpx

    content = bytearray()
    with suppress(httpx.HTTPError, httpx.StreamError):
        for part in answer.iter_bytes():
            content += part
            if len(content) > SAID_CHARS * 10:
                break
    return content.decode("utf-8", errors="replace")


def _reason(said: str) -> str:
    """Return the message of an error as OpenAI writes it, else what was said as it is."""
    try:
        error = json.loads(said)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return "" if said.lstrip().startswith("<") else said  # a page of HTML says nothing on one line


def _retry_after_s(header: str | None) -> float | None:
    """Return how long an answer asks to wait, in seconds: it says a number, or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
