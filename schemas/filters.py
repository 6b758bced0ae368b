"""Filters: what a question is asked of, in a small closed grammar of names and values, never of SQL.

`{sources: [handbook], labels: {team: [hr, it]}, since: 2026-01-01}` keeps what comes from the handbook and
carries one of the two labels and was changed since: names are ANDed, the values of one name are ORed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from schemas.errors import ConfigError
from schemas.settings import advice

VALUES = 64
VALUE_CHARS = 500
LABEL = "label."
WORDS = {"source": "sources", "media_type": "media_types", "language": "languages"}
"""The words of `word=value`, and the fields they fill; besides them label.NAME, since and until."""
TIMES = ("since", "until")


def _listed(value: Any) -> Any:
    """One value counts as a list of one, and a list's order and repetitions as nothing."""
    values = (value,) if isinstance(value, str) else value
    if isinstance(values, (list, tuple, set, frozenset)) and all(isinstance(one, str) for one in values):
        return tuple(sorted(set(values)))
    return values


def _plain(value: str) -> str:
    if "\x00" in value:
        raise ValueError("a filter value contains a NUL character")
    return value


Value = Annotated[str, Field(min_length=1, max_length=VALUE_CHARS)]
Values = Annotated[tuple[Value, ...], BeforeValidator(_listed), Field(min_length=1, max_length=VALUES)]


class Filters(BaseModel):
    """What a chunk must be to be found; what is not given keeps everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Values | None = None
    media_types: Values | None = None
    languages: Values | None = None
    labels: Annotated[dict[Value, Values], Field(max_length=VALUES)] = {}
    """Label name to value or values; `owner` and `flag` are labels too."""
    since: datetime | None = None
    """Changed at its source at or after this; a time without a zone is UTC."""
    until: datetime | None = None
    """Changed at its source before this. What has no source time passes neither."""

    @model_validator(mode="before")
    @classmethod
    def _knows_every_name(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            for name in sorted(set(map(str, given)) - set(cls.model_fields)):
                raise ValueError(f"there is no filter {name!r}: {advice(name, list(cls.model_fields))}")
        return given

    @field_validator("sources", "media_types", "languages", mode="after")
    @classmethod
    def _no_nul(cls, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return values if values is None else tuple(map(_plain, values))

    @field_validator("labels", mode="after")
    @classmethod
    def _no_nul_in_labels(cls, labels: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {_plain(name): tuple(map(_plain, values)) for name, values in sorted(labels.items())}

    @field_validator("since", "until", mode="before")
    @classmethod
    def _is_a_time(cls, given: Any) -> datetime | None:
        """Take no number for a time: a year would be seconds since 1970."""
        if given is None:
            return None
        try:
            at = given if isinstance(given, datetime) else datetime.fromisoformat(given)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{given!r} is no time: write 2026-01-31 or 2026-01-31T12:00:00Z") from None

    @model_validator(mode="after")
    def _the_window_has_room(self) -> Filters:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"the time from {self.since.isoformat()} to {self.until.isoformat()} is empty")
        return self

    def __bool__(self) -> bool:
        """Return whether anything is filtered at all."""
        return self != Filters()


def read_filters(given: Iterable[str]) -> dict[str, Any]:
    """Return what `Filters` is made of from texts such as `source=handbook` and `label.team=hr`.

    A word given again allows one value more. Raises ConfigError naming a text that is no filter.
    """
    fields: dict[str, Any] = {}
    for text in given:
        word, sign, value = text.partition("=")
        if not (sign and value):
            raise ConfigError(f"the filter {text!r} has no value", fix="write it as WORD=VALUE")
        if word in WORDS:
            fields.setdefault(WORDS[word], []).append(value)
        elif word.startswith(LABEL) and word != LABEL:
            fields.setdefault("labels", {}).setdefault(word.removeprefix(LABEL), []).append(value)
        elif word in TIMES and word not in fields:
            fields[word] = value
        elif word in TIMES:
            raise ConfigError(f"the filter {word!r} is given twice", fix="give it once")
        else:
            known = [*WORDS, f"{LABEL}NAME", *TIMES]
            raise ConfigError(f"there is no filter {word!r}", fix=advice(word, known))
    return fields
