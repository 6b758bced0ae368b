"""The `runner:` setting: where micro-batches are parsed, chunked, embedded and staged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from schemas.section import Section, wrong


class RunnerSection(Section):
    """On this machine, or on the workers of a Dask cluster; one committer publishes either way."""

    type: Literal["threads", "dask"] = "threads"
    address: str | None = None
    """Of the Dask scheduler, such as tcp://scheduler:8786."""

    @model_validator(mode="after")
    def _has_an_address(self) -> RunnerSection:
        if (self.type == "dask") != bool(self.address):
            raise wrong(
                "a runner of type dask has an address, and threads have none",
                "write `runner: {type: dask, address: tcp://scheduler:8786}`, or `runner: threads`",
            )
        return self


def _spelled(given: Any) -> Any:
    return {"type": given} if isinstance(given, str) else given


Runner = Annotated[
    RunnerSection, BeforeValidator(_spelled, json_schema_input_type=Literal["threads"] | RunnerSection)
]
"""`threads` may be written as a word."""
