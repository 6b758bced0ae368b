"""Settings that a plug-in declares as a frozen dataclass: read strictly, with the nearest name for a typo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from schemas.errors import ConfigError

T = TypeVar("T")

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
"""Types of settings that are checked, in the words of the project file; others check themselves."""


class SettingError(ConfigError):
    """One setting is unknown or has a wrong value; `setting` is its name, or None when that is not known."""

    def __init__(self, detail: str, *, setting: str | None, fix: str) -> None:
        super().__init__(detail, fix=fix)
        self.setting = setting


def read_settings(what: str, params: type[T], settings: Mapping[str, Any]) -> T:
    """Return a plug-in's parameters from its settings in the project file, or raise SettingError.

    `what` is the plug-in as an error names it, such as `chunker 'headings'`.
    """
    known = [field.name for field in fields(params)]  # type: ignore[arg-type] # dataclasses alone get here
    for name in sorted(settings.keys() - set(known)):
        raise SettingError(f"{what} has no setting {name!r}", setting=name, fix=advice(name, known))
    kinds = _kinds(params)
    for name, value in settings.items():
        if (allowed := kinds.get(name)) and not any(_fits(value, kind) for kind in allowed):
            wanted = " or ".join(KINDS[kind] for kind in allowed if kind in KINDS)
            detail = f"{what}: {name} is {value!r}, which is not {wanted}"
            raise SettingError(detail, setting=name, fix=f"write {wanted}")
    try:
        return params(**settings)
    except (TypeError, ValueError) as error:
        named = next((name for name in settings if str(error).startswith(f"{name} ")), None)
        raise SettingError(f"{what}: {error}", setting=named, fix="mend it in the project file") from error


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one most likely means."""
    return next(iter(get_close_matches(name, list(known), n=1)), None)


def advice(name: str, known: Iterable[str]) -> str:
    """Return what to do about an unknown name: the nearest one, and all there are."""
    known = list(known)
    meant = nearest(name, known)
    there = f"there are: {', '.join(known)}" if known else "there are none"
    return f"did you mean {meant}? {there}" if meant else there


def _kinds(params: type[Any]) -> dict[str, tuple[type, ...]]:
    try:
        hints = get_type_hints(params)
    except NameError:  # an annotation that only a type checker can read
        return {}
    kinds = {name: get_args(hint) if isinstance(hint, UnionType) else (hint,) for name, hint in hints.items()}
    return {name: allowed for name, allowed in kinds.items() if {*allowed} <= {*KINDS, NoneType}}


def _fits(value: Any, kind: type) -> bool:
    allowed = (int, float) if kind is float else (kind,)
    return isinstance(value, allowed) and (kind is bool or not isinstance(value, bool))
