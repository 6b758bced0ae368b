from __future__ import annotations

import pytest

from schemas.expectations import Expectation, chunks_suite, documents_suite, embeddings_suite


def test_what_a_batch_of_one_may_break_by_chance_is_a_note() -> None:
    suites = [documents_suite(("en",)), chunks_suite(256), embeddings_suite(384)]

    expectations = [one for suite in suites for one in suite.expectations]
    assert all(one.note == (one.mostly < 1) for one in expectations)
    assert len({(suite.name, one.text) for suite in suites for one in suite.expectations}) == len(
        expectations
    )


def test_languages_are_judged_where_they_are_configured() -> None:
    assert len(documents_suite(("en", "de")).expectations) == len(documents_suite().expectations) + 1


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="mostly"):
        Expectation(text="x", column="x", rule="present", mostly=0)
