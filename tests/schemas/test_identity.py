import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import chunk_id, digest, document_id, fingerprint
from schemas.run import ItemCounts


@given(st.lists(st.text()), st.lists(st.text()))
def test_two_lists_of_parts_share_an_id_only_when_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) is (one == other)


def test_ids_are_the_same_on_every_machine() -> None:
    assert document_id("handbook", "a.md") == "cbaa04d56fd4093239b25b8e3a977783"


def test_an_id_depends_on_the_source_the_key_and_the_record() -> None:
    ids = {document_id("s", "k"), document_id("t", "k"), document_id("s", "l"), document_id("s", "k", "r")}

    assert len(ids) == 4


def test_the_same_text_twice_in_a_document_is_two_chunks() -> None:
    assert chunk_id("d", "text", 0) != chunk_id("d", "text", 1)


def test_a_fingerprint_moves_with_the_version_and_the_parameters() -> None:
    made = {fingerprint("p", 1, {"a": 1}), fingerprint("p", 2, {"a": 1}), fingerprint("p", 1, {"a": 2})}

    assert len(made) == 3
    assert fingerprint("p", 1, {"a": 1, "b": 2}) == fingerprint("p", 1, {"b": 2, "a": 1})


def test_counts_in_which_an_item_was_lost_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="lost or counted twice"):
        ItemCounts(listed=2, added=1)
