"""completion: documents as running text within a limit of tokens, cut where sections or chunks end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.covering import uses_of
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import Completion

COLUMNS = ("document_id", "title", "text", "elements", "acl", "status")
FULL_SHARE = 1 / 2
"""Of the limit: from here on a row may end where a section does, rather than where the last chunk fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chunk, with the headings above it, as a piece of running text."""

    start: int
    end: int
    headings: tuple[str, ...]
    joined: bool
    """Whether nothing that was kept from readers stands before it."""


def build(inputs: Inputs, params: Completion) -> Iterator[Example | Refused]:
    """Yield the rows of every document in order, and why there are no others."""
    for document in inputs.rows(COLUMNS):
        reason = inputs.barred(document)
        rows = [Refused(reason=reason, document_id=document["document_id"])] if reason else []
        yield from rows or _rows(inputs, document, params)


def _rows(inputs: Inputs, document: dict[str, Any], params: Completion) -> Iterator[Example | Refused]:
    parts, spans = _parts(inputs, document), list[tuple[int, int]]()
    title = f"# {document['title']}\n\n" if document["title"] else ""
    extra = sum(inputs.tokenizer.count([title, params.separator]))
    starts = [start for start, _ in inputs.tokenizer.offsets(document["text"])]
    room = params.max_tokens - extra
    at = 0
    while at < len(parts):
        last = _last(parts, at, starts, room)
        if last < at:
            yield Refused(reason=Refusal.TOO_LONG, document_id=document["document_id"])
        else:
            spans.append((parts[at].start, parts[last].end))
        at = max(at, last) + 1
    if not parts:
        yield Refused(reason=Refusal.NOT_RELEASED, document_id=document["document_id"])
    for n, (start, end) in enumerate(spans):
        ending = params.separator if n == len(spans) - 1 else ""
        yield _row(inputs, document, (start, end), title, ending, params)


def _parts(inputs: Inputs, document: dict[str, Any]) -> list[Part]:
    """Return a document's chunks with the headings above each; what is in none is left out."""
    text, at, parts = document["text"], 0, list[Part]()
    headings = [(one["start"], one["end"]) for one in document["elements"] if one["type"] == "heading"]
    for chunk in inputs.chunks.of(document["document_id"]):
        if chunk["end"] <= at:
            continue
        first = _first(text, headings, at, chunk["start"])
        joined = not text[at:first].strip()
        start = max(at, first)
        parts.append(Part(start=start, end=chunk["end"], headings=tuple(chunk["headings"]), joined=joined))
        at = chunk["end"]
    return parts


def _first(text: str, headings: Sequence[tuple[int, int]], since: int, start: int) -> int:
    """Return where the headings begin that stand right above a place."""
    for first, last in reversed(headings):
        if since <= first and last <= start and not text[last:start].strip():
            start = first
    return start


def _last(parts: Sequence[Part], at: int, starts: Sequence[int], room: int) -> int:
    """Return the last part of the row that begins with a part; one before it if that alone is too long."""
    since = bisect_left(starts, parts[at].start)
    fits, ends = at - 1, list[tuple[int, int]]()
    for n in range(at, len(parts)):
        tokens = bisect_left(starts, parts[n].end) - since
        if tokens > room or (n > at and not parts[n].joined):
            break
        fits = n
        if tokens >= room * FULL_SHARE and n + 1 < len(parts):
            ends.append((_shared(parts[n], parts[n + 1]), -n))
    if fits + 1 == len(parts) or not ends or (fits >= at and not parts[fits + 1].joined):
        return fits
    return -min(ends)[1]


def _shared(one: Part, other: Part) -> int:
    """Return how many headings two parts are under together: the fewer, the better a place to cut."""
    pairs = zip(one.headings, other.headings, strict=False)
    return next((n for n, (mine, theirs) in enumerate(pairs) if mine != theirs), len(one.headings))


def _row(
    inputs: Inputs,
    document: dict[str, Any],
    span: tuple[int, int],
    title: str,
    ending: str,
    params: Completion,
) -> Example | Refused:
    text = document["text"][span[0] : span[1]].strip()
    text = text if text.startswith(title.strip()) else title + text
    tokens = inputs.tokenizer.count([text])[0]
    if not params.min_tokens <= tokens:
        return Refused(reason=Refusal.TOO_SHORT, document_id=document["document_id"])
    uses = [
        use
        for chunk in inputs.chunks.over(document["document_id"], *span)
        for use in uses_of(
            inputs, "evidence", document, max(span[0], chunk["start"]), min(span[1], chunk["end"])
        )
    ]
    return Example(
        row_id=digest("row", document["document_id"], text),
        kind="text",
        question=text,
        document_id=document["document_id"],
        uses=tuple(uses),
        columns={"text": text + ending},
    )
