from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chunk import CHUNK
from schemas.document import DOCUMENT
from transforms.release_changes import (
    CHUNK_COLUMNS,
    DOCUMENT_COLUMNS,
    SHOWN,
    WHAT,
    ChunkChanges,
    chunk_changes,
    document_changes,
)

OTHER: dict[str, dict[str, Any]] = {
    "content": {"content_hash": "h2", "record_hash": "r2"},
    "acl": {"acl": ["group:hr"]},
    "labels": {"labels": [{"name": "license", "value": "internal"}]},
    "parser": {"parse_fp": "p2"},
    "status": {"status": "stale"},
    "uri": {"uri": "file:elsewhere"},
}
"""An edit for each thing that can be said of a document."""


def document(name: str, **more: Any) -> dict[str, Any]:
    same = {"document_id": name, "source": "s", "key": name, "uri": f"file:{name}", "content_hash": "h"}
    filled = {"record_hash": "r", "acl": ["everyone"], "labels": [], "parse_fp": "p", "status": "live"}
    return {**dict.fromkeys(DOCUMENT_COLUMNS), **same, **filled, **more}


def documents(*rows: dict[str, Any]) -> pa.Table:
    schema = pa.schema([DOCUMENT.field(name) for name in DOCUMENT_COLUMNS])
    return pa.Table.from_pylist(list(rows), schema=schema)


def chunks(*rows: dict[str, Any]) -> pa.Table:
    same = {"text_hash": "t", "uri": "u", "headings": ["A", "B"], "acl": ["everyone"], "labels": []}
    full = [{**dict.fromkeys(CHUNK_COLUMNS), **same, "status": "live", **row} for row in rows]
    return pa.Table.from_pylist(full, schema=pa.schema([CHUNK.field(name) for name in CHUNK_COLUMNS]))


@pytest.mark.parametrize("what", WHAT)
def test_a_changed_document_says_what_of_it_changed(what: str) -> None:
    found = document_changes(documents(document("d")), documents(document("d", **OTHER[what])))

    (changed,) = found.changed
    assert changed["what"] == [what]
    assert (found.added, found.removed) == ((), ())


def test_a_document_is_shown_as_the_release_has_it_that_has_it() -> None:
    old = documents(document("gone", title="Old"), document("kept", title="Before"))
    new = documents(document("kept", title="After", status="stale", acl=[]), document("new"))

    found = document_changes(old, new)

    assert [(row["key"], row["title"]) for row in found.removed] == [("gone", "Old")]
    assert [(row["title"], row["what"]) for row in found.changed] == [("After", ["acl", "status"])]
    assert found.added == (
        {"document_id": "new", "source": "s", "key": "new", "uri": "file:new", "title": None},
    )


def test_nulls_and_lists_compare_as_values() -> None:
    same = document("d", language=None, labels=[{"name": "a", "value": "b"}])

    assert document_changes(documents(same), documents(same)).as_dict() == {
        "added": [],
        "changed": [],
        "removed": [],
    }


def test_chunks_are_counted_by_what_became_of_them() -> None:
    old = chunks({"chunk_id": "same"}, {"chunk_id": "closed"}, {"chunk_id": "gone"}, {"chunk_id": "gone too"})
    new = chunks({"chunk_id": "same"}, {"chunk_id": "closed", "acl": []}, {"chunk_id": "new"})

    assert chunk_changes(old, new) == ChunkChanges(added=1, changed=1, removed=2)
    assert chunk_changes(chunks(), chunks()) == ChunkChanges()


KEYS = st.sampled_from(list("abcde"))
CORPUS = st.dictionaries(KEYS, st.sets(st.sampled_from(sorted(OTHER))))
"""Documents by key, each with the edits it has had."""


def corpus(edits: dict[str, set[str]]) -> pa.Table:
    rows = [
        document(key, **{k: v for name in names for k, v in OTHER[name].items()})
        for key, names in edits.items()
    ]
    return documents(*rows)


@settings(deadline=None, max_examples=40)  # each builds two corpora of a dozen columns
@given(CORPUS, CORPUS)
def test_backward_is_forward_with_added_and_removed_exchanged(
    old: dict[str, set[str]], new: dict[str, set[str]]
) -> None:
    forward, backward = (document_changes(corpus(a), corpus(b)) for a, b in ((old, new), (new, old)))

    assert (forward.added, forward.removed) == (backward.removed, backward.added)
    assert {row["key"]: row["what"] for row in forward.changed} == {
        row["key"]: row["what"] for row in backward.changed
    }


@settings(deadline=None, max_examples=40)  # each builds two corpora of a dozen columns
@given(CORPUS, CORPUS)
def test_every_document_is_in_one_list_or_is_the_same(
    old: dict[str, set[str]], new: dict[str, set[str]]
) -> None:
    found = document_changes(corpus(old), corpus(new))

    assert [row["key"] for row in found.added] == sorted(new.keys() - old.keys())
    assert [row["key"] for row in found.removed] == sorted(old.keys() - new.keys())
    moved = {key: old[key] ^ new[key] for key in old.keys() & new.keys() if old[key] != new[key]}
    assert {row["key"]: set(row["what"]) for row in found.changed} == moved
    assert all(set(SHOWN) <= row.keys() for row in found.changed)


@settings(deadline=None, max_examples=40)  # each builds two corpora of a dozen columns
@given(st.dictionaries(KEYS, st.booleans()), st.dictionaries(KEYS, st.booleans()))
def test_chunk_counts_backward_are_those_forward_exchanged(
    old: dict[str, bool], new: dict[str, bool]
) -> None:
    def table(closed: dict[str, bool]) -> pa.Table:
        return chunks(
            *({"chunk_id": key, "acl": [] if shut else ["everyone"]} for key, shut in closed.items())
        )

    forward, backward = chunk_changes(table(old), table(new)), chunk_changes(table(new), table(old))

    assert (forward.added, forward.changed, forward.removed) == (
        backward.removed,
        backward.changed,
        backward.added,
    )
    assert len(new) == len(old) + forward.added - forward.removed
    assert chunk_changes(table(old), table(old)) == ChunkChanges()
