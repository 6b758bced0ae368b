"""Every passage has a name in what a person reads."""

from datetime import UTC, datetime

import pytest

from flows.cli.ask import context_text, request_of
from schemas.context import Candidate, Citation, Context, Tokens
from schemas.errors import ConfigError
from schemas.filters import Filters


def test_a_passage_without_a_title_is_called_by_its_file_and_record() -> None:
    citation = Citation(
        n=1, chunk_id="c", document_id="d", uri="file:///a/rows.csv#7", title=None, heading="", page=None,
        start=0, end=4, quote="Text", source="rows", source_at=None, age_s=None, stale=False, score=0.25,
    )  # fmt: skip
    candidate = Candidate(
        chunk_id="c", uri="file:///a/rows.csv#7", title=None, heading="", vector_score=0.25, vector_rank=1,
        keyword_score=None, keyword_rank=None, named=0.0, support=0.0, freshness=1.0, score=0.25,
        verdict="kept",
    )  # fmt: skip
    found = Context(
        context_id="x", digest="x", release=1, context_view="default", question="a?", answerable=True,
        messages=(), citations=(citation,), tokens=Tokens(used=1, budget=2), dropped=(), explain=(candidate,),
    )  # fmt: skip

    text = context_text(found).splitlines()

    assert "[1] rows.csv#7   score 0.25" in text
    assert text[-1].endswith("  rows.csv#7")


def test_filters_are_written_as_words_and_a_mistake_is_an_error_that_says_what_was_meant() -> None:
    def asked(*filters: str) -> Filters:
        return request_of("q?", None, None, None, None, None, None, False, filters=list(filters)).filters

    assert asked("source=a", "since=2026-01-31") == Filters(
        sources=("a",), since=datetime(2026, 1, 31, tzinfo=UTC)
    )
    with pytest.raises(ConfigError, match="no filter 'sources'") as problem:
        asked("sources=a")
    assert "did you mean source?" in problem.value.fix
    with pytest.raises(ConfigError, match="'soon' is no time"):
        asked("until=soon")
