from collections.abc import Callable

import pyarrow as pa
import pytest

from infra.store import Store, releases
from infra.store.connection import META
from infra.store.lock import locked
from infra.store.publish import Publication, publish
from infra.store.upgrade import STEPS, Step, format_of, plan, upgrade
from infra.store.verify import verify
from schemas.errors import BusyError, StoreError
from schemas.release import STORE_FORMAT, Release
from tests.infra.store.rows import NOW, document

Publisher = Callable[..., Release]


def add_column(store: Store) -> None:
    table = store.open("releases")
    if "audience" not in table.schema.names:
        table.add_columns({"audience": "'all'"})


def add_table(store: Store) -> None:
    store.ensure("features", META)


def fail_after(step: Callable[[Store], None]) -> Callable[[Store], None]:
    def failing(store: Store) -> None:
        step(store)
        raise OSError("no space left on device")

    return failing


def contents(store: Store) -> dict[str, pa.Table]:
    return {name: store.scan(name) for name in sorted(store.names())}


COLUMN, TABLE = Step(what="adds a column", apply=add_column), Step(what="adds a table", apply=add_table)


def test_every_older_format_has_its_step() -> None:
    assert set(STEPS) == set(range(1, STORE_FORMAT))


def test_a_store_of_this_format_needs_nothing_and_one_not_made_yet_stays_so(
    store: Store, release: Publisher
) -> None:
    assert upgrade(store).steps == {}
    assert not store.exists()

    release(document("d"))
    before = contents(store)

    assert upgrade(store).as_dict() == {"format": STORE_FORMAT, "newest": STORE_FORMAT, "steps": []}
    assert contents(store) == before


def test_a_plan_lists_the_steps_in_order_and_writes_nothing(store: Store, release: Publisher) -> None:
    release(document("d"))
    before = contents(store)

    found = plan(store, steps={2: TABLE, 1: COLUMN}, newest=3)

    assert found.as_dict()["steps"] == [
        {"from": 1, "to": 2, "what": "adds a column"},
        {"from": 2, "to": 3, "what": "adds a table"},
    ]
    assert contents(store) == before


def test_an_upgraded_store_has_the_new_format_and_the_older_version_refuses_it(
    store: Store, release: Publisher
) -> None:
    release(document("d"))

    done = upgrade(store, steps={1: COLUMN, 2: TABLE}, newest=3)

    assert (done.format, list(done.steps), format_of(store)) == (1, [1, 2], 3)
    assert store.scan("releases")["audience"].to_pylist() == ["all"]
    assert store.has("features")
    with pytest.raises(StoreError, match=f"has format 3; this Headwater reads up to {STORE_FORMAT}"):
        plan(Store(store.uri))


def test_a_failed_step_puts_every_table_back_and_says_so(store: Store, release: Publisher) -> None:
    release(document("d"))
    before = contents(store)
    failing = Step(what="breaks", apply=fail_after(lambda s: (add_column(s), add_table(s))[0]))

    with pytest.raises(StoreError, match="failed: no space left on device") as problem:
        upgrade(store, steps={1: failing}, newest=2)

    assert problem.value.state == "every table is as it was: the store has format 1"
    older = Store(store.uri)
    assert contents(older) == before
    assert format_of(older) == 1
    found = releases.get(older, 1)
    assert verify(older, found) == []
    again = publish(older, Publication(changes={}, indexes=found.indexes, kind="ingest", created_at=NOW))
    assert again.release == 2

    assert upgrade(older, steps={1: COLUMN}, newest=2).format == 1
    assert format_of(older) == 2


def test_steps_that_were_done_stay_done_when_a_later_one_fails(store: Store, release: Publisher) -> None:
    release(document("d"))
    failing = Step(what="breaks", apply=fail_after(add_table))

    with pytest.raises(StoreError, match="2 to 3") as problem:
        upgrade(store, steps={1: COLUMN, 2: failing}, newest=3)

    assert problem.value.state.endswith("the store has format 2")
    assert (format_of(store), store.has("features")) == (2, False)
    assert "audience" in store.scan("releases").schema.names


def test_an_interrupted_step_is_undone_and_stays_an_interruption(store: Store, release: Publisher) -> None:
    release(document("d"))
    before = contents(store)

    def interrupted(store: Store) -> None:
        add_column(store)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upgrade(store, steps={1: Step(what="waits", apply=interrupted)}, newest=2)
    assert contents(store) == before


def test_a_format_nobody_has_a_step_for_is_said(store: Store, release: Publisher) -> None:
    release(document("d"))

    with pytest.raises(StoreError, match="no step from 2"):
        upgrade(store, steps={1: COLUMN}, newest=3)
    assert "audience" not in store.scan("releases").schema.names


def test_an_upgrade_waits_for_no_run_and_interferes_with_none(store: Store, release: Publisher) -> None:
    release(document("d"))

    with locked(store, "source-docs"), pytest.raises(BusyError, match="source-docs"):
        upgrade(store, steps={1: COLUMN}, newest=2)
    assert format_of(store) == 1
