"""Threads: messages in json lines, one per line or a whole thread per line, as one document per thread.

A thread's elements are its messages, `author: what they wrote` each. Beside them stands, for every message,
where in the text its own words are, its id, author, time, reactions, and what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.document import Parsed, Reaction, ThreadMessage
from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import BadRecord, ParseParams, ParseResult
from transforms.parsers.records_rows import (
    AUTHOR,
    BODY,
    RECORDS_MAX,
    SENT,
    Row,
    normalized_time,
    readers_of,
    scalar,
    text_of,
    value_of,
)

NAMES: Mapping[str, tuple[str, ...]] = {
    "thread": ("thread", "thread_id", "thread_ts", "conversation_id", "conversation"),
    "messages": ("messages",),
    "id": ("id", "message_id", "client_msg_id", "ts"),
    "author": AUTHOR,
    "at": SENT,
    "text": BODY,
    "reply_to": ("reply_to", "in_reply_to", "parent_id"),
    "reactions": ("reactions",),
    "channel": ("channel", "channel_id", "room", "list"),
    "quoted": ("quoted", "quote"),
}
"""Fields of a message, the first that is there; the names of the common chat exports."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A message as it stands in the item."""

    row: Row
    place: str


@dataclass(slots=True)
class _Thread:
    name: str
    place: str
    outer: Row
    said: list[_Said] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    whole: bool = False
    """Whether one line held all of it: another line of the same name is then a second one."""


def threads(rows: Iterable[Row | BadRecord], params: ParseParams) -> ParseResult:
    """Return a document for every thread, in the order of their first messages, and the lines that are none.

    A message without a thread is in that of the message it answers, else it begins one. Lines that are no
    object, have no text or repeat a message's id are rejected by their number; so is a thread that nobody
    may read.
    """
    reading = _Reading(params)
    for count, row in enumerate(rows):
        if count >= RECORDS_MAX:
            raise Rejected(Reason.TOO_LARGE, f"more than {RECORDS_MAX:,} records in one item; split it")
        reading.take(row)
    return reading.result()


