"""What an editor knows of a project file: every setting of the built-in types, and no typo."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.project_schema import project_schema

jsonschema: Any = pytest.importorskip("jsonschema")
INFRA = Path(__file__).parents[2] / "infra"
SOURCE = {"type": "files", "uri": "notes/", "acl": ["everyone"]}


def accepted(section: str, settings: dict[str, Any]) -> bool:
    schema = project_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    project = {"project": "p", "sources": {"notes": SOURCE}, section: {"one": settings}}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(project))


@pytest.mark.parametrize("folder", ["starter", "sample"])
def test_the_projects_that_come_along_are_as_the_schema_says(folder: str) -> None:
    project = yaml.safe_load((INFRA / folder / "headwater.yaml").read_text("utf-8"))

    jsonschema.validate(project, project_schema())


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("sources", {**SOURCE, "include": ["**/*.md"], "max_bytes": 9, "schedule": {"every_s": 60}}),
        ("sources", {"type": "acme:mail", "acl": ["everyone"], "server": "post"}),
        ("indexes", {"chunker": {"max_tokens": 128}}),
        ("indexes", {"chunker": {"type": "headings", "max_tokens": 128}, "embed_text": ["text"]}),
        ("indexes", {"chunker": {"type": "acme:sentences", "length": 3}}),
        ("datasets", {"type": "qa", "source": "notes", "grounded": False, "format": "alpaca"}),
        ("datasets", {"type": "style", "source": "notes", "author": "U1", "format": "sharegpt"}),
        ("sources", {**SOURCE, "records": "threads", "fields": {"author": "user.name"}}),
        ("datasets", {"type": "triplets", "hard_negatives": 2, "splits": {"train": 1, "test": 0}}),
        ("datasets", {"type": "acme:letters", "tone": "warm"}),
    ],
)
def test_every_setting_of_a_type_is_in_the_schema_and_ones_own_type_takes_any(
    section: str, settings: dict[str, Any]
) -> None:
    assert accepted(section, settings)


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("sources", {**SOURCE, "includes": ["**/*.md"]}),
        ("sources", {**SOURCE, "type": "fles"}),
        ("sources", {**SOURCE, "acl": "everyone"}),
        ("sources", {"type": "files", "acl": ["everyone"]}),
        ("sources", {"type": "files", "uri": "notes/"}),
        ("sources", {"type": "acme:mail"}),
        ("indexes", {"chunker": {"max_token": 128}}),
        ("indexes", {"chunker": {"type": "heading"}}),
        ("indexes", {"chunker": {"max_tokens": "lots"}}),
        ("datasets", {"type": "qqa"}),
        ("datasets", {"type": "qa", "hard_negatives": 2}),
        ("datasets", {"type": "qa", "format": "columns"}),
        ("datasets", {"type": "qa", "splits": {"trained": 1}}),
    ],
)
def test_a_typo_is_not_as_the_schema_says(section: str, settings: dict[str, Any]) -> None:
    assert not accepted(section, settings)


def test_every_setting_is_printed() -> None:
    printed = json.dumps(project_schema())

    for setting in (
        "uri",
        "include",
        "exclude",
        "follow_symlinks",
        "max_tokens",
        "max_per_document",
        "splits",
    ):
        assert f'"{setting}"' in printed
