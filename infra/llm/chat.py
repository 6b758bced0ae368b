"""Chat completions: messages in, the next message out, whole or in pieces."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

from infra.llm.endpoint import Endpoint
from schemas.context import Message
from schemas.errors import UnavailableError
from schemas.project import LlmSection
from schemas.tools import Completion

DONE = "[DONE]"
NONE: Mapping[str, Any] = MappingProxyType({})


class ChatModel:
    """A `schemas.tools.LanguageModel` over HTTP; may be used from several threads, and closed."""

    def __init__(self, section: LlmSection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.name = section.model
        self._max_tokens = section.max_tokens
        self._endpoint = Endpoint(section, sleep=sleep)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        options: Mapping[str, Any] = NONE,
    ) -> Completion:
        """Return the whole answer; `options` are sent to the endpoint as they are.

        Raises UnavailableError when the endpoint does not answer, ConfigError when it refuses the request.
        """
        with self._endpoint.asked(self._request(messages, max_tokens, temperature, options)) as answer:
            said = self._read(answer.whole())
        text, why = self._choice(said, "message")
        return self._completion(text, said, why)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        options: Mapping[str, Any] = NONE,
    ) -> Generator[str, None, Completion]:
        """Yield the answer in pieces as they are written, and return it whole.

        Raises as `complete` does, after some pieces too: an answer that broke off is not taken for whole.
        """
        request = self._request(messages, max_tokens, temperature, options) | {"stream": True}
        pieces: list[str] = []
        last: dict[str, Any] = {}
        ended = ""
        with self._endpoint.asked(request) as answer:
            for event in answer.events():
                if event == DONE:
                    ended = ended or "stop"
                    break
                said = self._read(event)
                last |= {name: said[name] for name in ("model", "usage") if said.get(name)}
                if said.get("choices"):
                    text, why = self._choice(said, "delta")
                    ended = ended or why
                    if text:
                        pieces.append(text)
                        yield text
        if not ended:
            raise self._endpoint.failed("broke off in the middle of its answer")
        return self._completion("".join(pieces), last, ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._endpoint.close()

    def _request(
        self,
        messages: Sequence[Message],
        max_tokens: int | None,
        temperature: float,
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        return {
            **options,
            "model": self.name,
            "messages": [message.model_dump() for message in messages],
            "max_tokens": max_tokens or self._max_tokens,
            "temperature": temperature,
        }

    def _completion(self, text: str, said: dict[str, Any], why: str) -> Completion:
        """Return an answer with what its endpoint counted; 0 where it did not count."""
        try:
            usage = said.get("usage") or {}
            read, written = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
            model = str(said.get("model") or self.name)
            return Completion(
                text=text,
                model=model,
                prompt_tokens=int(read),
                completion_tokens=int(written),
                finish_reason=why or "stop",
            )
        except (AttributeError, TypeError, ValueError):
            raise self._strange() from None

    def _read(self, text: str) -> dict[str, Any]:
        try:
            said = json.loads(text)
        except ValueError:
            raise self._strange() from None
        if not isinstance(said, dict):
            raise self._strange()
        if said.get("error"):  # some endpoints answer 200, and say in the stream that they failed
            raise self._endpoint.failed("failed while it answered", json.dumps(said))
        return said

    def _choice(self, said: dict[str, Any], part: str) -> tuple[str, str]:
        """Return what the first choice says, and why it ended there; nothing where it did not."""
        try:
            choice = said["choices"][0]
            return str((choice.get(part) or {}).get("content") or ""), str(choice.get("finish_reason") or "")
        except (KeyError, IndexError, TypeError, AttributeError):
            raise self._strange() from None

    def _strange(self) -> UnavailableError:
        return UnavailableError(
            f"{self._endpoint} answered what is no chat completion",
            fix="llm.base_url must be where /chat/completions is, such as http://localhost:11434/v1",
        )
