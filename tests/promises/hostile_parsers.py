"""Parsers that behave as badly as a parser can, to be named in a project file under `parsers:`."""

from __future__ import annotations

import ctypes
import os
import time

from transforms.parsers.build import TextBuilder
from transforms.parsers.params import ParseParams, ParseResult


def hangs(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - as every parser
    """Never return."""
    while True:
        time.sleep(1)


def crashes(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001
    """Read address 0, as a parser written in C does on a bad day."""
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def exits(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001
    """End the process without a word."""
    os._exit(0)


def eats_memory(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001
    """Take more memory for as long as there is any."""
    eaten = []
    while True:
        eaten.append(os.urandom(2**20) * 8)
        time.sleep(0.01)


def says_too_much(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001
    """Return more than may be returned."""
    builder = TextBuilder()
    builder.add("paragraph", "many words " * 6_000_000)
    return ParseResult(parsed=(builder.parsed(),))
