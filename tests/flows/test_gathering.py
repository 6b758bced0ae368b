"""Facts for a request: looked up and asked for, under the asker's rights, told with their time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from flows.cli.ask import request_of
from flows.stages.features import gathered, look_up
from flows.stages.featuring import ingest_one
from flows.workspace import Workspace
from infra.store import releases
from schemas.context import ContextRequest, Principal
from schemas.errors import ConfigError, NotFoundError
from tests.flows.projects import Project
from transforms.features import Fact

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CSV = """customer_id,updated_at,tier,team
42,2026-01-01T00:00:00Z,gold,everyone
42,2026-01-01T10:00:00Z,platinum,everyone
43,2026-01-01T11:30:00Z,silver,group:sales
"""


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with customers in a CSV file and the status of orders at request time."""
    module = ModuleType("acme_shop")
    module.status = lambda entities, _question: {"state": f"order of {entities.get('customer_id')} sent"}  # type: ignore[attr-defined]
    module.broken = lambda *_: 1 / 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_shop", module)
    (project.root / "customers.csv").write_text(CSV)
    project.settings["features"] = {
        "customer": {
            "type": "csv", "uri": "customers.csv", "entity": "customer_id", "time": "updated_at",
            "acl": ["group:staff"], "acl_column": "team", "max_age": "1h",
        }
    }  # fmt: skip
    view(project, features=["customer"])
    return project


def view(project: Project, **settings: Any) -> None:
    project.settings["context_views"] = {"default": settings}


def opened(project: Project) -> Workspace:
    workspace = project.open()
    workspace.clock = lambda: NOON
    return workspace


def facts(project: Project, *groups: str, release: int | None = None, **request: Any) -> list[Fact]:
    workspace = opened(project)
    pinned = releases.get(workspace.store, release) if release else releases.current(workspace.store)
    assert pinned is not None
    principal = Principal(groups=groups)
    asked = ContextRequest(question="What about it?", principal=principal, **request)
    section = workspace.opened.project.context_views["default"]
    return gathered(workspace, pinned, section, asked, principal.entries())


def test_the_newest_facts_of_the_entity_asked_about_are_told_with_their_time(shop: Project) -> None:
    ingest_one(opened(shop), "customer")

    (fact,) = facts(shop, entities={"customer_id": "42"})

    assert fact.text == "customer 42 (as of 2026-01-01T10:00:00Z)\n- tier: platinum"
    assert (fact.values, fact.stale, fact.volatile, fact.acl) == (
        {"tier": "platinum"},
        True,
        False,
        ("everyone",),
    )
    assert facts(shop) == facts(shop, entities={"customer_id": "99"}) == []


def test_as_of_tells_what_was_valid_then_and_an_older_release_has_nothing(shop: Project) -> None:
    shop.pages(1)
    workspace = opened(shop)
    workspace.clock = lambda: NOON - timedelta(hours=8)
    ingest_one(workspace, "docs")
    workspace.clock = lambda: NOON - timedelta(hours=4)
    ingest_one(workspace, "customer")

    (fact,) = facts(shop, entities={"customer_id": "42"}, as_of=NOON - timedelta(hours=3))

    assert fact.values == {"tier": "gold"}
    assert facts(shop, entities={"customer_id": "42"}, release=1) == []


def test_what_the_asker_may_not_read_is_as_if_it_were_not_there(shop: Project) -> None:
    ingest_one(opened(shop), "customer")

    assert facts(shop, entities={"customer_id": "43"}) == []
    assert [fact.values for fact in facts(shop, "sales", entities={"customer_id": "43"})] == [
        {"tier": "silver"}
    ]


def test_a_feature_that_was_never_ingested_says_what_to_run(shop: Project) -> None:
    shop.pages(1)
    shop.ingest()

    with pytest.raises(NotFoundError, match="no feature 'customer'") as problem:
        facts(shop, entities={"customer_id": "42"})
    assert "--source customer" in problem.value.fix


def test_functions_follow_the_features_and_are_volatile(shop: Project) -> None:
    closed = {"function": "acme_shop:status", "name": "inside", "acl": ["group:staff"]}
    view(shop, features=["customer"], functions=["acme_shop:status", closed])
    ingest_one(opened(shop), "customer")

    found = facts(shop, entities={"customer_id": "42"})

    assert [(fact.name, fact.volatile, fact.at) for fact in found] == [
        ("customer", False, NOON - timedelta(hours=2)),
        ("status", True, NOON),
    ]
    assert found[1].text == "status customer_id=42 (as of 2026-01-01T12:00:00Z)\n- state: order of 42 sent"
    assert [fact.name for fact in facts(shop, "staff")] == ["status", "inside"]


def test_a_function_that_fails_says_its_fallback_as_such_or_nothing(shop: Project) -> None:
    view(
        shop,
        functions=["acme_shop:broken", {"function": "acme_shop:broken", "name": "b", "fallback": "ask us"}],
    )
    ingest_one(opened(shop), "customer")

    silent, told = facts(shop)

    assert (silent.text, silent.values) == ("", None)
    assert "ZeroDivisionError" in str(silent.problem)
    assert told.text == "b (as of 2026-01-01T12:00:00Z): ask us (a fallback: b did not answer)"
    assert told.as_dict(now=NOON)["problem"]


def test_a_view_names_features_and_functions_that_are_there(shop: Project) -> None:
    view(shop, features=["custommer"])
    with pytest.raises(ConfigError, match="names feature 'custommer'"):
        shop.open()
    view(shop, functions=["no import string"])
    with pytest.raises(ConfigError, match="not an import string"):
        shop.open()
    view(shop, functions=[{"url": "https://weather.test"}])
    with pytest.raises(ConfigError, match="name: is missing"):
        shop.open()
    view(shop, functions=[{"function": "a:b", "time_out": "2s"}])
    with pytest.raises(ConfigError) as problem:
        shop.open()
    assert "did you mean timeout" in problem.value.fix


def test_a_source_and_a_feature_cannot_have_one_name(shop: Project) -> None:
    shop.settings["features"] = {"docs": shop.settings["features"]["customer"]}
    view(shop)

    with pytest.raises(ConfigError, match=r"features\.docs.*source's name too"):
        shop.open()


@pytest.mark.parametrize("missing", ["acl", "entity", "time", "uri"])
def test_a_feature_without_what_it_needs_names_the_line_and_what_to_write(
    shop: Project, missing: str
) -> None:
    del shop.settings["features"]["customer"][missing]

    with pytest.raises(
        ConfigError, match=rf"headwater.yaml, line \d+: features.customer.{missing}: is missing"
    ) as problem:
        shop.open()
    assert missing in problem.value.fix


def test_entities_come_from_the_command_line_as_name_and_key() -> None:
    request = request_of(
        "Who?", None, None, None, None, None, None, explain=False, entity=["customer_id=4=2"]
    )

    assert request.entities == {"customer_id": "4=2"}
    with pytest.raises(ConfigError, match="--entity"):
        request_of("Who?", None, None, None, None, None, None, explain=False, entity=["customer_id"])


def test_a_row_is_looked_up_as_the_table_has_it(shop: Project) -> None:
    workspace = opened(shop)
    ingest_one(workspace, "customer")
    release = releases.current(workspace.store)
    assert release is not None

    row = look_up(workspace, release, "customer", "42", ("everyone",))

    assert row is not None
    assert (row["entity"], row["event_at"], row["tier"]) == ("42", NOON - timedelta(hours=2), "platinum")
