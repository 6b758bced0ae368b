"""From a record to a document: which columns make its title, its text, its time and its readers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import BadRecord, ParseParams, ParseResult

RECORDS_MAX = 500_000
"""Records of one item: as documents they take about 1 kB each until they are stored."""

COLUMNS_NAMED = 20

MESSAGES = "messages"
AUTHOR = ("author", "user", "from", "name", "sender", "role")
BODY = ("text", "content", "body", "message")
SENT = ("at", "ts", "timestamp", "time", "date", "created_at")
"""Keys of a message, the first that is there; the names of the common chat exports."""

BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
NO_TEXT = re.compile("[\0\ud800-\udfff]")
EPOCH = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}")
EPOCH_MILLISECONDS = 10**11


class Row(NamedTuple):
    """A record as it stands in the item."""

    number: int
    """Which record it is, from 1, the rejected ones counted."""
    line: int | None
    values: Mapping[str, object]


def documents(rows: Iterable[Row | BadRecord], params: ParseParams) -> ParseResult:
    """Return a document for every record that makes one, and why the others do not."""
    parsed: list[Parsed] = []
    rejected: list[BadRecord] = []
    seen: set[str] = set()
    for count, row in enumerate(rows):
        if count >= RECORDS_MAX:
            raise Rejected(Reason.TOO_LARGE, f"more than {RECORDS_MAX:,} records in one item; split it")
        made = row if isinstance(row, BadRecord) else _made(row, params, seen)
        if isinstance(made, BadRecord):
            rejected.append(made)
        else:
            parsed.append(made)
    return ParseResult(parsed=tuple(parsed), rejected=tuple(rejected))


def lacking_columns(names: Sequence[str], params: ParseParams) -> str | None:
    """Return what to say if a table has not all the columns that the source's settings name."""
    asked = (params.record_key, params.title, params.time, params.acl, *params.text)
    lacking = [name for name in asked if name and name not in names]
    if not lacking:
        return None
    return f"no column {', '.join(map(repr, lacking))}; the header has {', '.join(names[:COLUMNS_NAMED])}"


def scalar(value: object) -> str:
    """Return a value as text; the characters that no text may hold are replaced."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value)
    return NO_TEXT.sub("\ufffd", text)


def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield a nested value's leaves as (dotted path, text); a list of plain values is one leaf."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else scalar(name))
    elif isinstance(value, list) and any(isinstance(inner, (Mapping, list)) for inner in value):
        for at, inner in enumerate(value, 1):
            yield from leaves(inner, f"{path}.{at}" if path else str(at))
    else:
        yield path, ", ".join(map(scalar, value)) if isinstance(value, list) else scalar(value)


def normalized_time(value: str) -> str | None:
    """Return a time as RFC 3339 in UTC, or None if it is none; without a zone it is UTC.

    Understands ISO 8601, seconds and milliseconds since 1970, and the dates of mails.
    """
    text = value.strip()
    try:
        return _moment(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _moment(text: str) -> datetime:
    if EPOCH.fullmatch(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= EPOCH_MILLISECONDS else seconds, UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _made(row: Row, params: ParseParams, seen: set[str]) -> Parsed | BadRecord:
    name = str(row.number)
    try:
        if params.record_key is not None:
            name = _column(row, params.record_key).strip()
            if not name:
                return _bad(
                    row, str(row.number), Reason.BAD_RECORD, f"no value in the key {params.record_key!r}"
                )
        if name in seen:
            return _bad(row, name, Reason.DUPLICATE_RECORD, "an earlier record of this item has the same key")
        seen.add(name)
        return _document(row, name, params)
    except Rejected as refusal:
        return _bad(row, name, refusal.reason, refusal.message)


def _bad(row: Row, name: str, reason: Reason, why: str) -> BadRecord:
    place = f"line {row.line}" if row.line else f"record {row.number}"
    return BadRecord(record=name, reason=reason, message=f"{place}: {why}")


def _document(row: Row, name: str, params: ParseParams) -> Parsed:
    builder = TextBuilder()
    sent = _written(builder, row, params)
    title = " ".join(_column(row, params.title).split()) if params.title else ""
    acl = readers_of(row, params.acl) if params.acl else None
    when = _column(row, params.time) if params.time else sent
    moment = normalized_time(when) if when.strip() else None
    flags = ("bad_time",) if when.strip() and moment is None else ()
    document = builder.parsed(title=title or None, record=name, source_at=moment, acl=acl, flags=flags)
    if not document.text:
        raise Rejected(Reason.EMPTY_AFTER_PARSE, f"no text in {', '.join(params.text) or 'any column'}")
    return document


def _written(builder: TextBuilder, row: Row, params: ParseParams) -> str:
    """Write the record's text; return when the last of its messages was sent, if it holds any."""
    names = params.text or tuple(row.values)
    sent = ""
    for name in names:
        value = value_of(row, name)
        messages = _messages(value) if name == MESSAGES or params.text else None
        if messages is not None:
            sent = _conversation(builder, messages) or sent
        elif len(params.text) == 1:
            for paragraph in BLANK_LINES.split(text_of(value)):
                builder.add("paragraph", paragraph)
        else:
            for path, text in leaves(value, name):
                if text.strip():
                    builder.add("field", f"{path}: {text.strip()}")
    return sent


def _messages(value: object) -> Sequence[Mapping[str, object]] | None:
    """The value if it is a list of messages: objects with a text."""
    if not isinstance(value, list) or not value or not all(isinstance(one, Mapping) for one in value):
        return None
    return value if any(_first(one, BODY) for one in value) else None


def _conversation(builder: TextBuilder, messages: Sequence[Mapping[str, object]]) -> str:
    for message in messages:
        author, body = _first(message, AUTHOR), _first(message, BODY)
        if body.strip():
            builder.add("message", f"{author}: {body}" if author else body)
    return _first(messages[-1], SENT)


def _first(message: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((text_of(message[name]) for name in names if message.get(name) is not None), "")


def readers_of(row: Row, column: str) -> tuple[str, ...]:
    """Return who may read a record, as one of its columns says. Raises Rejected(NO_READER) for nobody."""
    value = value_of(row, column)
    entries = [scalar(one) for one in value] if isinstance(value, list) else scalar(value).split(",")
    readers = tuple(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))
    if not readers:
        raise Rejected(Reason.NO_READER, f"nobody may read it: {column!r} is empty")
    return readers


def _column(row: Row, column: str) -> str:
    return text_of(value_of(row, column))


def text_of(value: object) -> str:
    """A value as text; one that is nested is its leaves, line by line."""
    if isinstance(value, (Mapping, list)):
        return "\n".join(f"{path}: {text}" if path else text for path, text in leaves(value))
    return scalar(value)


def value_of(row: Row, column: str) -> object:
    """A column's value; a dot reaches into nested objects where no column has that name."""
    if column in row.values:
        return row.values[column]
    value: object = row.values
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value
