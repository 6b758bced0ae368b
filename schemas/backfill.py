"""What a backfill is asked for: which released documents are made again, from which stage, and how fast."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Stage = Literal["parse", "chunk", "embed"]


class BackfillOptions(BaseModel):
    """A selection of released documents, and how they are made again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Stage, Field(description="Where to begin.")] = "parse"
    index: Annotated[str | None, Field(description="Only this index, after parsing.")] = None
    since: Annotated[datetime | None, Field(description="Changed at its source at or after this.")] = None
    until: Annotated[datetime | None, Field(description="Changed at its source before this.")] = None
    match: Annotated[str | None, Field(description="Items whose key matches, as in guides/*.md.")] = None
    ids: Annotated[tuple[str, ...], Field(description="Documents with these ids or URIs.")] = ()
    partition_items: Annotated[int, Field(ge=1, description="Items done together.")] = 200
    publish: Annotated[
        Literal["each", "once"], Field(description="A release after each partition, or one at the end.")
    ] = "each"
    items_per_minute: Annotated[float | None, Field(gt=0, description="At most so many a minute.")] = None

    @model_validator(mode="after")
    def _the_window_has_room(self) -> BackfillOptions:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"the window {self.since.isoformat()} to {self.until.isoformat()} is empty")
        return self
