from datetime import timedelta

from tests.transforms.hits import NOW, hit
from transforms.age import Aging, let_age, too_old

DAY = 86_400.0
WEEK_OLD = hit("old", "words", similarity=0.9, source_at=NOW - timedelta(days=7))
NEW = hit("new", "words", similarity=0.5)


def test_after_a_half_life_a_passage_counts_half() -> None:
    found = let_age([WEEK_OLD, NEW], {"s": Aging(half_life_s=7 * DAY)}, at=NOW)

    assert [(hit.chunk_id, hit.score) for hit in found] == [("new", 0.5), ("old", 0.45)]


def test_a_source_without_a_half_life_does_not_age() -> None:
    assert let_age([WEEK_OLD, NEW], {"other": Aging(half_life_s=DAY)}, at=NOW) == [WEEK_OLD, NEW]


def test_what_has_no_time_or_one_to_come_has_no_age() -> None:
    timeless = hit("timeless", "words", source_at=None)
    future = hit("future", "words", source_at=NOW + timedelta(days=1))

    assert {hit.freshness for hit in let_age([timeless, future], {"s": Aging(half_life_s=DAY)}, at=NOW)} == {
        1.0
    }
    assert too_old([timeless, future], {"s": Aging(max_age_s=1.0)}, now=NOW) == set()


def test_only_what_is_past_its_sources_maximum_age_is_too_old() -> None:
    assert too_old([WEEK_OLD, NEW], {"s": Aging(max_age_s=6 * DAY)}, now=NOW) == {"old"}
    assert too_old([WEEK_OLD, NEW], {"s": Aging(max_age_s=7 * DAY)}, now=NOW) == set()
    assert too_old([WEEK_OLD, NEW], {}, now=NOW) == set()
