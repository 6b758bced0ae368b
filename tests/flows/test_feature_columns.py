"""What a feature's query gives: bad rows go to quarantine one by one, other columns wait for a person."""

from __future__ import annotations

from infra.store import releases
from infra.store.verify import verify
from tests.flows.facts import Customers, at


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
