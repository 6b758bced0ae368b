"""Errors as HTTP answers them: RFC 9457 problems with the words of the command line's errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from flows.serving.current import CURRENT, Current
from schemas.errors import (
    AccessDeniedError,
    BusyError,
    ConfigError,
    HeadwaterError,
    MisdirectedError,
    NotFoundError,
    OverloadedError,
    RateError,
    RefusedError,
    TooLongError,
    UnauthenticatedError,
    UnavailableError,
)

MEDIA_TYPE = "application/problem+json"
LOG = logging.getLogger("headwater.serving")
RETRY_S = 5
UNCHANGED = "nothing was changed"

STATUSES: tuple[tuple[type[HeadwaterError], int], ...] = (
    (UnauthenticatedError, 401),
    (AccessDeniedError, 403),
    (MisdirectedError, 421),
    (NotFoundError, 404),
    (TooLongError, 422),
    (ConfigError, 400),
    (RefusedError, 409),
    (RateError, 429),
    (OverloadedError, 503),
    (BusyError, 503),
    (UnavailableError, 503),
)
"""The first that an error is an instance of; any other error is the server's own, 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, as HTTP says it."""

    status: int
    code: str
    detail: str
    fix: str = ""
    state: str = UNCHANGED
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the problem's members: those of RFC 9457, and the words of the command line."""
        return {
            "type": f"urn:headwater:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "fix": self.fix,
            "state": self.state,
        }


DESCRIBED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem, as in RFC 9457, with the words of the command line's errors.",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "code", "detail", "fix", "state"],
                    "properties": {
                        "type": {"type": "string", "format": "uri"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "code": {"type": "string", "description": "For programs; see `schemas/errors.py`."},
                        "detail": {"type": "string", "description": "What, and which."},
                        "fix": {"type": "string", "description": "What to do."},
                        "state": {"type": "string", "description": "What is left behind."},
                    },
                },
                "example": Problem(
                    status=404,
                    code="not_found",
                    detail="there is no release 12 (there are: 3 from 1 to 3)",
                    fix="run `headwater release list`",
                ).as_dict(),
            }
        },
    }
}
"""How the API's description tells of problems, for every route."""

FIXES = {
    400: "send UTF-8, as /openapi.json says",
    404: "see /openapi.json for what there is",
    405: "see /openapi.json for what there is",
    408: "send the body at once",
    413: "send less at once",
}
"""What to do about a request that is refused before anything of ours looks at it."""
Shape = Callable[[Problem], dict[str, Any]]
"""How an interface writes a problem: another one than ours where its clients expect so."""


def problem_of(error: Exception) -> Problem:
    """Return what an error is told as; of one that nobody foresaw, nothing but that it is in the log."""
    if isinstance(error, HeadwaterError):
        return _of_headwater(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error.errors())
    if isinstance(error, HTTPException):
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        return Problem(
            status=error.status_code,
            code=code,
            detail=str(error.detail),
            fix=FIXES.get(error.status_code, ""),
            headers=error.headers or {},
        )
    request_id = _failed(error)
    return Problem(
        status=500,
        code="failed",
        detail="the server failed to answer",
        fix=f"try again; the server's log says what happened to request {request_id}",
        state="what was published stays",
    )


def answer(problem: Problem, shape: Shape = Problem.as_dict, media_type: str = MEDIA_TYPE) -> Response:
    """Return the response that tells a problem."""
    body = json.dumps(shape(problem), ensure_ascii=False).encode()
    return Response(body, problem.status, headers=dict(problem.headers), media_type=media_type)


def answering(shape: Shape) -> type[APIRoute]:
    """Return a route class whose errors have another shape: `APIRouter(route_class=answering(shape))`."""

    class Answering(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            run = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    found: Response = await run(request)
                except Exception as error:  # noqa: BLE001 - every error is told in the interface's shape
                    return answer(problem_of(error), shape, "application/json")
                return found

            return handler

    return Answering


def tell_problems(app: FastAPI, told: Callable[[str, Problem], Response]) -> None:
    """Let an application answer every error, as the clients of its path read it."""

    async def tell(request: Request, error: Exception) -> Response:
        return told(request.url.path, problem_of(error))

    for kind in (HeadwaterError, RequestValidationError, HTTPException):  # the edge tells any other
        app.add_exception_handler(kind, tell)


def _of_headwater(error: HeadwaterError) -> Problem:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _failed(error)
    headers = {"Retry-After": str(RETRY_S)} if status in (429, 503) else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status=status, headers=headers, **error.as_dict())


def _failed(error: Exception) -> str:
    """Log an error that is the server's own and count it to its request; return that request's id."""
    current = CURRENT.get() or Current()
    current.failures += 1
    LOG.error("request %s failed", current.request_id, exc_info=error)
    return current.request_id


def _of_validation(errors: Sequence[Any]) -> Problem:
    """Tell the first mistake and where it is; what was sent is not repeated."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    said = str(first["msg"]).removeprefix("Value error, ")
    return Problem(
        status=422,
        code="invalid",
        detail=f"{place}: {said}{more}",
        fix="see /openapi.json for what a request may say",
    )
