"""Mistakes in a project file, told as what is wrong, where it stands, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import Repr
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from schemas.feature import FEATURE_OPTIONS
from schemas.project import SOURCE_OPTIONS, Project
from schemas.section import ACL_FORMS
from schemas.settings import advice, nearest

Place = tuple[str | int, ...]

KINDS = {
    "int": ("a whole number", "write a whole number, such as 8"),
    "float": ("a number", "write a number, such as 0.4"),
    "bool": ("true or false", "write true or false"),
    "string": ("a text", "write a text, in quotes if it looks like a number, a date or yes/no"),
    "tuple": ("a list", "write a list: [FIRST, SECOND]"),
    "dict": ("a section", "write settings below it, indented: `NAME: VALUE`"),
    "model": ("a section", "write settings below it, indented: `NAME: VALUE`"),
}
"""The first word of pydantic's name for an error -> what was wanted, and how to write it."""

BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
SHORT = Repr()
SHORT.maxstring = SHORT.maxother = 60


def mistake(given: Any, problem: ValidationError) -> tuple[Place, str, str]:
    """Return where the first mistake is, what it is, and its fix; a mistyped setting comes before others."""
    errors = problem.errors()
    error = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    place = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return place, "unknown setting", advice(str(place[-1]), _known(place[:-1], given))
    if error["type"] == "missing":
        return place, "is missing", _addition(place, given)
    return place, *_wrong_value(error, place)


def line_of(root: yaml.Node | None, place: Place) -> int:
    """Return the line on which a place begins, or the nearest section around it that the file has."""
    node, line = root, 1
    for part in place:
        mark, node = _child(node, part)
        if mark is None:
            break
        line = mark.line + 1
    return line


def _wrong_value(error: Any, place: Place) -> tuple[str, str]:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    told = SHORT.repr(value)
    if "fix" in context:
        return error["msg"], context["fix"]
    if kind.endswith(("_type", "_parsing", "_from_float")):
        wanted, fix = KINDS.get(kind.partition("_")[0], ("what belongs here", "see `headwater schema`"))
        if wanted == "a list" and isinstance(value, str):
            fix = f"write a list: [{value}]"
        return f"{told} is not {wanted}", fix
    for bound, words in BOUNDS.items():
        if bound in context:
            return f"{told} is not {words} {context[bound]}", f"write a number of {words} {context[bound]}"
    if kind == "literal_error":
        return f"{told} is not one of {context['expected']}", f"write {context['expected']}"
    if kind == "too_short":
        return "the list is empty", f"name at least one: {ACL_FORMS}" if "acl" in place else "name one"
    return error["msg"].removeprefix("Value error, "), "`headwater schema` prints every setting"


def _addition(place: Place, given: Any) -> str:
    """Return what to add for a missing setting, or which of those given was probably meant to be it."""
    name, section = str(place[-1]), _at(place[:-1], given)
    known = _known(place[:-1], given)
    unknown = [key for key in section if key not in known] if isinstance(section, Mapping) else []
    meant = nearest(name, map(str, unknown))
    if meant:
        return f"did you mean {name} where it says {meant}?"
    examples = {
        "acl": f"say who may read it: `acl: [everyone]`, or a list of {ACL_FORMS}",
        "uri": "say where it is: `uri: notes/`",
        "entity": "name the column of its key: `entity: customer_id`",
        "time": "name the column of its time: `time: updated_at`",
        "url": 'say where the database is: `url: "${CRM_URL}"`',
        "query": "say what to ask it: `query: select * from customers`",
        "type": f"say what it is: `type: {'qa' if 'datasets' in place else 'files'}`",
    }
    return examples.get(name, f"add `{name}: ...`")


def _known(place: Place, given: Any) -> list[str]:
    """Return the settings that a section has."""
    kind: Any = Project
    for part in place:
        if isinstance(part, int):  # which one of a list: all have the same settings
            continue
        if _is_section(kind):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        if get_origin(kind) is not dict:
            kind = next((one for one in get_args(kind) if _is_section(one)), kind)
    own = _own(place, given)
    both = [*(kind.model_fields if _is_section(kind) else ()), *(own.model_fields if own else ())]
    return list(dict.fromkeys(both))


def _own(place: Place, given: Any) -> Any:
    """Return the settings of a source's or a feature's type, besides those that all have."""
    if place[:1] == ("sources",):
        return SOURCE_OPTIONS.get(_type_of(place, given))
    if place[:1] == ("features",):
        return FEATURE_OPTIONS.get(_type_of(place, given) or "sql")
    return None


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _type_of(place: Place, given: Any) -> str:
    section = _at(place[:2], given)
    return str(section.get("type") or "") if isinstance(section, Mapping) else ""


def _at(place: Place, given: Any) -> Any:
    try:
        for part in place:
            given = given[part]
    except (KeyError, IndexError, TypeError):
        return None
    return given


def _child(node: yaml.Node | None, part: object) -> tuple[yaml.Mark | None, yaml.Node | None]:
    """Return where a part of the file begins, and the part itself."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    return None, None
