"""What every section of the project file is made of: names, acl entries, durations, schedules."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.acl import is_entry

NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
ACL_FORMS = "everyone, group:NAME or user:NAME"
DURATION = re.compile(r"^(\d+)(s|m|h|d)$")
UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def wrong(what: str, fix: str) -> PydanticCustomError:
    """Return an error of a setting whose fix is known where it is found."""
    return PydanticCustomError("setting", "{what}", {"what": what, "fix": fix})


def wrong_at(place: tuple[str | int, ...], what: str, fix: str) -> ValidationError:
    """Return an error of a setting further down than the section that finds it."""
    details = InitErrorDetails(type=wrong(what, fix), loc=place, input=None)
    return ValidationError.from_exception_data("project", [details])


def _name(value: str) -> str:
    if not NAME.match(value):
        raise wrong(f"{value!r} is not a name", "use lower-case letters, digits and hyphens")
    return value


def _entry(value: str) -> str:
    if not is_entry(value):
        raise wrong(f"{value!r} is not an acl entry", f"write {ACL_FORMS}")
    return value


Name = Annotated[str, AfterValidator(_name)]
AclEntry = Annotated[str, AfterValidator(_entry)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of the project file: frozen, and a setting nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _duration(value: str) -> str:
    if not DURATION.match(value):
        raise wrong(f"{value!r} is not a duration", "write 90s, 30m, 24h or 7d")
    return value


Duration = Annotated[str, AfterValidator(_duration)]


def duration_s(value: str) -> int:
    """Return a duration such as 24h in seconds."""
    number, unit = value[:-1], value[-1]
    return int(number) * UNIT_S[unit]


class Schedule(Section):
    """When a source is brought up to date: a cron line, or an interval in seconds."""

    cron: str | None = None
    every_s: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Schedule:
        if (self.cron is None) == (self.every_s is None):
            raise wrong(
                "a schedule has either cron or every_s",
                'write {cron: "*/15 * * * *"}, or {every_s: 900} for seconds',
            )
        return self
