"""A reading of a feature that breaks off publishes nothing, and the next one ends where it would have."""

from __future__ import annotations

import pyarrow as pa
import pytest

from infra.store.feature_staging import FeatureStaging
from schemas.errors import ConfigError, ConflictError, UnavailableError
from tests.flows.breaking import dying_at
from tests.flows.facts import Customers, at


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

    with pytest.raises(UnavailableError):
        customers.ingest(step=dying_at("publish", UnavailableError))
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

    with pytest.raises(UnavailableError):
        customers.ingest(step=dying_at(stage, UnavailableError))
    assert customers.tiers() == [("1", "gold")]
    assert customers.ingest().items.added == 1
    assert customers.tiers() == [("1", "gold"), ("2", "silver")]


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
