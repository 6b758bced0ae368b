"""The forms Prefect's UI shows for a flow: its parameters, with the project's own names to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect import Flow

Choices = Mapping[str, list[str]]
"""A parameter's name to what it may be; a parameter that may be left out may still be."""


def form(flow: Flow[..., Any], choices: Choices) -> dict[str, Any]:
    """Return the schema of a flow's parameters; the server refuses a run whose parameters do not fit it."""
    from prefect.utilities.callables import parameter_schema

    schema: dict[str, Any] = parameter_schema(flow).model_dump(exclude_none=True)
    for section in (schema, *schema.get("definitions", {}).values()):
        for name, allowed in choices.items():
            if allowed and name in section.get("properties", {}):
                section["properties"][name] = _limited(section["properties"][name], allowed)
    return schema


def _limited(field: dict[str, Any], allowed: list[str]) -> dict[str, Any]:
    """Return a field's schema with its texts limited to some, wherever in it they may stand."""
    if field.get("type") == "string":
        return {**field, "enum": allowed}
    if field.get("type") == "array":
        return {**field, "items": _limited(field.get("items", {}), allowed)}
    if "anyOf" in field:
        return {**field, "anyOf": [_limited(one, allowed) for one in field["anyOf"]]}
    return field
