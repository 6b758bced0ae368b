"""What is counted is named by its noun, of which one is no plural."""

from schemas.counts import count


def test_one_is_said_in_the_singular_and_thousands_are_grouped() -> None:
    assert [count(n, "row") for n in (0, 1, 2, 12_345)] == ["0 rows", "1 row", "2 rows", "12,345 rows"]
