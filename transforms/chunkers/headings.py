"""Headings: chunks that never cross a heading, and carry the headings they stand under.

The limit holds for the exact string that is embedded, counted by the embedder's own tokenizer: nothing is
ever cut off in silence. Sections that look short enough are measured whole; only the others are tokenized
with offsets, once, and packed. What still measures too long, for a tokenizer whose counts do not add up, is
split again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import filterfalse, groupby
from typing import Any, NamedTuple

import pyarrow as pa

from schemas.chunk import CHUNK
from schemas.identity import chunk_id, text_hash
from schemas.outcome import Outcome, rejected_row
from schemas.quarantine import REJECTED, Reason
from schemas.tools import Tokenizer
from transforms.chunkers.leads import lead_room, with_lead
from transforms.chunkers.params import Headings
from transforms.chunkers.pieces import Piece, split
from transforms.chunkers.ruler import Ruler
from transforms.chunkers.sections import sections

LIKELY_CHARACTERS = 4
"""Per token, in English prose under a word-piece vocabulary: a section within the limit by this measure is
worth counting whole before it is tokenized with offsets. It decides the cost, never the result."""

COPIED = ("document_id", "source", "key", "title", "uri", "media_type", "language", "acl", "labels")
"""Columns a chunk has from its document, with `source_at` and `status`."""

MESSAGES = {
    Reason.EMPTY_AFTER_PARSE: "the document has no text",
    Reason.TOO_MANY_TOKENS: "a single character of the document has more tokens than the limit",
}


def chunk(
    documents: pa.Table,
    params: Headings,
    *,
    tokenizer: Tokenizer,
    embed_text: Sequence[str] = ("title", "headings", "text"),
) -> Outcome:
    """Return the chunks of documents in document order, and the documents that have none.

    A document is rejected as a whole: `empty_after_parse` if it has no text, `too_many_tokens` if a single
    character of it is over the limit.
    """
    if "text" not in embed_text:
        raise ValueError(f"embed_text is {tuple(embed_text)!r}; it must name 'text'")
    ruler, texts = Ruler(tokenizer), documents["text"].to_pylist()
    longest = [params.limit_tokens(len(text)) for text in texts]
    rooms = [0] * len(texts)
    if "lead" in embed_text:
        rooms = [lead_room(len(text), limit, ruler) for text, limit in zip(texts, longest, strict=True)]
    limits = [limit - room for limit, room in zip(longest, rooms, strict=True)]
    pieces = [
        piece.trimmed(texts[piece.row]) for piece in sections(documents, texts, ruler, limits, embed_text)
    ]
    led = with_lead(filter(None, pieces), texts, rooms, ruler)
    fitted, misfits = _fit(led, texts, ruler, limits, rooms)
    fitted = [made for made in fitted if made.piece.row not in misfits]
    rejected = _rejected(documents, {made.piece.row for made in fitted}, misfits)
    return Outcome(passed=_rows(documents, fitted, texts), rejected=rejected)


class _Fitted(NamedTuple):
    piece: Piece
    embedded: str
    tokens: int


def _fit(
    pieces: Sequence[Piece], texts: Sequence[str], ruler: Ruler, limits: Sequence[int], rooms: Sequence[int]
) -> tuple[list[_Fitted], set[int]]:
    """Return the pieces cut until each is within its document's limit, and the rows where that failed.

    With a lead before it a piece may have so many more tokens as there is room for one.
    """

    def fits(made: _Fitted) -> bool:
        row = made.piece.row
        return made.tokens <= limits[row] + (rooms[row] if made.piece.led_by else 0)

    fitted: list[_Fitted] = []
    misfits: set[int] = set()
    pending: list[Piece] = []
    for piece in pieces:
        limit = limits[piece.row]
        likely_fits = piece.end - piece.start <= (limit - ruler.special) * LIKELY_CHARACTERS
        pending += [piece] if likely_fits else split(piece, texts[piece.row], ruler, limit)
    while pending:
        embedded = [piece.embedded(texts[piece.row]) for piece in pending]
        measured = list(map(_Fitted, pending, embedded, ruler.counts(embedded)))
        fitted += filter(fits, measured)
        pending = []
        for piece, _, tokens in filterfalse(fits, measured):
            smaller = split(piece, texts[piece.row], ruler, limits[piece.row], tokens)
            pending += smaller
            if not smaller:
                misfits.add(piece.row)
    return sorted(fitted, key=lambda made: (made.piece.row, made.piece.start)), misfits


def _rows(documents: pa.Table, fitted: Sequence[_Fitted], texts: Sequence[str]) -> pa.Table:
    rows = [made.piece.row for made in fitted]
    quotes = [texts[made.piece.row][made.piece.start : made.piece.end] for made in fitted]
    copied = documents.select([*COPIED, "source_at", "status"]).take(pa.array(rows, pa.int64()))
    columns = {name: copied[name] for name in copied.column_names} | {
        "chunk_id": _ids(copied["document_id"].to_pylist(), quotes),
        "ordinal": _ordinals(rows),
        "start": [made.piece.start for made in fitted],
        "end": [made.piece.end for made in fitted],
        "quote": quotes,
        "text": [made.embedded for made in fitted],
        "text_hash": [text_hash(made.embedded) for made in fitted],
        "tokens": [made.tokens for made in fitted],
        "headings": [made.piece.headings for made in fitted],
        "page": [made.piece.page() for made in fitted],
    }
    return pa.table([_column(columns[field.name], field.type) for field in CHUNK], schema=CHUNK)


def _column(values: Any, kind: pa.DataType) -> Any:
    return values if isinstance(values, pa.ChunkedArray) else pa.array(values, kind)


def _ids(documents: Sequence[str], quotes: Sequence[str]) -> list[str]:
    seen: Counter[tuple[str, str]] = Counter()
    ids = []
    for document, quote in zip(documents, quotes, strict=True):
        ids.append(chunk_id(document, quote, seen[document, quote]))
        seen[document, quote] += 1
    return ids


def _ordinals(rows: Sequence[int]) -> list[int]:
    return [n for _, run in groupby(rows) for n, _ in enumerate(run)]


def _rejected(documents: pa.Table, kept: set[int], misfits: set[int]) -> pa.Table:
    lost = [row for row in range(len(documents)) if row not in kept]
    named = documents.select(["key", "record", "document_id"]).take(pa.array(lost, pa.int64())).to_pylist()
    return pa.Table.from_pylist(
        [
            rejected_row(**name, stage="chunk", reason=reason, message=MESSAGES[reason])
            for row, name in zip(lost, named, strict=True)
            for reason in [Reason.TOO_MANY_TOKENS if row in misfits else Reason.EMPTY_AFTER_PARSE]
        ],
        schema=REJECTED,
    )
