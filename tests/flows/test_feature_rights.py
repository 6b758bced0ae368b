"""Which value of an entity somebody sees: of now or of then, by its rows' rights, whatever is rolled back."""

from __future__ import annotations

from infra.store.rollback import rollback
from tests.flows.facts import Customers, at


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
