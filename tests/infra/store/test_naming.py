from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from infra.store import Store, releases
from infra.store.naming import give_name
from infra.store.rollback import rollback
from infra.store.verify import verify
from schemas.errors import ConfigError, NotFoundError
from schemas.release import Release
from tests.infra.store.rows import document

Publisher = Callable[..., Release]


def test_a_release_is_found_by_its_number_and_by_its_name_in_every_connection(
    store: Store, release: Publisher
) -> None:
    first, second = release(document("d")), release(document("e"))
    other = Store(store.uri)
    assert releases.named(other, "2") == second

    given = give_name(store, 1, "golden")

    assert (given.release, given.name, given.tables) == (1, "golden", first.tables)
    for seen in (store, other):
        assert releases.named(seen, "golden") == releases.named(seen, "1") == given
        assert releases.current(seen) == second


def test_a_name_belongs_to_one_release_and_the_error_says_which(store: Store, release: Publisher) -> None:
    release(document("d"))
    release(document("e"))
    give_name(store, 1, "golden")

    with pytest.raises(ConfigError, match="release 1 is named 'golden' already"):
        give_name(store, 2, "golden")
    assert give_name(store, 1, "golden").name == "golden"

    assert give_name(store, 1, "").name is None
    assert give_name(store, 2, "golden").release == releases.named(store, "golden").release == 2


def test_a_release_has_one_name_at_a_time(store: Store, release: Publisher) -> None:
    release(document("d"))
    give_name(store, 1, "golden")
    give_name(store, 1, "Größe-1.0")

    with pytest.raises(NotFoundError, match=r"no release is named 'golden' \(names there are: Größe-1.0\)"):
        releases.named(store, "golden")


@pytest.mark.parametrize("name", ["7", "-x", "two words", "1st", "a'; drop", "x" * 65, "a\x00", " "])
def test_what_could_be_a_number_an_option_or_two_words_is_no_name(
    store: Store, release: Publisher, name: str
) -> None:
    release(document("d"))

    with pytest.raises(ConfigError, match="cannot name a release"):
        give_name(store, 1, name)
    assert releases.named(store, "1").name is None


def test_what_is_not_there_cannot_be_named_or_found(store: Store, release: Publisher) -> None:
    release(document("d"))

    with pytest.raises(NotFoundError, match="there is no release 2"):
        give_name(store, 2, "golden")
    with pytest.raises(NotFoundError, match="there is no release 99"):
        releases.named(store, "99")
    with pytest.raises(NotFoundError, match="names there are: none"):
        releases.named(store, "golden")


def test_publishing_and_rolling_back_go_on_over_a_name(store: Store, release: Publisher) -> None:
    first = release(document("d"))
    release(document("e"))
    give_name(store, 1, "golden")
    third = release(document("f"))

    back = rollback(store, 1, now=datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=1))

    assert (back.release, back.parent, back.name) == (4, third.release, None)
    assert verify(store, back) == verify(store, first) == []
    assert releases.named(store, "golden").release == 1
