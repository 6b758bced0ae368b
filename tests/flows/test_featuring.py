"""Features from a real PostgreSQL: read by a cursor or whole, audited, released beside documents."""

from __future__ import annotations

from flows.stages.diffing import diff
from flows.stages.maintaining import maintain
from infra.store import releases
from infra.store.rollback import resume, rollback
from infra.store.verify import verify
from tests.flows.facts import Customers, at


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
