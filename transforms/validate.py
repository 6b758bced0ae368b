"""Row rules: cheap checks of every row, that split a table into what goes on and what is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.acl import is_entry
from schemas.expectations import UNIT_TOLERANCE
from schemas.outcome import Outcome, rejected_row
from schemas.quarantine import REJECTED, Reason

Mask = Any
"""One boolean per row, true where the rule is broken: an Arrow array, chunked or not."""


class Rule(NamedTuple):
    """One rule: why a row that breaks it is rejected, in a closed code and in words."""

    reason: Reason
    message: str
    broken: Mask


def validate_documents(documents: pa.Table) -> Outcome:
    """Reject documents without text or readers, with an element outside the text, or there twice."""
    rules = [
        Rule(Reason.EMPTY_AFTER_PARSE, "the document has no text", _blank(documents["text"])),
        Rule(Reason.NO_READER, "the acl is empty or has a wrong entry", _unreadable(documents["acl"])),
        Rule(Reason.SPAN_MISMATCH, "an element lies outside the text", _outside(documents)),
        Rule(Reason.DUPLICATE_RECORD, "one before it has the same id", _repeated(documents["document_id"])),
    ]
    return _divided(documents, rules, stage="validate")


def validate_chunks(chunks: pa.Table, documents: pa.Table, *, max_tokens: int) -> Outcome:
    """Reject chunks that are blank, too long, without readers, or not where they say in their document."""
    too_many = pc.greater(chunks["tokens"], max_tokens)
    rules = [
        Rule(Reason.BLANK_CHUNK, "the chunk has no text", _blank(chunks["quote"])),
        Rule(Reason.TOO_MANY_TOKENS, f"the chunk has more than {max_tokens} tokens", too_many),
        Rule(Reason.NO_READER, "the acl is empty or has a wrong entry", _unreadable(chunks["acl"])),
        Rule(Reason.SPAN_MISMATCH, "its document has another text there", _misquoted(chunks, documents)),
        Rule(Reason.DUPLICATE_RECORD, "one before it has the same id", _repeated(chunks["chunk_id"])),
    ]
    return _divided(chunks, rules, stage="validate")


def validate_vectors(chunks: pa.Table, dimension: int) -> Outcome:
    """Reject chunks whose `vector` has another dimension, a number that is not finite, or not length 1."""
    lengths, norms = vector_sizes(chunks["vector"])
    wrong = (lengths != dimension) | ~np.isfinite(norms) | (np.abs(norms - 1) > UNIT_TOLERANCE)
    message = f"the vector is not {dimension} finite numbers of length 1"
    return _divided(chunks, [Rule(Reason.BAD_VECTOR, message, pa.array(wrong))], stage="embed")


def vector_sizes(vectors: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the dimension and the Euclidean length of each vector; a missing one has 0 and NaN."""
    sizes = pc.fill_null(pc.list_value_length(vectors), 0).to_numpy().astype(np.int64)
    numbers = pc.list_flatten(vectors).to_numpy()
    starts, some = np.cumsum(sizes) - sizes, sizes > 0
    norms = np.full(len(sizes), np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        if some.any():
            norms[some] = np.sqrt(np.add.reduceat(np.square(numbers), starts[some], dtype=np.float64))
    return sizes, norms


def _divided(table: pa.Table, rules: Sequence[Rule], *, stage: str) -> Outcome:
    """Return the table divided in rows that keep all rules and rows that break one, the first counting."""
    first = np.full(len(table), -1)
    for n in reversed(range(len(rules))):
        first[_flags(rules[n].broken)] = n
    names = [name for name in ("key", "record", "document_id") if name in table.column_names]
    lost = table.select(names).filter(pa.array(first >= 0)).to_pylist()
    rejected = pa.Table.from_pylist(
        [
            rejected_row(**row, stage=stage, reason=rules[n].reason, message=rules[n].message)
            for row, n in zip(lost, first[first >= 0], strict=True)
        ],
        schema=REJECTED,
    )
    passed = table.filter(pa.array(first < 0))
    assert len(passed) + len(rejected) == len(table)  # noqa: S101 - the sum is a law, not an input
    return Outcome(passed=passed, rejected=rejected)


def _flags(broken: Mask) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(broken, fill_value=True)).astype(bool)


def _blank(texts: pa.ChunkedArray) -> Mask:
    return pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)


def _unreadable(acls: pa.ChunkedArray) -> Mask:
    empty = pc.equal(pc.list_value_length(acls), 0)
    entries = pc.unique(pc.list_flatten(acls)).to_pylist()
    wrong = {entry for entry in entries if entry is None or not is_entry(entry)}
    if not wrong:
        return empty
    return pa.array([not acl or not wrong.isdisjoint(acl) for acl in acls.to_pylist()], pa.bool_())


def _outside(documents: pa.Table) -> Mask:
    ends = pc.struct_field(pc.list_flatten(documents["elements"]), "end")
    owners = pc.list_parent_indices(documents["elements"])
    limits = pc.take(pc.utf8_length(documents["text"]), owners)
    outside = set(pc.filter(owners, pc.greater(ends, limits)).to_pylist())
    return pa.array([row in outside for row in range(len(documents))], pa.bool_())


def _misquoted(chunks: pa.Table, documents: pa.Table) -> Mask:
    texts = dict(zip(documents["document_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
    spans = zip(*(chunks[name].to_pylist() for name in ("document_id", "start", "end", "quote")), strict=True)
    wrong = [
        start < 0 or end - start != len(quote) or texts.get(owner, "")[start:end] != quote
        for owner, start, end, quote in spans
    ]
    return pa.array(wrong, pa.bool_())


def _repeated(ids: pa.ChunkedArray) -> Mask:
    seen: set[str] = set()
    repeated = []
    for one in ids.to_pylist():
        repeated.append(one in seen)
        seen.add(one)
    return pa.array(repeated, pa.bool_())
