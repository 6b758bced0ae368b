"""Errors as OpenAI's clients read them: {error: {message, type, param, code}}."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from flows.serving.problems import Problem, answer, answering
from schemas.errors import ConfigError, NotFoundError

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
"""What is not here is `invalid_request_error` below 500 and `server_error` from there on."""
SERVERS_OWN = 500
PATHS = (
    "/v1/models",
    "/v1/chat/",
    "/v1/vector_stores/",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/files",
    "/v1/moderations",
    "/v1/responses",
)
"""How the paths begin whose clients are OpenAI's, of what is here and of what is not."""
JSON = "application/json"


class UnsupportedError(ConfigError):
    """A parameter of OpenAI's protocol that cannot be kept to here."""

    code = "unsupported_parameter"


class NoModelError(NotFoundError):
    """A model that no context view is called."""

    code = "model_not_found"


def error_of(problem: Problem) -> dict[str, Any]:
    """Return a problem as an OpenAI error: what, and what to do."""
    kind = "server_error" if problem.status >= SERVERS_OWN else "invalid_request_error"
    message = "; ".join(part for part in (problem.detail, problem.fix) if part)
    code = "invalid_api_key" if problem.code == "unauthenticated" else problem.code
    return {
        "error": {
            "message": message,
            "type": TYPES.get(problem.status, kind),
            "param": None,
            "code": code,
        }
    }


OpenAiRoute = answering(error_of)
"""For routers whose clients are OpenAI's."""


def answer_at(path: str, problem: Problem) -> Response:
    """Return the response that tells a problem as the clients of a path read it."""
    return answer(problem, error_of, JSON) if path.startswith(PATHS) else answer(problem)
