"""Chunkers: a document's text cut into the spans that are embedded and cited.

A chunker is a function of a table of documents that returns an `Outcome`: rows of `schemas.chunk.CHUNK`, and
documents that have none. Add one here, or name your own in the project file: `type: acme.chunkers:sentences`,
where `sentences` is a `Chunker`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import pyarrow as pa

from schemas import identity
from schemas.errors import ConfigError
from schemas.outcome import Outcome
from schemas.settings import advice, read_settings
from schemas.tools import Tokenizer
from transforms.chunkers.params import Headings


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunker:
    """What is known of a chunker before it is imported."""

    params: type[Any]
    """A frozen keyword-only dataclass that checks itself."""
    version: int
    """Goes up when the output changes for the same documents and parameters."""
    function: str | Callable[..., Outcome]
    """`chunk(documents, params, *, tokenizer, embed_text)`, or where it is: "module:function"."""


CHUNKERS = {
    "headings": Chunker(params=Headings, version=5, function="transforms.chunkers.headings:chunk"),
}


def chunk(
    name: str,
    documents: pa.Table,
    params: Any,
    *,
    tokenizer: Tokenizer,
    embed_text: tuple[str, ...] = ("title", "headings", "text"),
) -> Outcome:
    """Return the chunks of documents by the chunker of that name, and the documents that have none."""
    function = find(name).function
    call = _imported(function) if isinstance(function, str) else function
    outcome: Outcome = call(documents, params, tokenizer=tokenizer, embed_text=embed_text)
    return outcome


def find(name: str) -> Chunker:
    """Return the chunker of a name or import string; `ConfigError` if there is none."""
    if name in CHUNKERS:
        return CHUNKERS[name]
    found = _imported(name) if ":" in name else None
    if not isinstance(found, Chunker):
        raise ConfigError(
            f"unknown chunker {name!r}",
            fix=f"{advice(name, sorted(CHUNKERS))}, or 'module:name' of a Chunker of your own",
        )
    return found


def read_params(name: str, settings: Mapping[str, Any]) -> Any:
    """Return a chunker's parameters from its settings in the project file, or raise `ConfigError`."""
    return read_settings(f"chunker {name!r}", find(name).params, settings)


def longest_tokens(params: Any) -> int:
    """Return the longest embedded string that a chunker's parameters allow, 0 where they do not say."""
    return getattr(params, "longest_tokens", None) or getattr(params, "max_tokens", None) or 0


def fingerprint(name: str, params: Any, embed_text: tuple[str, ...]) -> str:
    """Return the fingerprint of a chunker under its parameters and what it embeds."""
    settings = {"params": asdict(params), "embed_text": embed_text}
    return identity.fingerprint(name, find(name).version, settings)


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"chunker {path!r} cannot be imported: {error}", fix="check the import string and PYTHONPATH"
        ) from error
