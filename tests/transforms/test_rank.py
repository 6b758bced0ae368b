from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from transforms.rank import Hit, fuse, near_duplicates


def leg(*hits: tuple[str, float]) -> pa.Table:
    schema = pa.schema([("chunk_id", pa.string()), ("quote", pa.string()), ("score", pa.float64())])
    rows: list[dict[str, Any]] = [{"chunk_id": name, "quote": name, "score": score} for name, score in hits]
    return pa.Table.from_pylist(rows, schema=schema)


def names(hits: list[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def test_a_hit_of_both_legs_beats_a_hit_of_one() -> None:
    found = fuse(
        leg(("a", 0.9), ("b", 0.8), ("x", 0.1)), leg(("b", 9.0), ("c", 8.0), ("y", 1.0)), vector_weight=0.5
    )

    assert names(found)[0] == "b"
    assert (found[0].vector_rank, found[0].keyword_rank) == (2, 1)


def test_the_weight_decides_which_leg_is_believed() -> None:
    vector, keyword = leg(("a", 0.9), ("z", 0.1)), leg(("b", 9.0), ("z", 1.0))

    assert names(fuse(vector, keyword, vector_weight=0.9))[0] == "a"
    assert names(fuse(vector, keyword, vector_weight=0.1))[0] == "b"


def test_a_nearest_passage_that_stands_out_outweighs_the_best_by_words() -> None:
    vector = leg(("a", 0.9), *((f"v{n}", 0.5) for n in range(9)), ("b", 0.45))
    keyword = leg(("b", 9.0), ("k", 2.0), ("a", 1.0))

    assert names(fuse(vector, keyword, vector_weight=0.45))[:2] == ["b", "a"]
    assert names(fuse(vector, keyword, vector_weight=0.45, margin_weight=0.4))[:2] == ["a", "b"]


def test_an_empty_leg_leaves_the_order_of_the_other() -> None:
    found = fuse(leg(), leg(("b", 9.0), ("a", 8.0), ("c", 1.0)), vector_weight=0.5)

    assert names(found) == ["b", "a", "c"]
    assert fuse(leg(), leg(), vector_weight=0.5) == []


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([0.1, 0.5])), unique_by=lambda t: t[0]))
def test_equal_scores_are_ordered_by_chunk_id(hits: list[tuple[str, float]]) -> None:
    found = fuse(leg(*sorted(hits, key=lambda hit: -hit[1])), leg(), vector_weight=1.0)

    assert [(-hit.score, hit.chunk_id) for hit in found] == sorted(
        (-hit.score, hit.chunk_id) for hit in found
    )


def hit(name: str, quote: str) -> Hit:
    return Hit(row={"chunk_id": name, "quote": quote}, fused=1.0)


def test_the_same_words_again_are_a_duplicate_and_other_words_are_not() -> None:
    text = (
        "The probe must be cleaned with fresh water every thirty days, and never with a solvent of any kind."
    )
    hits = [
        hit("a", text),
        hit("b", text.upper() + "!"),
        hit("c", text.replace("thirty", "sixty")),
        hit("d", "Something else entirely stands here."),
    ]

    assert near_duplicates(hits) == {"b"}


def test_short_quotes_are_duplicates_only_when_they_are_equal() -> None:
    assert near_duplicates([hit("a", "Level 3"), hit("b", "level 3"), hit("c", "Level 4")]) == {"b"}
