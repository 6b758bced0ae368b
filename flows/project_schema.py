"""The JSON Schema of the project file, with the settings of every built-in type: for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from schemas.feature import FEATURE_OPTIONS
from schemas.project import SOURCE_OPTIONS, Project
from transforms.chunkers import CHUNKERS
from transforms.datasets import DATASETS
from transforms.datasets.splits import Dates, Shares

Schema = dict[str, Any]

SPLITTINGS = (Shares, Dates)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def project_schema() -> Schema:
    """Return the schema. A built-in type takes its own settings alone; an import string takes any."""
    whole = Project.model_json_schema()
    defs = whole["$defs"]
    sources = {name: options.model_json_schema() for name, options in SOURCE_OPTIONS.items()}
    features = {name: options.model_json_schema() for name, options in FEATURE_OPTIONS.items()}
    cutters = {name: _schema_of(chunker.params) for name, chunker in CHUNKERS.items()}
    builders = {name: _schema_of(kind.params) for name, kind in DATASETS.items()}
    for name, builder in builders.items():
        builder["properties"] |= {
            "format": {"enum": [None, *DATASETS[name].formats], "default": None},
            "splits": {"anyOf": [{**_schema_of(kind), "additionalProperties": False} for kind in SPLITTINGS]},
        }
    kinds = {"Source": sources, "Feature": features, "Chunker": cutters, "Dataset": builders}
    for section, types in kinds.items():
        defs[f"{section}Section"] = _by_type(defs[f"{section}Section"], types)
    return {"$schema": DIALECT, **whole}


def _by_type(section: Schema, types: Mapping[str, Schema]) -> Schema:
    """Return a section whose settings depend on its `type`: closed for those there are, else open."""
    kind = section["properties"]["type"]
    own = {"type": "string", "pattern": ":", "description": "An import string, module:name."}
    open_section = {**section, "properties": {**section["properties"], "type": own}}
    chosen: Schema = open_section
    for name, settings in reversed(list(types.items())):
        wanted: Schema = {"properties": {"type": {"const": name}}}
        if "default" not in kind:
            wanted["required"] = ["type"]
        chosen = {"if": wanted, "then": _closed(section, settings, types), "else": chosen}
    return {"title": section["title"], "description": section["description"], "type": "object", **chosen}


def _closed(section: Schema, settings: Schema, types: Mapping[str, Schema]) -> Schema:
    kind = {**section["properties"]["type"], "examples": [*types, "module:name"]}
    return {
        "properties": {**section["properties"], **settings["properties"], "type": kind},
        "required": [*section.get("required", ()), *settings.get("required", ())],
        "additionalProperties": False,
    }


def _schema_of(params: type[Any]) -> Schema:
    return TypeAdapter(params).json_schema()
