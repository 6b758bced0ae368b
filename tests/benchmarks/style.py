"""How many replies are trained on with the messages that they really answer in the prompt.

usage: python -m tests.benchmarks.style [FOLDER of the logs, else dev]    (with HEADWATER_SHARED)

Every log is read four ways: as the threads that the links make, with and without the links themselves, and as
one long thread, as a channel is without them. Every author's replies become rows. A link counts when a row's
reply holds the answer; it is found when the message answered is in the row's prompt.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.dataset import Example
from schemas.project import SourceSection
from tests.benchmarks.measuring import SHARED
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.test_documents import facts, section
from transforms.chunkers import chunk
from transforms.chunkers.params import Headings
from transforms.datasets.inputs import Chunks, Inputs
from transforms.datasets.params import Style
from transforms.datasets.style import build
from transforms.documents import documents_of
from transforms.parsers.params import ParseParams
from transforms.parsers.records import parse_jsonl

SAID = re.compile(r"^(?:\S+ \S+ )?\[[\d:]+\] (?:<(?P<author>[^>]+)> | \* (?P<actor>\S+) )(?P<text>.*)")
WINDOWS = (4, 16)
Line = dict[str, Any]
Links = dict[int, set[int]]


def main() -> None:
    """Print the table."""
    folder = SHARED / "data/tuning/irc_threads" / (sys.argv[1] if sys.argv[1:] else "dev")
    logs = [read(path) for path in sorted(folder.glob("*.annotation.txt"))]
    ways = {
        "threads, links known": (True, True),
        "threads alone": (True, False),
        "channel, links known": (False, True),
        "channel alone": (False, False),
    }
    say("| read as | messages shown | rows | links | found | rows with all of theirs |")
    say("|---|---:|---:|---:|---:|---:|")
    for name, (threads, links) in ways.items():
        counts = {window: Counter[str]() for window in WINDOWS}
        for lines, parents in logs:
            rows = shaped(lines, parents, threads=threads, links=links)
            given = inputs(rows)
            for window in WINDOWS:
                counts[window] += measured(given, rows, parents, window)
        for window, of in counts.items():
            say(
                f"| {name} | {window} | {of['rows']} | {of['links']} "
                f"| {of['found'] / of['links']:.3f} | {of['whole'] / of['rows']:.3f} |"
            )


def read(annotation: Path) -> tuple[dict[int, Line], Links]:
    """Return a log's messages by line, and for each which it answers; what is no message is left out."""
    log = annotation.with_name(annotation.name.replace("annotation", "ascii"))
    lines: dict[int, Line] = {}
    for n, line in enumerate(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        if (said := SAID.match(line)) and said["text"].strip():
            lines[n] = {"id": str(n), "author": said["author"] or said["actor"], "text": said["text"]}
    parents: Links = defaultdict(set)
    for link in annotation.read_text(encoding="utf-8").splitlines():
        one, other = sorted(map(int, link.split()[:2]))
        if one != other and one in lines and other in lines:
            parents[other].add(one)
    return lines, parents


def shaped(lines: dict[int, Line], parents: Links, *, threads: bool, links: bool) -> list[Line]:
    """Return the lines of the input: with their threads or as one, with the links or without."""
    thread_of: dict[int, int] = {}
    for n in lines:
        thread_of[n] = min((thread_of[p] for p in parents.get(n, ())), default=n)
    for n in sorted(lines, reverse=True):  # a message that answers two threads makes them one
        for parent in parents.get(n, ()):
            low = min(thread_of[n], thread_of[parent])
            thread_of[n] = thread_of[parent] = low
    rows = []
    for n, line in lines.items():
        reply = {"reply_to": str(max(parents[n]))} if links and parents.get(n) else {}
        rows.append({**line, **reply, "thread": str(thread_of[n]) if threads else "channel"})
    return rows


def measured(given: Inputs, rows: list[Line], parents: Links, window: int) -> Counter[str]:
    """Return how many links there are to be found, and how many are."""
    spans = messages_of(given)
    authors = {int(row["id"]): row["author"] for row in rows}
    counts: Counter[str] = Counter()
    for author in sorted({authors[n] for n in parents if n in authors}):
        for row in examples(of_author(given, author), author, window):
            said = {role: set(ids) for role, ids in placed(row, spans)}
            answered = {p for n in said["evidence"] for p in parents.get(n, ()) if p not in said["evidence"]}
            answered = {p for p in answered if authors[p] != author}
            if answered:
                found = answered & said.get("shown", set())
                counts.update(rows=1, links=len(answered), found=len(found), whole=found == answered)
    return counts


def inputs(rows: list[Line]) -> Inputs:
    """Return a builder's inputs for the messages, parsed and cut as they are at an ingest."""
    content = "\n".join(map(json.dumps, rows)).encode()
    parsed = parse_jsonl(content, key="log.jsonl", params=ParseParams(records="threads")).parsed
    public: SourceSection = section()
    table = documents_of([(facts(), parsed)], public)
    tokenizer = word_pieces()
    cut = chunk("headings", table, Headings(), tokenizer=tokenizer).passed
    return Inputs(
        documents=table,
        chunks=Chunks(cut),
        audience=("everyone",),
        closed=(),
        ask=None,  # type: ignore[arg-type]
        search=None,  # type: ignore[arg-type]
        tokenizer=tokenizer,
    )


def of_author(given: Inputs, author: str) -> Inputs:
    """Return the inputs without the threads that an author says nothing in."""
    said = given.documents["messages"].to_pylist()
    mine = [any(message["author"] == author for message in messages) for messages in said]
    return replace(given, documents=given.documents.filter(pa.array(mine)))


def examples(given: Inputs, author: str, window: int) -> Iterator[Example]:
    """Yield an author's rows."""
    params = Style(author=author, max_messages=window, min_words=1, system="")
    return (made for made in build(given, params) if isinstance(made, Example))


def messages_of(given: Inputs) -> dict[tuple[str, int], int]:
    """Return (document, where a message starts) -> its line."""
    return {
        (row["document_id"], message["start"]): int(message["id"])
        for row in given.rows(["document_id", "messages"])
        for message in row["messages"]
    }


def placed(row: Example, spans: dict[tuple[str, int], int]) -> Iterable[tuple[str, list[int]]]:
    """Return the lines that a row learns and shows, as its lineage has them."""
    for role in ("evidence", "shown"):
        starts = [(use.document_id, use.start) for use in row.uses if use.role == role]
        yield role, [spans[start] for start in starts if start in spans]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
