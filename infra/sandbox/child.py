"""The child: it serves requests from stdin, as soon as it is confined."""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from infra.sandbox.confine import limit_memory, renew_cpu
from infra.sandbox.frames import REPLY, failure_body, read_request, value_body
from infra.sandbox.limits import Limits
from schemas.quarantine import Reason, Rejected

Function = Callable[[dict[str, Any], bytes], dict[str, Any]]


def serve(target: str, limits: Limits, *, network_isolated: bool) -> None:
    """Import the function once, say so, and answer requests one at a time until stdin closes."""
    requests, replies = _take_the_pipes()
    function = _imported(target)
    limit_memory(limits)
    _send(replies, value_body({"network_isolated": network_isolated}))
    while (asked := read_request(requests)) is not None:
        renew_cpu(limits)
        _send(replies, _answer(function, *asked, limits))
        del asked


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: what a library prints goes to stderr, and it reads nothing."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, cast(BinaryIO, replies)


def _imported(target: str) -> Function:
    module, _, name = target.partition(":")
    function: Function = getattr(importlib.import_module(module), name)
    return function


def _answer(function: Function, request: dict[str, Any], content: bytes, limits: Limits) -> bytes:
    try:
        value = function(request, content)
        if not isinstance(value, dict):
            return failure_body(Reason.PARSER_FAILED, f"it returned {type(value).__name__}, not a dict")
        body = value_body(value)
    except Rejected as verdict:
        return failure_body(verdict.reason, verdict.message)
    except MemoryError:
        return failure_body(Reason.PARSER_MEMORY, "an allocation was refused at the memory limit")
    except Exception as error:  # noqa: BLE001 - whatever the function raises is the item's failure
        return failure_body(Reason.PARSER_FAILED, _said(error))
    if len(body) > limits.output_bytes:
        return failure_body(
            Reason.OUTPUT_TOO_LARGE, f"{len(body):,} bytes of at most {limits.output_bytes:,}"
        )
    return body


def _said(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}"[:500] + where


def _send(replies: BinaryIO, body: bytes) -> None:
    rest = memoryview(REPLY.pack(len(body)) + body)
    while rest:
        rest = rest[replies.write(rest) :]
