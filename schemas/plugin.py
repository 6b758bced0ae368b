"""What the ChatGPT Retrieval Plugin's routes take and answer, as that plugin defines them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.context import Question

DOCUMENTS = 1_000
KEY_CHARS = 500
DocumentKey = Annotated[str, Field(min_length=1, max_length=KEY_CHARS, pattern=r"^[^\x00-\x1f]+$")]


class Taken(BaseModel):
    """A part of a request; what the plugin does not know is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Metadata(Taken):
    """Where a document comes from. `source` and `author` have no place here and are not kept."""

    source: str | None = None
    source_id: DocumentKey | None = None
    url: Annotated[str | None, Field(max_length=2_000)] = None
    created_at: datetime | None = None
    author: str | None = None

    @field_validator("created_at", mode="after")
    @classmethod
    def _has_a_place_in_time(cls, at: datetime | None) -> datetime | None:
        """Refuse a time that is none in UTC: its row could be written and never read."""
        try:
            return at and (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
        except OverflowError:
            raise ValueError(f"{at} is no time in UTC") from None


class Document(Taken):
    """A document to keep, in place of the one with its id."""

    id: DocumentKey | None = None
    text: str
    metadata: Metadata = Metadata()


class UpsertBody(Taken):
    """Documents to keep."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "documents": [
                        {
                            "id": "crane",
                            "text": "In strong wind the crane lifts 400 kg at most.",
                            "metadata": {
                                "url": "https://acme.test/crane",
                                "created_at": "2026-01-02T03:04:05Z",
                            },
                        }
                    ]
                }
            ]
        }
    )

    documents: Annotated[list[Document], Field(min_length=1, max_length=DOCUMENTS)]


class Filter(Taken):
    """What passages, or documents to delete, must be."""

    document_id: str | None = None
    source: str | None = None
    source_id: str | None = None
    author: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


class Query(Taken):
    """One question."""

    query: Question
    filter: Filter | None = None
    top_k: Annotated[int | None, Field(ge=1, le=50)] = 3


class QueryBody(Taken):
    """Questions, each answered with passages."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "queries": [
                        {
                            "query": "How much does the crane lift?",
                            "filter": {"start_date": "2026-01-01"},
                            "top_k": 3,
                        }
                    ]
                }
            ]
        }
    )

    queries: Annotated[list[Query], Field(min_length=1, max_length=16)]


class DeleteBody(Taken):
    """Documents to delete: by their ids, or all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["crane"]}, {"delete_all": True}]})

    ids: Annotated[list[str] | None, Field(max_length=DOCUMENTS)] = None
    filter: Filter | None = None
    delete_all: bool | None = False


class Accepted(BaseModel):
    """What was taken in, and the run whose release will have it: GET /v1/runs/{run_id}."""

    ids: list[str]
    run_id: str


class Deleted(BaseModel):
    """That what was named is gone with the release of a run; True also where there was nothing."""

    success: bool
    run_id: str | None
