import pytest

from tests.transforms.hits import as_hit, pieces
from transforms.support import add_support


def test_of_two_equal_hits_the_one_near_good_ones_is_better() -> None:
    rows = pieces("d", [f"Part {n}." for n in range(10)])
    hits = [as_hit(rows[0], 0.9), as_hit(rows[9], 0.5), as_hit(rows[3], 0.5)]
    found = add_support(hits, weight=0.1)

    assert [hit.chunk_id for hit in found] == ["d-0", "d-3", "d-9"]
    assert [hit.support for hit in found] == [0.05, 0.09, 0.0]


def test_each_of_the_four_on_either_side_gives_its_share_and_none_further_away() -> None:
    rows = pieces("d", [f"Part {n}." for n in range(11)])
    hits = [as_hit(chunk, 0.5) for chunk in rows]

    support = {hit.row["ordinal"]: hit.support for hit in add_support(hits, weight=0.1)}

    assert support[5] == pytest.approx(8 * 0.05)
    assert support[0] == pytest.approx(4 * 0.05)


def test_the_same_place_in_another_document_is_not_beside_it() -> None:
    hits = [as_hit(pieces("d", ["One.", "Two."])[0], 0.9), as_hit(pieces("e", ["One.", "Two."])[1], 0.5)]

    assert [hit.support for hit in add_support(hits, weight=0.1)] == [0.0, 0.0]
