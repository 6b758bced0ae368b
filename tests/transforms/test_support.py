from tests.transforms.hits import as_hit, pieces
from transforms.support import add_support


def test_of_two_equal_hits_the_one_beside_a_good_one_is_better() -> None:
    rows = pieces("d", ["One.", "Two.", "Three.", "Four.", "Five."])
    hits = [as_hit(rows[0], 0.9), as_hit(rows[4], 0.5), as_hit(rows[1], 0.5)]
    found = add_support(hits, weight=0.1)

    assert [hit.chunk_id for hit in found] == ["d-0", "d-1", "d-4"]
    assert [hit.support for hit in found] == [0.05, 0.09, 0.0]


def test_the_same_place_in_another_document_is_not_beside_it() -> None:
    hits = [as_hit(pieces("d", ["One.", "Two."])[0], 0.9), as_hit(pieces("e", ["One.", "Two."])[1], 0.5)]

    assert [hit.support for hit in add_support(hits, weight=0.1)] == [0.0, 0.0]
