from __future__ import annotations

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when Great Expectations is imported

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from schemas.chunk import embedded_chunk
from schemas.expectations import Expectation, Suite, chunks_suite, documents_suite, embeddings_suite
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings
from transforms.suites import Finding, columns, judge, judge_parts

PARSED = [
    built(("heading", f"Head {n}"), ("paragraph", f"This is all there is to say of {n}. " * 4))
    for n in range(30)
]


def changed(table: pa.Table, row: int, **values: Any) -> pa.Table:
    rows = table.to_pylist()
    rows[row] |= values
    return pa.Table.from_pylist(rows, schema=table.schema)


def chunks() -> pa.Table:
    return chunk(documents(PARSED), Headings(), tokenizer=word_pieces()).passed


def embedded(vectors: list[list[float]]) -> pa.Table:
    schema = embedded_chunk(2)
    columns = [pa.array(vectors, schema.field("vector").type), pa.array(["fp32"] * 30)]
    return pa.table([*chunks().columns, *columns], schema=schema)


def failed(table: pa.Table, suite: Suite) -> list[Finding]:
    return [finding for finding in judge(table, suite).results if not finding.success]


def test_healthy_tables_keep_every_expectation() -> None:
    cases = [
        (documents(PARSED), documents_suite(("en",))),
        (chunks(), chunks_suite(256)),
        (embedded([[0.6, 0.8]] * 30), embeddings_suite(2)),
    ]
    for table, suite in cases:
        verdict = judge(table, suite)

        assert (verdict.suite, verdict.rows, verdict.success) == (suite.name, 30, True)
        assert [finding.text for finding in verdict.results] == [one.text for one in suite.expectations]
        assert all(finding.success and finding.unexpected_count == 0 for finding in verdict.results)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"tokens": 257}, "tokens are between 1 and 256"),
        ({"chunk_id": "7"}, "chunk_id is an id"),
        ({"acl": []}, "somebody may read every chunk"),
        ({"end": 0}, "spans run forward"),
        ({"status": "gone"}, "status is live or stale"),
    ],
)
def test_one_bad_chunk_fails_its_expectation_and_is_named(values: dict[str, Any], text: str) -> None:
    table = changed(chunks(), 3, **values)

    verdict = judge(table, chunks_suite(256))

    finding = next(one for one in verdict.results if one.text == text)
    assert not verdict.success
    assert (finding.success, finding.unexpected_count, finding.unexpected_share) == (False, 1, 1 / 30)
    assert finding.failing_ids == (table["chunk_id"][3].as_py(),)


def test_the_same_id_twice_fails_and_names_both_rows() -> None:
    table = chunks()
    (finding,) = failed(changed(table, 3, chunk_id=table["chunk_id"][4].as_py()), chunks_suite(256))

    assert finding.text == "chunk_id is unique"
    assert finding.failing_ids == (table["chunk_id"][4].as_py(),) * 2


@pytest.mark.parametrize(
    ("vector", "text"),
    [([float("nan"), 1.0], "every vector is finite"), ([1.0, 1.0], "vectors have length 1")],
)
def test_a_vector_is_judged_by_its_length_alone(vector: list[float], text: str) -> None:
    found = failed(embedded([[0.6, 0.8]] * 29 + [vector]), embeddings_suite(2))

    assert [finding.text for finding in found] == [text]


def test_a_passage_without_the_signs_of_all_its_tokens_is_found() -> None:
    table = embedded([[0.6, 0.8]] * 30)
    signs = [b"+" * n for n in table["tokens"].to_pylist()]
    suite = embeddings_suite(2, token_signs=True)
    whole, short = (
        table.append_column("token_signs", pa.array(one, pa.large_binary()))
        for one in (signs, [signs[0][1:], *signs[1:]])
    )

    assert judge(whole, suite).success
    (finding,) = failed(short, suite)
    assert finding.text == "every token has its signs"
    assert finding.failing_ids == (table["chunk_id"][0].as_py(),)


def test_a_note_that_fails_is_told_and_stops_nothing() -> None:
    verdict = judge(documents(PARSED, status="stale"), documents_suite())

    (finding,) = [one for one in verdict.results if not one.success]
    assert (finding.text, finding.note, verdict.success) == ("at most a tenth is stale", True, True)
    assert (finding.unexpected_count, finding.unexpected_share, len(finding.failing_ids)) == (30, 1.0, 20)


def test_rows_that_a_share_allows_are_named_too() -> None:
    verdict = judge(changed(documents(PARSED), 5, title=None), documents_suite())

    (finding,) = [one for one in verdict.results if one.unexpected_count]
    assert finding.success
    assert finding.failing_ids == (documents(PARSED)["document_id"][5].as_py(),)


def test_an_empty_batch_is_judged() -> None:
    verdict = judge(documents([]), documents_suite())

    assert (verdict.rows, verdict.success) == (0, True)
    assert all(finding.unexpected_share == 0 for finding in verdict.results)


def test_a_column_nobody_knows_is_an_error_and_not_a_pass() -> None:
    suite = Suite(
        name="odd", id_column="document_id", expectations=(Expectation(text="x", column="x", rule="present"),)
    )

    with pytest.raises(KeyError, match="x"):
        judge(documents(PARSED), suite)


def test_suites_may_be_judged_in_threads() -> None:
    good, bad = documents(PARSED), documents(PARSED, status="gone")

    with ThreadPoolExecutor(4) as threads:
        verdicts = list(threads.map(lambda table: judge(table, documents_suite()).success, [good, bad] * 6))

    assert verdicts == [True, False] * 6


def test_great_expectations_is_imported_when_first_used_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = "import sys, transforms.suites; print('great_expectations' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )

    judge(documents(PARSED), documents_suite())

    assert capfd.readouterr() == ("", "")


def test_a_table_that_comes_in_parts_is_judged_as_a_whole() -> None:
    titles = dict.fromkeys(range(12))
    table = documents(PARSED)
    for row in titles:
        table = changed(table, row, title=None)
    parts = [table.slice(0, 15), table.slice(15)]
    titled = next(one.text for one in documents_suite().expectations if one.column == "title")

    apart = [{one.text for one in failed(part, documents_suite())} for part in parts]
    whole = judge_parts(iter(parts), documents_suite())

    assert [titled in one for one in apart] == [True, False], "most titles of the first part are missing"
    assert (whole.rows, whole.success) == (30, True)
    finding = next(one for one in whole.results if one.text == titled)
    assert (finding.success, finding.unexpected_count, finding.unexpected_share) == (True, 12, 0.4)


def test_one_part_that_breaks_a_rule_of_every_row_fails_them_all() -> None:
    table = changed(documents(PARSED), 20, acl=[])

    verdict = judge_parts([table.slice(0, 15), table.slice(15)], documents_suite())

    assert not verdict.success
    broken = [one for one in verdict.results if not one.success]
    assert [one.failing_ids for one in broken] == [(table["document_id"][20].as_py(),)]


def test_the_columns_a_suite_names_are_all_it_needs() -> None:
    cases = [(documents(PARSED), documents_suite(("en",))), (embedded([[0.6, 0.8]] * 30), chunks_suite(256)),
             (embedded([[0.6, 0.8]] * 30), embeddings_suite(2))]  # fmt: skip
    for table, suite in cases:
        assert judge(table.select(columns(suite)), suite) == judge(table, suite)
        assert set(columns(suite)) < set(table.schema.names)
