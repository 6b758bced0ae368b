"""What a `type` of the project file names: a built-in, or somebody's own function as "module:name"."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from schemas.errors import ConfigError


def opener_of(what: str, type_: str, built_in: Mapping[str, str]) -> Any:
    """Return the function that opens `what`, as in "source 'docs'". Raises ConfigError if it is not there."""
    module, _, function = built_in.get(type_, type_).partition(":")
    try:
        return getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as problem:
        raise ConfigError(
            f"{what} has type {type_!r}, which cannot be imported: {problem}",
            fix="put its module on PYTHONPATH, or name a built-in type",
        ) from problem
