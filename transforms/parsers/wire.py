"""The parsers' side of the sandbox: a request and its reply as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from schemas.document import Element, Parsed, Reaction, ThreadMessage
from schemas.quarantine import Reason, Rejected
from transforms.parsers import NO_EXTRA, parse
from transforms.parsers.params import BadRecord, ParseParams, ParseResult


def request(
    *, key: str, media_type: str | None, params: ParseParams, extra: Mapping[str, str] = NO_EXTRA
) -> dict[str, Any]:
    """Return what a sandboxed child must know, besides the bytes, to parse an item."""
    return {"key": key, "media_type": media_type, "params": asdict(params), "extra": dict(extra)}


def parse_wire(request: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """Parse an item and return the result, or why it was rejected; this is what the child calls."""
    asked = {**request, "params": _params(request["params"])}
    try:
        result = parse(content, **asked)
    except Rejected as rejected:
        return {"reason": str(rejected.reason), "message": rejected.message}
    return {
        "parsed": [_to_wire(parsed) for parsed in result.parsed],
        "rejected": [[bad.record, str(bad.reason), bad.message] for bad in result.rejected],
    }


def from_wire(reply: Mapping[str, Any]) -> ParseResult:
    """Return the result in a reply; raises Rejected where it says so."""
    if "reason" in reply:
        raise Rejected(Reason(reply["reason"]), reply["message"])
    return ParseResult(
        parsed=tuple(_from_wire(parsed) for parsed in reply["parsed"]),
        rejected=tuple(
            BadRecord(record=record, reason=Reason(reason), message=message)
            for record, reason, message in reply["rejected"]
        ),
    )


def _params(fields: Mapping[str, Any]) -> ParseParams:
    pairs = tuple((name, field) for name, field in fields.get("fields", ()))
    return ParseParams(**{**fields, "text": tuple(fields.get("text", ())), "fields": pairs})


def _to_wire(parsed: Parsed) -> dict[str, Any]:
    paths: dict[tuple[str, ...], int] = {}  # each said once: a heading path can be longer than its paragraph
    elements = [
        [part.type, part.start, part.end, part.depth, paths.setdefault(part.headings, len(paths)), part.page]
        for part in parsed.elements
    ]
    rest = {name: getattr(parsed, name) for name in ("text", "title", "record", "source_at")}
    messages = [asdict(message) for message in parsed.messages]
    lists = {"paths": list(map(list, paths)), "flags": list(parsed.flags), "messages": messages}
    return {**rest, **lists, "elements": elements, "acl": None if parsed.acl is None else list(parsed.acl)}


def _from_wire(parsed: Mapping[str, Any]) -> Parsed:
    paths = [tuple(path) for path in parsed["paths"]]
    elements = tuple(
        Element(type=kind, start=start, end=end, depth=depth, headings=paths[path], page=page)
        for kind, start, end, depth, path, page in parsed["elements"]
    )
    acl = None if parsed["acl"] is None else tuple(parsed["acl"])
    rest = {name: parsed[name] for name in ("text", "title", "record", "source_at")}
    messages = tuple(map(_message, parsed["messages"]))
    return Parsed(**rest, elements=elements, acl=acl, flags=tuple(parsed["flags"]), messages=messages)


def _message(fields: Mapping[str, Any]) -> ThreadMessage:
    reactions = (Reaction(**{**one, "users": tuple(one["users"])}) for one in fields["reactions"])
    return ThreadMessage(**{**fields, "reactions": tuple(reactions)})
