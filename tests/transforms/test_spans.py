from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.hits import as_hit, pieces
from transforms.rank import Hit
from transforms.spans import fill, holds, merge, places_around, with_neighbors

FOUR = ["First part.", "Second part.", "Third part.", "Fourth part."]
TEXT = "\n\n".join(FOUR)
TEXTS = {"d": TEXT}


def chunks(**more: Any) -> list[dict[str, Any]]:
    return pieces("d", FOUR, **more)


def around(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["document_id"], row["ordinal"]): row for row in rows}


def packed(
    hits: list[Hit], rows: list[dict[str, Any]], *, room: int, steps: int = 1, head: int = 0
) -> list[str]:
    """Return the passages that have room, of texts of 2 tokens each."""
    candidates = with_neighbors(hits, around(rows), TEXTS, steps=steps)
    heads = {hit.chunk_id: head for hit in hits}
    taken = fill(candidates, TEXTS, room=room, sizes=dict.fromkeys(IDS, 2), heads=heads)
    return [span.quote(TEXTS) for span in merge(taken, TEXTS)]


IDS = [f"d-{n}" for n in range(4)]


def test_hits_that_follow_each_other_are_one_passage_with_the_best_hits_name() -> None:
    rows = chunks()
    (span,) = merge([as_hit(rows[2], 0.9), as_hit(rows[1], 0.5)], TEXTS)

    assert span.hit.chunk_id == "d-2"
    assert span.quote(TEXTS) == "Second part.\n\nThird part."


def test_hits_with_another_between_them_stay_apart_best_first() -> None:
    rows = chunks()
    spans = merge([as_hit(rows[0], 0.5), as_hit(rows[2], 0.9)], TEXTS)

    assert [span.hit.chunk_id for span in spans] == ["d-2", "d-0"]


def test_text_that_is_in_no_chunk_is_not_taken_along() -> None:
    rows = pieces("d", ["One.", "Two."], between=" secret ")
    spans = merge([as_hit(row, 0.5) for row in rows], {"d": "One. secret Two."})

    assert [span.quote({"d": "One. secret Two."}) for span in spans] == ["One.", "Two."]


def test_a_passage_does_not_cross_a_heading() -> None:
    rows = chunks()
    rows[1]["headings"] = ["Title", "Other part"]

    assert len(merge([as_hit(rows[0], 0.5), as_hit(rows[1], 0.4)], TEXTS)) == 2


def test_a_passage_grows_by_what_stands_beside_it_while_room_lasts() -> None:
    hits = [as_hit(chunks()[1], 0.9)]

    assert packed(hits, chunks(), room=2) == ["Second part."]
    assert packed(hits, chunks(), room=6) == ["First part.\n\nSecond part.\n\nThird part."]
    assert packed(hits, chunks(), room=99) == packed(hits, chunks(), room=6)
    assert packed(hits, chunks(), room=99, steps=2) == [TEXT]
    assert packed(hits, chunks(), room=99, steps=0) == ["Second part."]


def test_the_neighbor_of_a_good_hit_goes_before_a_weak_hit_and_after_one_nearly_as_good() -> None:
    rows = chunks()

    assert packed([as_hit(rows[0], 0.9), as_hit(rows[3], 0.5)], rows, room=4) == [
        "First part.\n\nSecond part."
    ]
    assert packed([as_hit(rows[0], 0.9), as_hit(rows[3], 0.8)], rows, room=4) == [
        "First part.",
        "Fourth part.",
    ]


def test_a_passage_that_merges_into_another_costs_no_head_of_its_own() -> None:
    rows = chunks()
    beside, apart = ([as_hit(rows[0], 0.9), as_hit(rows[n], 0.8)] for n in (1, 3))

    assert packed(beside, [], room=14, head=10) == ["First part.\n\nSecond part."]
    assert packed(apart, [], room=23, head=10) == ["First part."]
    assert packed(apart, [], room=24, head=10) == ["First part.", "Fourth part."]


def test_a_neighbor_is_not_there_without_its_hit() -> None:
    rows = chunks()
    hits = [as_hit(rows[0], 0.9)]
    candidates = with_neighbors(hits, around(rows), TEXTS, steps=1)

    assert fill(candidates, TEXTS, room=3, sizes={**dict.fromkeys(IDS, 2), "d-0": 9}, heads={"d-0": 0}) == []


def test_a_passage_does_not_grow_by_a_chunk_it_was_not_given() -> None:
    rows = chunks()

    assert packed([as_hit(rows[1], 0.9)], [rows[0]], room=99) == ["First part.\n\nSecond part."]


def test_passages_that_grow_into_each_other_are_one() -> None:
    rows = chunks()
    hits = [as_hit(rows[0], 0.9), as_hit(rows[2], 0.8)]

    assert packed(hits, rows, room=6) == ["First part.\n\nSecond part.\n\nThird part."]


def test_a_chunk_that_is_not_where_it_says_is_never_grown_into() -> None:
    rows = chunks()
    rows[2]["quote"] = "Forged part"

    assert packed([as_hit(rows[1], 0.9)], rows, room=99) == ["First part.\n\nSecond part."]
    assert not holds(rows[2], TEXTS)
    assert not holds(rows[1], {})


def test_places_around_hits_leave_out_the_hits_themselves() -> None:
    rows = chunks()

    assert places_around([as_hit(rows[0], 0.9), as_hit(rows[2], 0.8)], 1) == [("d", 1), ("d", 3)]


@given(
    quotes=st.lists(st.text(alphabet="ab é", min_size=1).filter(str.strip), min_size=1, max_size=9),
    picked=st.data(),
    room=st.integers(0, 30),
    steps=st.integers(0, 3),
)
def test_every_passage_is_a_slice_of_its_document_and_no_chunk_is_in_two(
    quotes: list[str], picked: st.DataObject, room: int, steps: int
) -> None:
    rows = pieces("d", quotes, between="\n")
    texts = {"d": "\n".join(quotes)}
    taken = picked.draw(st.lists(st.sampled_from(rows), unique_by=lambda row: row["ordinal"]))
    hits = [as_hit(chunk, 1 / (n + 1)) for n, chunk in enumerate(taken)]
    candidates = with_neighbors(hits, around(rows), texts, steps=steps)
    sizes = {row["chunk_id"]: 3 for row in rows}
    spans = merge(fill(candidates, texts, room=room, sizes=sizes, heads=dict.fromkeys(sizes, 1)), texts)
    shown = [chunk["chunk_id"] for span in spans for chunk in span.chunks]

    assert all(chunk["quote"] in span.quote(texts) for span in spans for chunk in span.chunks)
    assert len(shown) == len(set(shown))
    assert 3 * len(shown) + len(spans) <= room
