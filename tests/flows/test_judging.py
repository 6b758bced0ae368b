from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from flows.stages import judging
from schemas.errors import HeadwaterError
from schemas.expectations import Expectation, Suite

SUITE = Suite(
    name="rows",
    id_column="id",
    expectations=(Expectation(text="every row has a name", column="name", rule="present"),),
)


def test_a_child_judges_and_this_program_imports_nothing_for_it() -> None:
    before = "great_expectations" in sys.modules

    verdict = judging.judged(pa.table({"id": ["a", "b", "c"], "name": ["x", None, "y"]}), SUITE)

    assert (verdict.rows, verdict.success) == (3, False)
    assert verdict.results[0].failing_ids == ("b",)
    assert ("great_expectations" in sys.modules) == before


def test_rows_that_cannot_be_judged_are_an_error_that_says_so() -> None:
    with pytest.raises(HeadwaterError, match=r"the rows suite could not be judged: .*name"):
        judging.judged(pa.table({"id": ["a"]}), SUITE)
