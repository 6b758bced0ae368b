"""Parsers: the bytes of an item to documents.

A parser is a function `(content: bytes, *, key: str, params: ParseParams) -> ParseResult` that raises
`schemas.quarantine.Rejected` for an item it cannot read. To add one, write it in a file of this folder and
give it a line in `PARSERS`. Yours may live anywhere: name it `package.module:function`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

from schemas.errors import ConfigError
from schemas.identity import fingerprint as stage_fingerprint
from schemas.quarantine import Reason, Rejected
from transforms.parsers.encoding import is_blank
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.verdict import checked, verdict

OFFICE = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = MappingProxyType(
    {
        ".md": "text/markdown",
        ".markdown": "text/markdown",
        ".html": "text/html",
        ".htm": "text/html",
        ".rst": "text/x-rst",
        ".txt": "text/plain",
        ".docx": f"{OFFICE}wordprocessingml.document",
        ".pptx": f"{OFFICE}presentationml.presentation",
        ".xlsx": f"{OFFICE}spreadsheetml.sheet",
        ".pdf": "application/pdf",
        ".csv": "text/csv",
        ".json": "application/json",
        ".jsonl": "application/jsonl",
        ".eml": "message/rfc822",
        ".epub": "application/epub+zip",
        ".xml": "application/xml",
    }
)
"""What a key's ending says."""
HERE = "transforms.parsers"
RECORDS = f"{HERE}.records:"
"""The parsers here whose result the parameters change."""
PARSERS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "text/markdown": (f"{HERE}.markdown:parse", 1),
        "text/html": (f"{HERE}.html:parse", 1),
        "text/x-rst": (f"{HERE}.rst:parse", 1),
        "text/plain": (f"{HERE}.txt:parse", 1),
        f"{OFFICE}wordprocessingml.document": (f"{HERE}.docx:parse", 1),
        f"{OFFICE}presentationml.presentation": (f"{HERE}.pptx:parse", 1),
        f"{OFFICE}spreadsheetml.sheet": (f"{HERE}.records:parse_xlsx", 1),
        "application/pdf": (f"{HERE}.pdf:parse", 1),
        "text/csv": (f"{HERE}.records:parse_csv", 1),
        "application/json": (f"{HERE}.records:parse_json", 1),
        "application/jsonl": (f"{HERE}.records:parse_jsonl", 1),
        "message/rfc822": (f"{HERE}.eml:parse", 1),
        "application/epub+zip": (f"{HERE}.epub:parse", 1),
        "application/xml": (f"{HERE}.xml:parse", 1),
    }
)
"""Media type to where its parser is, and the number to raise when what it makes changes."""
NO_EXTRA: Mapping[str, str] = MappingProxyType({})


class Parser(Protocol):
    """The bytes of one item to its documents."""

    def __call__(self, content: bytes, *, key: str, params: ParseParams) -> ParseResult:
        """Return the item's documents, or raise Rejected."""
        ...


def media_type_of(key: str) -> str | None:
    """Return the media type that a key's ending names (of a URL, its path's), or None for any other."""
    path = urlsplit(key).path if "://" in key else key
    return MEDIA_TYPES.get(PurePosixPath(path).suffix.lower())


def parse(
    content: bytes,
    *,
    key: str,
    media_type: str | None,
    params: ParseParams,
    extra: Mapping[str, str] = NO_EXTRA,
) -> ParseResult:
    """Return the documents of one item, and the records in it that were rejected.

    `extra` maps media types to parsers of one's own (`package.module:name`), before those here. Raises
    Rejected when the whole item is: EMPTY_ITEM, UNSUPPORTED, EMPTY_AFTER_PARSE, PARSER_FAILED for a parser's
    own fault, or what the parser said. Raises ConfigError when `extra` names nothing that can be imported.
    """
    if is_blank(content):
        raise Rejected(Reason.EMPTY_ITEM, f"{len(content)} bytes, none of them visible")
    name, _ = _named(media_type, extra)
    if name is None:
        what = media_type or PurePosixPath(key).suffix or "a name without an ending"
        raise Rejected(Reason.UNSUPPORTED, f"no parser for {what}")
    parser = _load(name)
    try:
        return checked(parser(content, key=key, params=params))
    except Exception as error:
        raise verdict(error) from error


def fingerprint(media_type: str | None, params: ParseParams, *, extra: Mapping[str, str] = NO_EXTRA) -> str:
    """Return what changes whenever the same bytes would give other documents.

    A parser of one's own takes part with its attribute `version` (1 without one).
    """
    name, version = _named(media_type, extra)
    if name is None:
        return stage_fingerprint("none", version)
    is_own = name not in {ours for ours, _ in PARSERS.values()}
    if is_own:
        version = int(getattr(_load(name), "version", 1))
    settings = _settings(params) if is_own or name.startswith(RECORDS) else None
    return stage_fingerprint(name, version, settings)


def _settings(params: ParseParams) -> dict[str, Any]:
    """A setting that came later takes part only where it is used: what was parsed before stays parsed."""
    settings = asdict(params)
    return settings if params.fields else {name: settings[name] for name in settings if name != "fields"}


def _named(media_type: str | None, extra: Mapping[str, str]) -> tuple[str | None, int]:
    if media_type is not None and media_type in extra:
        return extra[media_type], 1
    return PARSERS.get(media_type or "", (None, 0))


def _load(name: str) -> Parser:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        fix = "name it package.module:function, of a package that is installed beside Headwater"
        raise ConfigError(f"parser {name!r} cannot be imported: {error}", fix=fix) from error
    parser: Parser = found() if isinstance(found, type) else found
    return parser
