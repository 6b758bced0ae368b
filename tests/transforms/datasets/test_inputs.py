from hypothesis import given
from hypothesis import strategies as st

from schemas.acl import intersection
from tests.transforms.datasets.pages import LEAVE, inputs, library
from transforms.datasets.inputs import admits

ENTRIES = st.lists(st.sampled_from(["everyone", "group:hr", "group:it", "user:ann"]), max_size=3)


@given(ENTRIES, ENTRIES)
def test_an_audience_is_let_in_whole_or_not_at_all(acl: list[str], audience: list[str]) -> None:
    expected = bool(audience) and all(
        entry in acl or "everyone" in acl for entry in audience
    )  # each of them, on its own
    assert admits(acl, audience) == expected


@given(st.lists(ENTRIES, min_size=1, max_size=4), ENTRIES)
def test_what_all_chunks_admit_their_intersection_admits(acls: list[list[str]], audience: list[str]) -> None:
    assert all(admits(acl, audience) for acl in acls) == admits(intersection(acls), audience)


def test_a_span_is_held_by_the_chunk_that_has_all_of_it() -> None:
    chunks = inputs(library(LEAVE)).chunks
    document = library(LEAVE)["document_id"][0].as_py()
    first, second = chunks.of(document)
    assert chunks.holding(document, first["start"], first["end"]) == first
    assert chunks.holding(document, second["start"] + 1, second["end"]) == second
    assert chunks.holding(document, first["start"], second["end"]) is None
    assert chunks.holding("nobody", 0, 1) is None
    assert "vector" not in first
