from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.hits import as_hit, pieces
from transforms.spans import grow, holds, merge, places_around

FOUR = ["First part.", "Second part.", "Third part.", "Fourth part."]
TEXT = "\n\n".join(FOUR)
TEXTS = {"d": TEXT}


def chunks(**more: Any) -> list[dict[str, Any]]:
    return pieces("d", FOUR, **more)


def around(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["document_id"], row["ordinal"]): row for row in rows}


SIZES = {f"d-{n}": 2 for n in range(4)}


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


def test_a_passage_grows_by_what_follows_before_what_precedes_while_room_lasts() -> None:
    rows = chunks()
    spans = merge([as_hit(rows[1], 0.9)], TEXTS)

    def grown(room: int) -> str:
        (span,) = grow(spans, around(rows), TEXTS, steps=1, room=room, sizes=SIZES)
        return span.quote(TEXTS)

    assert grown(1) == "Second part."
    assert grown(2) == "Second part.\n\nThird part."
    assert grown(4) == "First part.\n\nSecond part.\n\nThird part."
    assert grown(99) == grown(4)


def test_a_passage_does_not_grow_by_a_chunk_it_was_not_given() -> None:
    rows = chunks()
    readable = around([rows[0]])
    (span,) = grow(merge([as_hit(rows[1], 0.9)], TEXTS), readable, TEXTS, steps=1, room=99, sizes=SIZES)

    assert span.quote(TEXTS) == "First part.\n\nSecond part."


def test_passages_that_grow_into_each_other_are_one() -> None:
    rows = chunks()
    spans = merge([as_hit(rows[0], 0.9), as_hit(rows[2], 0.8)], TEXTS)
    (span,) = grow(spans, around(rows), TEXTS, steps=1, room=2, sizes=SIZES)

    assert span.quote(TEXTS) == "First part.\n\nSecond part.\n\nThird part."


def test_a_chunk_that_is_not_where_it_says_is_never_grown_into() -> None:
    rows = chunks()
    rows[2]["quote"] = "Forged part"
    (span,) = grow(merge([as_hit(rows[1], 0.9)], TEXTS), around(rows), TEXTS, steps=1, room=99, sizes=SIZES)

    assert span.quote(TEXTS) == "First part.\n\nSecond part."
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
    sizes = {row["chunk_id"]: 3 for row in rows}
    spans = grow(merge(hits, texts), around(rows), texts, steps=steps, room=room, sizes=sizes)
    shown = [chunk["chunk_id"] for span in spans for chunk in span.chunks]

    assert all(chunk["quote"] in span.quote(texts) for span in spans for chunk in span.chunks)
    assert len(shown) == len(set(shown))
    assert {hit.chunk_id for hit in hits} <= set(shown)
    assert 3 * (len(shown) - len(hits)) <= room
