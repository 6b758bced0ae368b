"""A lock on object storage: one owner, a dead one's taken over, a sleeping one's work comes to nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest

from infra.store import Store, object_lock, releases
from infra.store.lock import HELD, PUBLISH, locked, taken
from infra.store.object_lock import ObjectLock
from infra.store.objects import Objects
from infra.store.publish import Publication, TableChange, publish
from infra.store.repair import fence
from schemas.document import DOCUMENT
from schemas.errors import BusyError, ConfigError, ConflictError, StoreError, UnavailableError
from tests.infra.store.rows import NOW, document, documents
from tests.s3 import BUCKET, new_store

LEASE_S = 2.0


@pytest.fixture
def store(object_storage: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store on object storage whose locks are believed dead after two seconds."""
    monkeypatch.setattr(object_lock, "BEAT_S", LEASE_S / 10)
    monkeypatch.setattr(object_lock, "LEASE_S", LEASE_S)
    return Store(**new_store(object_storage))


@pytest.fixture
def sleeping(store: Store) -> ObjectLock:
    """The publish lock, whose owner does not renew it: it sleeps, or is dead."""
    assert store.objects is not None
    lock = ObjectLock(objects=store.objects, path="_locks/publish.lock", name=PUBLISH)
    lock.acquire(0.0)
    lock._ended.set()
    return lock


def publication(batches: Iterable[pa.Table]) -> Publication:
    change = TableChange(key="document_id", schema=DOCUMENT, upserts=lambda: batches)
    return Publication(changes={"documents": change}, indexes={}, kind="ingest", created_at=NOW)


def test_of_several_who_want_it_one_at_a_time_has_it(store: Store) -> None:
    inside, most = [0], []

    def enter() -> None:
        with locked(Store(store.uri, storage_options=store.options), "items", wait_s=60.0):
            inside[0] += 1
            most.append(inside[0])
            time.sleep(0.02)
            inside[0] -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 8
    assert taken(store) == ["items"]


def test_a_living_owner_is_named_and_keeps_it_however_long_it_works(store: Store) -> None:
    with locked(store, PUBLISH):
        time.sleep(1.5 * LEASE_S)
        with (
            pytest.raises(BusyError, match="is being written by process"),
            locked(store, PUBLISH, wait_s=0.0),
        ):
            pass


@pytest.mark.usefixtures("sleeping")
def test_a_dead_owners_lock_is_taken_over_after_its_lease(store: Store) -> None:
    started = time.monotonic()
    with locked(store, PUBLISH, wait_s=0.0) as held:
        assert held.taken_over
    assert LEASE_S < time.monotonic() - started < 5 * LEASE_S
    with locked(store, PUBLISH, wait_s=0.0) as held:
        assert not held.taken_over


def test_an_owner_that_slept_learns_that_it_lost_the_lock_and_does_not_free_the_others(
    store: Store, sleeping: ObjectLock
) -> None:
    with locked(store, PUBLISH, wait_s=0.0):
        sleeping._ended.clear()
        with pytest.raises(ConflictError, match="was taken over"):
            sleeping.confirm()
        sleeping.release()
        with pytest.raises(BusyError), locked(store, PUBLISH, wait_s=0.0):
            pass


def test_a_write_whose_answer_was_lost_counts_as_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Objects._put

    def deaf(self: Objects, path: str, content: bytes, mode: object) -> None:
        put(self, path, content, mode)

    assert store.objects is not None
    with locked(store, PUBLISH):
        pass
    lock = ObjectLock(objects=store.objects, path="_locks/publish.lock", name=PUBLISH)
    monkeypatch.setattr(Objects, "_put", deaf)
    lock.acquire(0.0)
    lock.confirm()
    monkeypatch.undo()
    lock.confirm()
    lock.release()


def test_a_publisher_that_slept_publishes_nothing_and_changes_nothing(store: Store) -> None:
    publish(store, publication([documents(document("a"))]))
    other = Store(store.uri, storage_options=store.options)

    def overtaken() -> Iterator[pa.Table]:
        yield documents(document("b"))
        lock = HELD.get()[-1]
        assert isinstance(lock, ObjectLock)
        lock._ended.set()  # it sleeps
        publish(other, publication([documents(document("d"))]))
        lock._ended.clear()
        yield documents(document("c"))

    with pytest.raises(ConflictError, match="was taken over"):
        publish(store, publication(overtaken()))

    rows = other.scan("documents", version=releases.releases(other)[-1].tables["documents"].version)
    assert sorted(rows["document_id"].to_pylist()) == ["a", "d"]
    assert [release.release for release in releases.releases(other)] == [1, 2]


def test_a_release_that_lands_while_its_owner_is_fenced_off_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, publication([documents(document("a"))]))
    table = store.open(releases.TABLE)
    row = releases.to_row(releases.releases(store)[-1])
    landing = type(table).restore

    def late(self: object, version: int) -> None:
        if not late.done:  # type: ignore[attr-defined]
            late.done = True  # type: ignore[attr-defined]
            table.add(row.set_column(0, row.schema.field(0), [[2]]))
        landing(self, version)  # type: ignore[arg-type]

    late.done = False  # type: ignore[attr-defined]
    monkeypatch.setattr(type(table), "restore", late)
    fence(store)

    assert [release.release for release in releases.releases(store)] == [1, 2]


def test_a_server_that_ignores_conditions_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Objects, "create", lambda self, path, content: self.write(path, content) or "tag")
    monkeypatch.setattr(object_lock, "CHECKED", set())

    with (
        pytest.raises(StoreError, match=r"overwrites what exists.*conditional writes"),
        locked(store, PUBLISH),
    ):
        pass


def test_what_is_wrong_with_the_address_is_said_before_anything_is_written(
    object_storage: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"'s3://none-here/x' is in a bucket that does not exist"):
        Store("s3://none-here/x", storage_options=object_storage).names()
    nobody = object_storage | {"aws_endpoint": "http://127.0.0.1:9"}
    with pytest.raises(UnavailableError, match="does not answer"):
        _ = Store(f"s3://{BUCKET}/x", storage_options=nobody).db
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(ConfigError, match=r"`obstore` is not installed.*\.\[s3\]"):
        _ = Store(f"s3://{BUCKET}/x", storage_options=object_storage).db
