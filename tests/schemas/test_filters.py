"""What filters promise: a small closed grammar, in which a mistake is an error that says what was meant."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.context import ContextRequest
from schemas.errors import ConfigError
from schemas.filters import Filters, read_filters


def test_words_become_filters_and_a_word_given_again_allows_one_value_more() -> None:
    words = [
        "source=b",
        "source=a",
        "media_type=text/html",
        "language=de",
        "label.team=x=y",
        "since=2026-01-01",
    ]

    assert Filters(**read_filters(words)) == Filters(
        sources=("a", "b"),
        media_types=("text/html",),
        languages=("de",),
        labels={"team": ("x=y",)},
        since=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("word", "said", "fix"),
    [
        ("sources=a", "no filter 'sources'", "did you mean source?"),
        ("label.=a", "no filter 'label.'", "did you mean label.NAME?"),
        ("source", "'source' has no value", "WORD=VALUE"),
        ("source=", "'source=' has no value", "WORD=VALUE"),
    ],
)
def test_a_word_that_is_no_filter_is_an_error_that_says_what_was_meant(
    word: str, said: str, fix: str
) -> None:
    with pytest.raises(ConfigError, match=said) as problem:
        read_filters([word])
    assert fix in problem.value.fix


def test_a_time_is_given_once() -> None:
    with pytest.raises(ConfigError, match="'since' is given twice"):
        read_filters(["since=2026-01-01", "since=2026-01-02"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"surces": ["a"]}, "did you mean sources"),
        ({"sources": []}, "at least 1"),
        ({"sources": [""]}, "at least 1 character"),
        ({"sources": [1]}, "valid string"),
        ({"sources": ["a\0"]}, "NUL"),
        ({"labels": {"a\0": "b"}}, "NUL"),
        ({"labels": {"a": []}}, "at least 1"),
        ({"labels": {f"n{n}": "v" for n in range(65)}}, "at most 64"),
        ({"since": 2026}, "2026 is no time"),
        ({"since": "2026"}, "'2026' is no time"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "is empty"),
    ],
)
def test_what_is_no_filter_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ContextRequest.model_validate({"question": "?", "filters": given})


def test_one_value_is_a_list_of_one_and_a_written_filter_reads_back() -> None:
    filters = Filters.model_validate(
        {"labels": {"team": "hr"}, "sources": ["b", "a", "b"], "until": "2026-01-01T01:00:00+01:00"}
    )

    assert filters.labels == {"team": ("hr",)}
    assert filters.sources == ("a", "b")
    assert filters.until == datetime(2026, 1, 1, tzinfo=UTC)
    assert Filters.model_validate_json(filters.model_dump_json()) == filters
    assert filters
    assert not Filters()
