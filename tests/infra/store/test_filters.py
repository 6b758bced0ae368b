"""What a filter keeps is what the same rule keeps, applied row by row, whatever is in a name or a value."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.store import Store
from infra.store.readable import Readable
from infra.store.search import Passages
from schemas.filters import Filters
from tests.infra.store.rows import CHUNKS, chunk, chunks

SOURCES = ["handbook", "o'brien", "x') OR true --", '"']
TYPES = ["text/markdown", "text/html"]
LANGUAGES = ["en", "de", None]
LABELS = [("team", "hr"), ("team", "it"), ("o'k", "a'b"), ("flag", "x")]
ENTRIES = ["everyone", "group:hr", "user:ann"]
TIMES = [
    None,
    *(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC) + timedelta(days=400 * n) for n in range(4)),
    datetime(2026, 1, 1, microsecond=1, tzinfo=UTC),
]  # fmt: skip
ROWS = 300


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Rows with every combination of small lists that counting through them in strides gives."""
    made = []
    for n in range(ROWS):
        held = [LABELS[n % 4], LABELS[(n // 4) % 4]][: n % 3]
        made.append(
            {
                **chunk(f"c{n:03}", "river", acl=(ENTRIES[n % 3],)),
                "source": SOURCES[(n // 2) % 4],
                "media_type": TYPES[(n // 3) % 2],
                "language": LANGUAGES[(n // 5) % 3],
                "labels": [{"name": name, "value": value} for name, value in held],
                "source_at": TIMES[(n // 7) % 6],
            }
        )
    return made


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> Callable[..., Any]:
    folder: Path = tmp_path_factory.mktemp("filters")
    table = Store(folder).db.create_table(CHUNKS, chunks(*rows))

    def both(readable: Readable) -> tuple[set[str], int]:
        found = Passages(table).keyword_leg("river", readable, ROWS)
        return set(found["chunk_id"].to_pylist()), Passages(table).count(readable)

    return both


def some(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.sampled_from([*values, "nobody's"]), min_size=1, max_size=3)


def instants() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.sampled_from([at for at in TIMES if at]).flatmap(
        lambda at: st.sampled_from([at, at + timedelta(microseconds=1), at - timedelta(microseconds=1)])
    )


@settings(max_examples=150, deadline=None)
@given(
    sources=some(SOURCES),
    media_types=some(TYPES),
    languages=some(["en", "de"]),
    labels=st.dictionaries(
        st.sampled_from(["team", "o'k", "flag", "'"]),
        st.lists(st.sampled_from(["hr", "it", "a'b", "x"]), min_size=1, max_size=2),
        max_size=2,
    ),
    since=instants(),
    until=instants(),
    caller=st.sets(st.sampled_from(ENTRIES)),
)  # fmt: skip
def test_a_filter_keeps_what_the_rule_keeps_row_by_row(
    search: Callable[..., Any], rows: list[dict[str, Any]], caller: set[str], **given: Any
) -> None:
    since, until = given["since"], given["until"]
    if since and until and since >= until:
        given["until"] = until = None
    filters = Filters(**given)
    kept = {row["chunk_id"] for row in rows if set(row["acl"]) & caller and keeps(row, filters)}

    found, counted = search(Readable(entries=tuple(sorted(caller)), filters=filters))

    assert found == kept
    assert counted == len(kept)


def keeps(row: dict[str, Any], filters: Filters) -> bool:
    """The rule, in words of its own."""
    carried = {(label["name"], label["value"]) for label in row["labels"]}
    at = row["source_at"]
    return all(
        [
            filters.sources is None or row["source"] in filters.sources,
            filters.media_types is None or row["media_type"] in filters.media_types,
            filters.languages is None or row["language"] in filters.languages,
            *(any((name, value) in carried for value in values) for name, values in filters.labels.items()),
            filters.since is None or (at is not None and at >= filters.since),
            filters.until is None or (at is not None and at < filters.until),
        ]
    )
