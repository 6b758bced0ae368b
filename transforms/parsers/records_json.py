"""json and json lines: as records, or as one document with a heading for every nested key."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping

from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import BadRecord, ParseResult
from transforms.parsers.records_rows import RECORDS_MAX, Row, scalar

DEPTH_MAX = 100
"""How deep objects and lists may be nested; past it nobody wrote them by hand, and reading them recurses."""


def json_records(text: str) -> Iterator[Row | BadRecord]:
    """Yield the objects of a list, of an object's only list of objects, or the object itself."""
    value = _loaded_item(text)
    if value is None:
        yield from json_lines(text)
        return
    for number, record in enumerate(_listed(value), 1):
        yield _row(record, number, None)


def json_lines(text: str) -> Iterator[Row | BadRecord]:
    """Yield the object on every line that is not blank."""
    number = 0
    for line, source in enumerate(io.StringIO(text, newline="\n"), 1):
        if source.strip():
            number += 1
            try:
                yield _row(_loaded(source), number, line)
            except Rejected as refusal:
                yield _bad(number, line, refusal.message)


def json_document(text: str, *, lines: bool) -> ParseResult:
    """Return the whole item as one document, and the lines that could not be read."""
    outline, rejected = _Outline(), list[BadRecord]()
    value = None if lines else _loaded_item(text)
    if value is not None:
        outline.write(value)
    else:
        for row in json_lines(text):
            if isinstance(row, BadRecord):
                rejected.append(row)
            else:
                outline.builder.heading(str(row.number))
                outline.write(row.values, depth=2)
    outline.builder.title = None  # its first key, or a number, is no title
    return ParseResult(parsed=(outline.builder.parsed(),), rejected=tuple(rejected))


def _row(record: object, number: int, line: int | None) -> Row | BadRecord:
    if isinstance(record, Mapping):
        return Row(number, line, record)
    return _bad(number, line, "not an object with named values")


def _bad(number: int, line: int | None, why: str) -> BadRecord:
    place = f"line {line}" if line else f"record {number}"
    return BadRecord(record=str(number), reason=Reason.BAD_RECORD, message=f"{place}: {why}")


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    lists = [inner for inner in value.values() if _holds_objects(inner)] if isinstance(value, Mapping) else []
    return lists[0] if len(lists) == 1 else [value]


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _loaded_item(text: str) -> object:
    """The item's value, or None if it holds one value per line."""
    try:
        value = _loaded(text)
    except Rejected as refusal:
        if refusal.message.startswith("Extra data"):
            return None
        raise
    return [] if value is None else value


def _loaded(text: str) -> object:
    """The value with its numbers as they are written. Raises Rejected(CORRUPT)."""
    try:
        value: object = json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise Rejected(
            Reason.CORRUPT, f"{error.msg} at character {error.pos} of line {error.lineno}"
        ) from None
    except RecursionError:
        raise Rejected(Reason.CORRUPT, "nested too deep to be read") from None
    if _depth(value) > DEPTH_MAX:
        raise Rejected(Reason.CORRUPT, f"nested deeper than {DEPTH_MAX}")
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object that keeps both values of a repeated key, which a dict would lose."""
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    values = {}
    for at, (name, value) in enumerate(pairs, 1):
        values[name if name not in values else f"{name} ({at})"] = value
    return values


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, (dict, list))
        ]
    return depth


class _Outline:
    """Writes nested values: the plain ones as lines, then every nested one under a heading."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self._parts = 0

    def write(self, value: object, depth: int = 1) -> None:
        self._parts += 1
        if self._parts > RECORDS_MAX:
            raise Rejected(
                Reason.TOO_LARGE, f"more than {RECORDS_MAX:,} objects and lists in one item; split it"
            )
        nested: list[tuple[str, object]] = []
        lines = []
        for name, inner in _named(value):
            if isinstance(inner, (Mapping, list)):
                nested.append((name, inner))
            else:
                lines.append(_line(name, scalar(inner), listed=isinstance(value, list)))
        self.builder.add("field", "\n".join(filter(None, lines)))
        for name, inner in nested:
            self.builder.heading(name, depth=depth)
            self.write(inner, depth + 1)


def _named(value: object) -> Iterable[tuple[str, object]]:
    """A value's parts with their names: keys, or numbers in a list."""
    if isinstance(value, Mapping):
        return ((scalar(name), inner) for name, inner in value.items())
    if isinstance(value, list):
        return ((str(at), inner) for at, inner in enumerate(value, 1))
    return [("", value)]


def _line(name: str, text: str, *, listed: bool) -> str:
    if listed:
        return f"- {text}" if text.strip() else ""
    return f"{name}: {text}" if name else text
