"""Features from a real PostgreSQL: read by a cursor or whole, audited, published, looked up."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa
import pytest

from flows.stages.diffing import diff
from flows.stages.maintaining import maintain
from infra.store import releases
from infra.store.feature_staging import FeatureStaging
from infra.store.rollback import resume, rollback
from infra.store.verify import verify
from schemas.errors import ConfigError, ConflictError, UnavailableError
from tests.flows.facts import Customers, at
from tests.flows.projects import Project

T = TypeVar("T")
NUMBERS = itertools.count()


@pytest.fixture
def customers(project: Project, database: str) -> Customers:
    return Customers(project=project, database=database, schema=f"trial_{next(NUMBERS)}")


def test_a_feature_is_released_like_a_source_and_no_change_costs_nothing(customers: Customers) -> None:
    customers.put((1, at(0), "gold", 12.5), (2, at(1), "silver"))

    run = customers.ingest()

    assert (run.state, run.release, run.items.added) == ("published", 1, 2)
    assert [(row["entity"], row["event_at"], str(row["spent"])) for row in customers.rows()] == [
        ("1", at(0), "12.50"),
        ("2", at(1), "None"),
    ]
    versions = customers.project.versions()
    again = customers.ingest()
    assert (again.state, again.release, again.items.unchanged) == ("unchanged", 1, 2)
    assert customers.project.versions() == versions
    assert customers.project.store.scan("runs").num_rows == 2


def test_by_a_cursor_only_new_rows_are_read_and_history_stays(customers: Customers) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"), (2, at(1), "silver"))
    customers.ingest()
    customers.sql("update customer set tier = 'platinum', updated_at = %s where customer_id = 1", [at(5)])

    run = customers.ingest()

    assert (run.items.listed, run.items.added, run.items.unchanged) == (2, 1, 1)
    assert customers.tiers() == [("1", "gold"), ("1", "platinum"), ("2", "silver")]
    assert customers.ingest().items.listed == 1


def test_a_late_row_is_found_within_the_lateness_and_not_beyond(customers: Customers) -> None:
    customers.feature(cursor="updated_at", lateness="2h")
    customers.put((1, at(10), "gold"))
    customers.ingest()
    customers.put((2, at(8.5), "late"), (3, at(1), "too late"))

    assert customers.ingest().items.added == 1
    assert customers.ingest(full=True).items.added == 1
    assert customers.tiers() == [("1", "gold"), ("2", "late"), ("3", "too late")]


def test_a_row_changed_twice_at_one_time_has_its_last_value(customers: Customers) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"))
    customers.ingest()
    for tier in ("silver", "bronze"):
        customers.sql("update customer set tier = %s", [tier])
        run = customers.ingest()
        assert (run.items.changed, run.items.added) == (1, 0)
    assert customers.tiers() == [("1", "bronze")]


def test_without_a_cursor_rows_that_are_gone_are_removed(customers: Customers) -> None:
    customers.put(*((n, at(n), "gold") for n in range(10)))
    customers.ingest()
    customers.sql("delete from customer where customer_id in (3, 4)")

    run = customers.ingest()

    assert (run.items.removed, run.items.unchanged) == (2, 8)
    assert customers.tier("3") is None


def test_with_a_cursor_a_full_reading_removes_entities_that_are_gone_and_keeps_history(
    customers: Customers,
) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"), (2, at(0), "silver"))
    customers.ingest()
    customers.sql("update customer set tier = 'blue', updated_at = %s where customer_id = 1", [at(2)])
    customers.ingest()
    customers.sql("delete from customer where customer_id = 2")
    assert customers.ingest().items.removed == 0

    assert customers.ingest(full=True).items.removed == 1
    assert customers.tiers() == [("1", "gold"), ("1", "blue")]


def test_a_table_that_lost_much_waits_for_a_person(customers: Customers) -> None:
    customers.put(*((n, at(n), "gold") for n in range(10)))
    customers.ingest()
    customers.sql("delete from customer where customer_id > 1")

    run = customers.ingest()

    assert run.state == "refused"
    assert run.refused is not None
    assert "8 of 10" in run.refused["detail"]
    assert customers.ingest(allow_shrink=True).items.removed == 8


def test_bad_rows_are_quarantined_one_by_one_and_their_neighbors_pass(customers: Customers) -> None:
    customers.feature(acl_column="team")
    customers.put(*((n, at(n), "gold", None, "group:sales") for n in range(200)))
    customers.put((None, at(1), "no key", None, "everyone"), (900, None, "no time", None, "everyone"))
    customers.sql("insert into customer values (901, now() + interval '9 days', 'future', 1, 'everyone')")
    customers.put((902, at(1), "bad acl", None, "sales"))
    customers.put((7, at(7), "another", None, "group:sales"), (8, at(8), "gold", None, "group:sales"))
    customers.project.settings["policy"] = {"max_rejected_share": 0.1}

    run = customers.ingest()

    wanted = {"no_entity": 1, "bad_time": 1, "future_time": 1, "bad_acl": 1, "conflicting_facts": 2}
    assert run.reasons == wanted
    assert (run.items.added, run.items.quarantined, run.items.unchanged) == (199, 6, 1)
    logged = customers.reasons()
    assert logged == ["bad_acl", "bad_time", "conflicting_facts", "future_time", "no_entity"]
    assert customers.ingest().state == "unchanged"
    assert customers.reasons() == logged


def test_too_many_bad_rows_publish_nothing(customers: Customers) -> None:
    customers.put(*((n, None, "gold") for n in range(9)), (10, at(0), "gold"))

    run = customers.ingest()

    assert run.state == "refused"
    assert run.refused is not None
    assert "9 of 10 rows in quarantine (9 bad_time)" in run.refused["detail"]
    assert customers.rows() == []


def test_other_columns_are_refused_until_a_person_asks_for_a_rebuild(customers: Customers) -> None:
    customers.put((1, at(0), "gold"))
    customers.ingest()
    customers.feature(query="select customer_id, updated_at, tier, 7 as score from customer")

    run = customers.ingest()

    assert run.refused is not None
    assert "score came; spent, team went" in run.refused["detail"]
    assert "--allow-rebuild" in run.refused["fix"]
    again = customers.ingest(allow_rebuild=True)
    assert again.published
    assert (customers.rows()[0]["score"], customers.rows(1)[0]["team"]) == (7, None)
    assert verify(customers.project.store, releases.get(customers.project.store, 2)) == []


def test_a_value_of_another_type_is_rejected_and_a_type_that_cannot_be_is_refused(
    customers: Customers,
) -> None:
    customers.project.settings["policy"] = {"max_rejected_share": 0.5}
    customers.feature(query="select customer_id, updated_at, tier::int as tier from customer")
    customers.put((1, at(0), "5"), (2, at(0), "6"))
    customers.ingest()
    customers.put((3, at(0), "gold"))
    customers.feature(query="select customer_id, updated_at, tier from customer")

    run = customers.ingest()

    assert run.reasons == {"bad_value": 1}
    assert [row["tier"] for row in customers.rows()] == [5, 6]
    customers.feature(query="select customer_id, updated_at, array[tier] as tier from customer")
    refused = customers.ingest().refused
    assert refused is not None
    assert "was int32 and is list<item: string>" in refused["detail"]


def test_times_without_a_zone_are_refused_with_what_to_write(customers: Customers) -> None:
    customers.feature(query="select customer_id, updated_at::timestamp as updated_at from customer")

    refused = customers.ingest().refused

    assert refused is not None
    assert "AT TIME ZONE 'UTC'" in refused["fix"]


def test_a_reading_that_breaks_off_goes_on_where_it_was(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.features.sql.BATCH_BYTES", 1)
    customers.feature(cursor="updated_at")
    customers.sql(
        "insert into customer select g, timestamptz '2026-01-01Z' + g * interval '1 second', "
        "repeat('x', 3000) from generate_series(1, 600) g"
    )
    appended: list[int] = []
    append = FeatureStaging.append

    def dying(self: FeatureStaging, rows: pa.Table, batch: str, first: int) -> int:
        appended.append(rows.num_rows)
        if sum(appended) > 300:
            raise UnavailableError("the power went")
        return append(self, rows, batch, first)

    with monkeypatch.context() as patch:
        patch.setattr(FeatureStaging, "append", dying)
        with pytest.raises(UnavailableError):
            customers.ingest()
    assert customers.rows() == []
    assert len(appended) > 1
    staged = customers.project.store.open("staging__customer__rows").count_rows()
    run = customers.ingest()

    assert (run.items.listed, run.items.added, len(customers.rows())) == (600, 600, 600)
    assert staged > 0
    assert not [name for name in customers.project.store.names() if name.startswith("staging__customer")]


def test_columns_that_change_while_a_reading_is_unfinished_are_read_from_the_start(
    customers: Customers,
) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"))

    def dying(name: str, work: Callable[[], T]) -> T:
        if name == "publish":
            raise UnavailableError(name)
        return work()

    with pytest.raises(UnavailableError):
        customers.ingest(step=dying)
    customers.sql("alter table customer add column score int")
    with pytest.raises(ConflictError):
        customers.ingest()

    assert customers.ingest().items.added == 1
    assert customers.rows()[0]["score"] is None


@pytest.mark.parametrize("stage", ["audit", "publish"])
def test_a_run_that_dies_before_its_release_changes_nothing_and_the_next_one_makes_it(
    customers: Customers, stage: str
) -> None:
    customers.put((1, at(0), "gold"))
    customers.ingest()
    customers.put((2, at(1), "silver"))

    def dying(name: str, work: Callable[[], T]) -> T:
        if name == stage:
            raise UnavailableError(name)
        return work()

    with pytest.raises(UnavailableError):
        customers.ingest(step=dying)
    assert customers.tiers() == [("1", "gold")]
    assert customers.ingest().items.added == 1
    assert customers.tiers() == [("1", "gold"), ("2", "silver")]


def test_a_change_of_acl_reaches_rows_that_did_not_change(customers: Customers) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"), (2, at(9), "silver"))
    customers.ingest()
    customers.feature(acl=["group:sales"])

    assert customers.ingest().items.changed == 2
    assert customers.tier("1") is None
    assert customers.tier("1", "group:sales") == "gold"


def test_who_may_not_read_a_row_gets_what_an_unknown_entity_gives(customers: Customers) -> None:
    customers.feature(acl_column="team")
    customers.put((1, at(0), "gold", None, "group:sales, user:ann"), (2, at(0), "silver", None, ""))
    customers.put((3, at(0), "open", None, None))
    customers.ingest()

    assert customers.tier("1", "everyone", "user:ann") == "gold"
    assert [customers.tier(key) for key in ("1", "2", "99")] == [None, None, None]
    assert customers.tier("2", "group:sales", "everyone") is None
    assert customers.tier("3") == "open"
    assert customers.tier("1' or '1'='1") is None


def test_going_back_in_time_gives_no_revoked_right_back(customers: Customers) -> None:
    customers.feature(acl_column="team", cursor="updated_at")
    customers.put((1, at(0), "gold", None, "everyone"))
    customers.ingest()
    customers.put((1, at(5), "secret", None, "group:board"))
    customers.ingest()

    assert customers.tier("1") is None
    assert customers.tier("1", release=1) is None
    assert customers.tier("1", as_of=at(1)) is None
    assert customers.tier("1", "group:board", "everyone", as_of=at(1)) == "gold"
    rollback(customers.project.store, 1, now=at(10))
    assert customers.tier("1") is None


def test_as_of_gives_the_value_then_valid(customers: Customers) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"), (1, at(5), "silver"), (1, at(9), "bronze"))
    customers.ingest()

    moments = [at(-1), at(0), at(4.9), at(5), at(100)]
    assert [customers.tier("1", as_of=one) for one in moments] == [None, "gold", "gold", "silver", "bronze"]
    assert customers.tier("1") == "bronze"


def test_a_rollback_takes_the_facts_and_the_cursor_back_and_ingest_brings_them_again(
    customers: Customers,
) -> None:
    customers.feature(cursor="updated_at")
    customers.put((1, at(0), "gold"))
    customers.ingest()
    customers.put((2, at(5), "silver"))
    customers.ingest()
    rollback(customers.project.store, 1, now=at(10))
    assert customers.tiers() == [("1", "gold")]
    assert customers.ingest().items == customers.ingest().items
    resume(customers.project.store, now=at(11))

    assert customers.ingest().items.added == 1
    assert customers.tiers() == [("1", "gold"), ("2", "silver")]
    assert customers.tiers(1) == [("1", "gold")]


def test_a_release_has_the_newest_documents_and_facts_whichever_came_first(customers: Customers) -> None:
    project = customers.project
    customers.put((1, at(0), "gold"))
    customers.ingest()
    project.pages(3)
    project.ingest()
    customers.put((2, at(1), "silver"))
    customers.ingest()
    project.write("p00.md", "# Another\n\nIt says something else.\n")
    project.ingest()

    newest = project.release()
    assert newest is not None
    assert newest.tables["documents"].rows == 3
    assert newest.tables["features__customer"].rows == 2
    assert len(project.chunks()) == 3
    assert customers.ingest().state == "unchanged"
    assert project.ingest().run.state == "unchanged"
    assert verify(project.store, newest) == []
    found = diff(project.store, releases.get(project.store, 1), newest).as_dict()
    assert found["features"]["customer"] == {"added": 1, "changed": 0, "removed": 0, "rebuilt": False}


def test_maintenance_keeps_features_as_they_are(customers: Customers) -> None:
    customers.feature(cursor="updated_at")
    for n in range(8):
        customers.put((n, at(n), "gold"))
        customers.ingest()
    before = customers.rows()

    done = maintain(customers.project.open())

    assert "features__customer" in done.compacted
    assert customers.rows() == before
    assert customers.ingest().state == "unchanged"


def test_a_database_that_does_not_answer_changes_nothing_and_says_no_password(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers.put((1, at(0), "gold"))
    customers.ingest()
    customers.feature(url="postgresql://reader:hush@127.0.0.1:1/crm")
    with pytest.raises(ConfigError, match=r"line \d+: .*password"):
        customers.project.open()
    customers.feature(url="${CRM_URL}")
    monkeypatch.setenv("CRM_URL", "postgresql://reader:hush@127.0.0.1:1/crm")
    with pytest.raises(UnavailableError) as stopped:
        customers.ingest()

    assert "hush" not in str(stopped.value)
    runs = str(customers.project.store.scan("runs").to_pylist())
    assert "hush" not in runs
    assert customers.tiers() == [("1", "gold")]
