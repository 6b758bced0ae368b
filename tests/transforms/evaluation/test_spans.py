"""Figures of spans against a count of single characters and tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.evaluation.spans import (
    Cited,
    Place,
    answer_found,
    character_recall,
    located,
    token_precision,
    token_recall,
    tokens_of,
    touches,
)

TEXT = "The pump, they say, hums at 105 hertz. It was sold in May."
PLACES = st.lists(
    st.builds(
        lambda document, start, length: Place(document_id=document, start=start, end=start + length),
        st.sampled_from("ab"),
        st.integers(0, 40),
        st.integers(1, 15),
    ),
    max_size=6,
)


def place(start: int, end: int, document: str = "a") -> Place:
    return Place(document_id=document, start=start, end=end)


def cited(start: int, end: int) -> Cited:
    return Cited(place=place(start, end), quote=TEXT[start:end])


def characters(places: list[Place]) -> set[tuple[str, int]]:
    return {(one.document_id, at) for one in places for at in range(one.start, one.end)}


@given(PLACES, PLACES)
def test_character_recall_is_a_count_of_characters(wanted: list[Place], found: list[Place]) -> None:
    there, both = characters(wanted), characters(wanted) & characters(found)

    assert character_recall(wanted, found) == pytest.approx(len(both) / len(there) if there else 0)
    assert character_recall(wanted, [*found, *wanted]) == (1 if wanted else 0)


@given(PLACES, PLACES)
def test_places_touch_where_they_share_a_character(some: list[Place], others: list[Place]) -> None:
    for one in some:
        assert touches(one, others) == bool(characters([one]) & characters(others))


def test_recall_and_precision_count_whole_words_and_punctuation_marks() -> None:
    wanted = tokens_of(TEXT, place(20, 38))  # hums at 105 hertz .

    assert len(wanted) == 5
    assert token_recall(wanted, [cited(20, 31)]) == pytest.approx(3 / 5)
    assert token_recall(wanted, [cited(20, 26), cited(25, 37)]) == pytest.approx(3 / 5 + 1 / 5)
    assert token_precision(wanted, [cited(20, 58)]) == pytest.approx(5 / 11)
    assert token_precision(wanted, [cited(20, 38), cited(20, 38)]) == pytest.approx(1 / 2)
    assert (token_recall(wanted, []), token_precision(wanted, [])) == (0, 0)
    assert token_recall(wanted, [Cited(place=place(0, 58, "b"), quote=TEXT)]) == 0


def test_a_text_is_found_whatever_the_blank_space() -> None:
    assert located("One  two\nthree (four)", "two three\n(four)") == (5, 21)
    assert located(TEXT, "nobody") is None
    assert located(TEXT, " ") is None


def test_an_answer_counts_in_any_letter_case_but_not_across_passages() -> None:
    assert answer_found(["june", "IN  may"], [cited(0, 20), cited(38, 58)]) == 1
    assert answer_found(["hertz. It"], [cited(0, 38), cited(38, 58)]) == 0