class _Reading:
    """Gathers an item's messages by thread."""

    def __init__(self, params: ParseParams) -> None:
        self._params = params
        named = {"text": params.text, "at": (params.time,) if params.time else ()}
        named |= {name: (column,) for name, column in params.fields}
        self._names = {name: named.get(name) or usual for name, usual in NAMES.items()}
        self._threads: dict[str, _Thread] = {}
        self._thread_of: dict[str, str] = {}
        self._rejected: list[BadRecord] = []

    def take(self, row: Row | BadRecord) -> None:
        """Sort one line's message, or its whole thread, where it belongs."""
        if isinstance(row, BadRecord):
            self._rejected.append(replace(row, record=f"line {row.record}"))
            return
        place = f"line {row.line}" if row.line else f"record {row.number}"
        messages = self._value(row, "messages")
        if isinstance(messages, list):
            self._whole(row, place, messages)
            return
        said = _Said(row, place)
        name = self._name(row) or self._by_reply(row) or self._field(row, "id") or str(row.number)
        thread = self._threads.setdefault(name, _Thread(name, place, row))
        if self._add(thread, said) and (known := self._field(row, "id")):
            self._thread_of[known] = name

    def result(self) -> ParseResult:
        """Return the threads' documents and what was rejected."""
        parsed = []
        for thread in self._threads.values():
            try:
                if document := self._document(thread):
                    parsed.append(document)
            except Rejected as refusal:
                self._reject(thread.name, thread.place, refusal.reason, refusal.message)
        return ParseResult(parsed=tuple(parsed), rejected=tuple(self._rejected))

    def _whole(self, row: Row, place: str, messages: list[object]) -> None:
        name = self._name(row) or self._field(row, "id") or str(row.number)
        if name in self._threads:
            why = "an earlier line of this item has the same thread"
            self._reject(f"{place} {name}", place, Reason.DUPLICATE_RECORD, why)
            return
        thread = self._threads[name] = _Thread(name, place, row, whole=True)
        for n, message in enumerate(messages, 1):
            inner = f"{place}, message {n}"
            if isinstance(message, Mapping):
                self._add(thread, _Said(Row(n, row.line, message), inner))
            else:
                self._reject(inner, inner, Reason.BAD_RECORD, "not an object with named values")

    def _add(self, thread: _Thread, said: _Said) -> bool:
        known = self._field(said.row, "id")
        if self._value(said.row, "text") is None:
            lacking = " or ".join(map(repr, self._names["text"]))
            self._reject(said.place, said.place, Reason.BAD_RECORD, f"no text in {lacking}")
            return False
        if known and known in thread.ids:
            why = f"an earlier message of the thread has the id {known!r}"
            self._reject(said.place, said.place, Reason.DUPLICATE_RECORD, why)
            return False
        thread.ids.add(known)
        thread.said.append(said)
        return True

    def _document(self, thread: _Thread) -> Parsed | None:
        """Return a thread's document; None for one whose messages were all rejected, line by line."""
        if not thread.said:
            return None
        builder = TextBuilder()
        said = [message for one in self._by_time(thread.said) if (message := self._write(builder, one))]
        if not said:
            raise Rejected(Reason.EMPTY_AFTER_PARSE, "all messages of the thread are blank")
        flags = {"bad_time"} if any(self._has_bad_time(one.row) for one in thread.said) else set()
        flags |= {"blank_messages"} if len(said) < len(thread.said) else set()
        return builder.parsed(
            title=self._title(thread) or None,
            record=thread.name,
            source_at=max((one.at for one in said if one.at), key=datetime.fromisoformat, default=None),
            acl=self._readers(thread) if self._params.acl else None,
            flags=tuple(sorted(flags)),
            messages=tuple(said),
        )

    def _write(self, builder: TextBuilder, said: _Said) -> ThreadMessage | None:
        body = self._field(said.row, "text").strip("\n").rstrip()
        if not body.strip():
            return None
        author = " ".join(self._field(said.row, "author").split())
        quoted = self._field(said.row, "quoted").strip()
        lead = f"{author}: " if author else ""
        above = "".join(f"> {line}\n" for line in quoted.splitlines())
        builder.add("message", f"{lead}\n{above}{body}" if above and lead else f"{lead}{above}{body}")
        return ThreadMessage(
            start=builder.length - len(body),
            end=builder.length,
            id=self._field(said.row, "id") or None,
            author=author or None,
            at=normalized_time(self._field(said.row, "at")),
            reply_to=self._field(said.row, "reply_to") or None,
            reactions=tuple(_reactions(self._value(said.row, "reactions"))),
        )

    def _by_time(self, said: list[_Said]) -> list[_Said]:
        """In the order of their times, if all have one; else as they stand in the item."""
        times = [normalized_time(self._field(one.row, "at")) for one in said]
        if not all(times):
            return said
        order = sorted(range(len(said)), key=lambda n: datetime.fromisoformat(times[n] or ""))
        return [said[n] for n in order]

    def _has_bad_time(self, row: Row) -> bool:
        sent = self._field(row, "at")
        return bool(sent.strip()) and normalized_time(sent) is None

    def _title(self, thread: _Thread) -> str:
        named = text_of(value_of(thread.outer, self._params.title)) if self._params.title else ""
        return " ".join((named or self._field(thread.outer, "channel")).split())

    def _readers(self, thread: _Thread) -> tuple[str, ...]:
        """Who may read every line of the thread."""
        rows = [thread.outer] if thread.whole else [one.row for one in thread.said]
        first, *others = [readers_of(row, self._params.acl or "") for row in rows]
        readers = tuple(entry for entry in first if all(entry in other for other in others))
        if not readers:
            raise Rejected(Reason.NO_READER, "nobody may read all messages of the thread")
        return readers

    def _name(self, row: Row) -> str:
        named = text_of(value_of(row, self._params.record_key)) if self._params.record_key else ""
        return (named or self._field(row, "thread")).strip()

    def _by_reply(self, row: Row) -> str:
        return self._thread_of.get(self._field(row, "reply_to"), "")

    def _value(self, row: Row, name: str) -> object:
        found = (value_of(row, column) for column in self._names[name])
        return next((value for value in found if value is not None), None)

    def _field(self, row: Row, name: str) -> str:
        return text_of(self._value(row, name))

    def _reject(self, record: str, place: str, reason: Reason, why: str) -> None:
        self._rejected.append(BadRecord(record=record, reason=reason, message=f"{place}: {why}"))


def _reactions(value: object) -> Iterator[Reaction]:
    """Yield reactions: names, counts by name, or objects with a name, a count and users."""
    if isinstance(value, Mapping):
        value = [{"name": name, "count": count} for name, count in value.items()]
    for one in value if isinstance(value, list) else []:
        if isinstance(one, Mapping):
            users = one.get("users")
            who = tuple(map(scalar, users)) if isinstance(users, list) else ()
            count = scalar(one.get("count"))
            times = int(count) if count.isdecimal() and len(count) < len(str(1 << 31)) else max(1, len(who))
            yield Reaction(name=scalar(one.get("name")), count=times, users=who)
        elif one is not None:
            yield Reaction(name=scalar(one), count=1)
