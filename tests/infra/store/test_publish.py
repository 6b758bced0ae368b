from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.store import Store, releases
from infra.store.publish import Publication, TableChange, publish
from infra.store.repair import repair
from infra.store.rollback import resume, rollback
from schemas.document import DOCUMENT
from schemas.errors import BusyError, ConflictError, NotFoundError, OnHoldError
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, NOW, chunk, document, documents

Publisher = Callable[..., Release]


def keys(store: Store, release: Release) -> list[str]:
    version = release.tables["documents"].version
    return sorted(store.scan("documents", ["key"], version=version)["key"].to_pylist())


def test_a_release_pins_every_table_at_its_head(store: Store, release: Publisher) -> None:
    made = release(document("a"), chunk_rows=(chunk("c", "hello"),))

    assert made.release == 1
    assert {name: store.open(name).version for name in made.tables} == {
        name: table.version for name, table in made.tables.items()
    }
    assert releases.current(store) == made


def test_an_older_release_still_shows_what_it_showed(store: Store, release: Publisher) -> None:
    first = release(document("a"), document("b"))
    second = release(document("c"), gone=("a",))

    assert keys(store, first) == ["a", "b"]
    assert keys(store, second) == ["b", "c"]


def test_what_a_dead_publisher_left_behind_is_undone_by_the_next(store: Store, release: Publisher) -> None:
    first = release(document("a"))
    store.open("documents").add(documents(document("torn")))
    store.open("documents").tags.create("release-2", store.open("documents").version)
    store.ensure("chunks__new__ffffffff", DOCUMENT)

    second = release(document("b"))

    assert keys(store, first) == ["a"]
    assert keys(store, second) == ["a", "b"]
    assert not store.has("chunks__new__ffffffff")
    assert store.open("documents").tags.get_version("release-2") == second.tables["documents"].version


def test_repair_leaves_a_whole_store_alone(store: Store, release: Publisher) -> None:
    made = release(document("a"), chunk_rows=(chunk("c", "hello"),))

    assert not repair(store, releases.current(store))
    assert store.open("documents").version == made.tables["documents"].version


def test_a_table_that_gains_other_rows_than_expected_is_not_published(
    store: Store, release: Publisher
) -> None:
    release(document("a"))
    change = TableChange(
        key="document_id", schema=DOCUMENT, upserts=lambda: [documents(document("b"))], growth=2
    )

    with pytest.raises(ConflictError, match=r"expected: \+2"):
        publish(store, Publication(changes={"documents": change}, indexes={}, kind="ingest", created_at=NOW))

    assert [r.release for r in releases.releases(store)] == [1]
    assert keys(store, release(document("c"))) == ["a", "c"]


def test_a_rollback_publishes_the_old_state_and_holds_publishing_until_resume(
    store: Store, release: Publisher
) -> None:
    release(document("a"))
    release(document("b"))

    back = rollback(store, 1, now=NOW)

    assert (back.release, back.state, keys(store, back)) == (3, "hold", ["a"])
    with pytest.raises(OnHoldError, match="hold since release 3"):
        release(document("c"))
    assert resume(store, now=NOW).state == "open"
    assert keys(store, release(document("c"))) == ["a", "c"]


def test_a_run_based_on_a_release_before_a_rollback_is_refused(store: Store, release: Publisher) -> None:
    release(document("a"))
    release(document("b"))
    rollback(store, 1, now=NOW)
    resume(store, now=NOW)

    with pytest.raises(ConflictError, match="rolled back since release 2"):
        release(document("c"), base=2)


def test_resume_without_a_hold_changes_nothing(store: Store, release: Publisher) -> None:
    made = release(document("a"))

    assert resume(store, now=NOW) == made


def test_an_unknown_release_is_named_together_with_those_there_are(store: Store, release: Publisher) -> None:
    release(document("a"))

    with pytest.raises(NotFoundError, match=r"no release 7 \(there are: 1 from 1 to 1\)"):
        releases.get(store, 7)


def test_as_of_is_the_newest_release_made_by_then(store: Store, release: Publisher) -> None:
    first, second = release(document("a")), release(document("b"))

    assert releases.as_of(store, first.created_at) == first
    assert releases.as_of(store, second.created_at) == second
    with pytest.raises(NotFoundError, match="the oldest is 1"):
        releases.as_of(store, NOW)


def test_two_publishers_wait_for_each_other(store: Store, release: Publisher) -> None:
    from infra.store.lock import locked

    release(document("a"))
    publication = Publication(changes={}, indexes={}, kind="ingest", created_at=NOW)

    with locked(store, "publish"), pytest.raises(BusyError, match="publish"):
        publish(store, publication, wait_s=0.1)


def test_a_number_that_is_taken_is_never_published_twice(store: Store, release: Publisher) -> None:
    made = release(document("a"))
    merge = store.open("releases").merge_insert("release").when_not_matched_insert_all()

    result = merge.use_index(use_index=False).execute(releases.to_row(replace(made, note="another")))

    assert result.num_inserted_rows == 0
    assert releases.current(store) == made


def test_an_index_the_project_dropped_leaves_the_release_and_stays_in_the_older_one(
    store: Store, release: Publisher
) -> None:
    first = release(document("a"), chunk_rows=(chunk("c", "hello"),))

    second = publish(store, Publication(changes={}, indexes={}, kind="ingest", created_at=NOW))

    assert CHUNKS not in second.tables
    assert store.scan(CHUNKS, ["chunk_id"], version=first.tables[CHUNKS].version).num_rows == 1
