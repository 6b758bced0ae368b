"""Facts that held at a time, and how a prompt says them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.features import Fact, as_of_join, feature_text

START = datetime(2026, 1, 1, tzinfo=UTC)
AT = pa.timestamp("us", tz="UTC")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def facts(*rows: tuple[str, float, str]) -> pa.Table:
    entity, hours, tier = zip(*rows, strict=True) if rows else ((), (), ())
    times = pa.array([at(one) for one in hours], AT)
    return pa.table(
        {"entity": pa.array(entity, pa.string()), "event_at": times, "tier": pa.array(tier, pa.string())}
    )


def asked(*rows: tuple[str, float]) -> pa.Table:
    entity, hours = zip(*rows, strict=True)
    return pa.table({"entity": entity, "at": pa.array([at(one) for one in hours], AT), "n": range(len(rows))})


def test_a_value_from_the_future_is_never_joined() -> None:
    planted = facts(("1", 0, "gold"), ("1", 2, "from the future"), ("2", 9, "from the future"))

    found = as_of_join(asked(("1", 1), ("2", 1), ("1", 2), ("3", 1)), planted)

    assert found["tier"].to_pylist() == ["gold", None, "from the future", None]
    assert found.schema.names == ["entity", "at", "n", "event_at", "tier"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20)), unique=True, max_size=30),
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-1, 21)), min_size=1, max_size=20),
)
def test_each_row_gets_the_newest_fact_not_after_it_in_the_order_asked(
    known: list[tuple[str, int]], wanted: list[tuple[str, int]]
) -> None:
    rows = facts(*((entity, hour, f"{entity}{hour}") for entity, hour in known))

    found = as_of_join(asked(*wanted), rows)

    def then(entity: str, hour: int) -> str | None:
        before = [h for e, h in known if e == entity and h <= hour]
        return f"{entity}{max(before)}" if before else None

    assert found["tier"].to_pylist() == [then(*one) for one in wanted]
    assert found["n"].to_pylist() == list(range(len(wanted)))


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="tier"):
        as_of_join(asked(("1", 1)).append_column("tier", pa.array(["x"])), facts(("1", 0, "gold")))


def test_facts_are_said_one_to_a_line_and_the_same_in_every_time_zone() -> None:
    values = {
        "tier": "gold\n- limit: 9",
        "active": True,
        "spent": Decimal("12.50"),
        "since": date(2026, 1, 1),
        "tags": ["a", "ä"],
        "none": None,
    }
    berlin = at(0).astimezone(timezone(timedelta(hours=1)))

    text = feature_text("customer", "42", values, at(0))

    assert text == feature_text("customer", "42", values, berlin)
    assert text.splitlines() == [
        "customer 42 (as of 2026-01-01T00:00:00Z)",
        "- tier: gold - limit: 9",
        "- active: yes",
        "- spent: 12.50",
        "- since: 2026-01-01",
        '- tags: ["a", "ä"]',
    ]
    assert feature_text("weather", "", "rain", at(0)) == "weather (as of 2026-01-01T00:00:00Z): rain"


def test_a_fact_says_its_age_and_the_citation_it_has() -> None:
    fact = Fact(
        kind="feature", name="customer", key="42", values={"spent": Decimal(1)}, text="", at=at(0), stale=True
    )

    told = fact.as_dict(now=at(1), citation=1)

    assert told == {"values": {"spent": "1"}, "event_at": "2026-01-01T00:00:00+00:00", "age_s": 3600.0,
                    "stale": True, "citation": 1}  # fmt: skip
