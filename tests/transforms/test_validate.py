from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import CHUNK, embedded_chunk
from schemas.document import Element, Parsed
from schemas.quarantine import Reason
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings
from transforms.validate import validate_chunks, validate_documents, validate_vectors

HEALTHY = [built(("heading", f"Head {n}"), ("paragraph", f"Text of {n}.")) for n in range(4)]


def replaced(table: pa.Table, row: int, **values: Any) -> pa.Table:
    rows = table.to_pylist()
    rows[row] |= values
    return pa.Table.from_pylist(rows, schema=table.schema)


def chunks_of(table: pa.Table) -> pa.Table:
    return chunk(table, Headings(), tokenizer=word_pieces()).passed


def embedded(chunks: pa.Table, vectors: list[list[float] | None]) -> pa.Table:
    schema = embedded_chunk(3)
    columns = [pa.array(vectors, schema.field("vector").type), pa.array(["fp32"] * len(chunks))]
    return pa.table([*chunks.columns, *columns], names=schema.names)


# --- documents ---


def test_healthy_documents_pass_unchanged() -> None:
    outcome = validate_documents(documents(HEALTHY))

    assert outcome.passed.equals(documents(HEALTHY))
    assert len(outcome.rejected) == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"text": " \n\t\u00a0", "elements": []}, Reason.EMPTY_AFTER_PARSE),
        ({"acl": []}, Reason.NO_READER),
        ({"acl": ["everyone", "hr"]}, Reason.NO_READER),
        ({"acl": ["group:\x00"]}, Reason.NO_READER),
        ({"text": "short"}, Reason.SPAN_MISMATCH),
    ],
)
def test_a_broken_document_is_rejected_and_its_neighbors_are_not(
    values: dict[str, Any], reason: Reason
) -> None:
    outcome = validate_documents(replaced(documents(HEALTHY), 2, record="row-7", **values))

    assert outcome.passed["key"].to_pylist() == ["item-0.md", "item-1.md", "item-3.md"]
    (rejected,) = outcome.rejected.to_pylist()
    assert (rejected["key"], rejected["record"], rejected["stage"]) == ("item-2.md", "row-7", "validate")
    assert rejected["reason"] == reason


def test_of_two_documents_with_one_id_the_first_stays() -> None:
    table = documents(HEALTHY)
    twice = replaced(table, 3, document_id=table["document_id"][1].as_py())

    outcome = validate_documents(twice)

    assert outcome.passed.equals(table.slice(0, 3))
    assert outcome.rejected["reason"].to_pylist() == [Reason.DUPLICATE_RECORD]


def test_a_span_counts_characters_not_bytes() -> None:
    text = "naïve 👩‍👩‍👧 …"
    parsed = Parsed(text=text, elements=(Element(type="paragraph", start=0, end=len(text)),))

    assert len(validate_documents(documents([parsed])).passed) == 1


# --- chunks ---


def test_what_the_chunker_made_passes_unchanged() -> None:
    table = documents(HEALTHY)
    chunks = chunks_of(table)

    assert validate_chunks(chunks, table, max_tokens=256).passed.equals(chunks)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"quote": "  "}, Reason.BLANK_CHUNK),
        ({"tokens": 257}, Reason.TOO_MANY_TOKENS),
        ({"acl": []}, Reason.NO_READER),
        ({"quote": "Text of 9."}, Reason.SPAN_MISMATCH),
        ({"start": -1}, Reason.SPAN_MISMATCH),
        ({"end": 10_000}, Reason.SPAN_MISMATCH),
        ({"document_id": "nobody's"}, Reason.SPAN_MISMATCH),
    ],
)
def test_a_broken_chunk_is_rejected_and_its_neighbors_are_not(values: dict[str, Any], reason: Reason) -> None:
    table = documents(HEALTHY)
    chunks = chunks_of(table)

    outcome = validate_chunks(replaced(chunks, 2, **values), table, max_tokens=256)

    assert outcome.passed.equals(pa.concat_tables([chunks.slice(0, 2), chunks.slice(3)]))
    assert outcome.rejected.select(["key", "reason"]).to_pylist() == [{"key": "item-2.md", "reason": reason}]


@settings(deadline=None)
@given(
    broken=st.lists(
        st.sampled_from(
            [{}, {"quote": ""}, {"tokens": 999}, {"acl": []}, {"start": 3}, {"tokens": 999, "acl": []}]
        ),
        min_size=4,
        max_size=4,
    )
)
def test_every_chunk_passes_or_is_rejected_once(broken: list[dict[str, Any]]) -> None:
    table = documents(HEALTHY)
    rows = [row | values for row, values in zip(chunks_of(table).to_pylist(), broken, strict=True)]

    outcome = validate_chunks(pa.Table.from_pylist(rows, schema=CHUNK), table, max_tokens=256)

    assert outcome.passed["key"].to_pylist() == [
        row["key"] for row, values in zip(rows, broken, strict=True) if not values
    ]
    assert sorted(outcome.passed["key"].to_pylist() + outcome.rejected["key"].to_pylist()) == [
        row["key"] for row in rows
    ]


# --- vectors ---

UNIT = [0.6, 0.8, 0.0]


@pytest.mark.parametrize(
    "vector",
    [
        [1.0, 1.0, 1.0],
        [0.0, 0.0, 0.0],
        [float("nan"), 0.6, 0.8],
        [float("inf"), 0.0, 0.0],
        [3e38, 3e38, 0.0],
        None,
    ],
)
def test_a_vector_that_is_not_finite_or_not_of_length_one_is_rejected(vector: list[float] | None) -> None:
    chunks = chunks_of(documents(HEALTHY))

    outcome = validate_vectors(embedded(chunks, [UNIT, vector, UNIT, UNIT]), 3)

    assert outcome.passed["key"].to_pylist() == ["item-0.md", "item-2.md", "item-3.md"]
    (rejected,) = outcome.rejected.to_pylist()
    assert (rejected["key"], rejected["stage"], rejected["reason"]) == (
        "item-1.md",
        "embed",
        Reason.BAD_VECTOR,
    )


def test_vectors_of_another_dimension_are_rejected() -> None:
    chunks = chunks_of(documents(HEALTHY))

    assert len(validate_vectors(embedded(chunks, [UNIT] * 4), 4).rejected) == 4


def test_lists_of_any_length_are_measured_each_by_itself() -> None:
    vectors = pa.array([[1.0], UNIT, [], [0.0, 0.0, 1.0]], pa.list_(pa.float32()))
    chunks = chunks_of(documents(HEALTHY)).append_column("vector", vectors)

    assert validate_vectors(chunks, 3).passed["key"].to_pylist() == ["item-1.md", "item-3.md"]


def test_half_precision_is_near_enough() -> None:
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    halved = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)

    assert len(validate_vectors(embedded(chunks_of(documents(HEALTHY)), halved.tolist()), 3).passed) == 4


def test_empty_tables_pass() -> None:
    empty = documents([])

    assert len(validate_documents(empty).passed) == 0
    assert len(validate_chunks(CHUNK.empty_table(), empty, max_tokens=256).passed) == 0
    assert len(validate_vectors(embedded_chunk(3).empty_table(), 3).passed) == 0
