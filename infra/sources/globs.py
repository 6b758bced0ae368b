"""Globs over keys: `*` within a part, `**` over parts, `?` one character, `[...]` a set."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """Return the test of whether a key is wanted: some include names it and no exclude does."""
    wanted = [re.compile(_regex(pattern)) for pattern in include]
    refused = [re.compile(_regex(pattern)) for pattern in exclude]
    return lambda key: any(w.fullmatch(key) for w in wanted) and not any(r.fullmatch(key) for r in refused)


def _regex(pattern: str) -> str:
    out = ""
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:[^/]+/)*", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            body = pattern[at + 1 : end].replace("\\", "\\\\")
            out, at = out + "[" + ("^" + body[1:] if body[:1] == "!" else body) + "]", end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return f"(?s:{out})"
