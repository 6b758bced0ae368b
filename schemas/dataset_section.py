"""A dataset's section of the project file: what its rows are, for whom, and what they go through."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from schemas.section import AclEntry, Name, Section

Rows = Annotated[int, Field(ge=1)]

PiiPolicy = Literal["keep", "redact", "refuse"]
"""What becomes of personal data: it stays, a placeholder takes its place, or the row is refused."""


class DuplicatesSection(Section):
    """From when on two rows say the same. Rows that are the same word for word are never kept twice."""

    near: Annotated[float, Field(ge=0.5, le=1)] = 0.8
    """Share of runs of five words in common, estimated by MinHash."""
    meaning: Annotated[float, Field(ge=0.5, le=1)] | None = None
    """Cosine of the rows' vectors, by the index's embedder; not looked at unless it is given."""


class CapsSection(Section):
    """Rows at most from one source, author or document, or under one value of a label."""

    source: Rows | None = None
    author: Rows | None = None
    document: Rows | None = None
    labels: dict[str, Rows] = {}

    @property
    def limits(self) -> dict[str, int]:
        """The caps by what they are of: `source`, `author`, `document`, `label:NAME`."""
        plain = {"source": self.source, "author": self.author, "document": self.document}
        named = {f"label:{name}": rows for name, rows in self.labels.items()}
        return {kind: rows for kind, rows in {**plain, **named}.items() if rows is not None}


class ReplaySection(Section):
    """General rows that are mixed into the train split, so that a model does not forget what it could."""

    path: str
    """JSONL in the dataset's own format, relative to the project file."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Of the train split that results."""


class DatasetSection(Section):
    """A dataset's definition: `type` says what an example is, `format` how it is written."""

    model_config = ConfigDict(frozen=True, extra="allow")
    type: str
    source: Name | None = None
    context_view: Name | None = None
    format: str | None = None
    audience: tuple[AclEntry, ...] = ("everyone",)
    require: dict[str, tuple[str, ...]] = {}
    """Labels that every document of a row must have, such as `license: [MIT, CC-BY-4.0]`."""
    duplicates: DuplicatesSection = DuplicatesSection()
    decontaminate: tuple[str, ...] = ()
    """Files and folders (JSONL, JSON, CSV, BEIR) that no row may hold a part of, beside our questions."""
    pii: PiiPolicy | None = None
    """Instead of what `policy.pii.train` says."""
    caps: CapsSection = CapsSection()
    replay: ReplaySection | None = None
    tokenizer: str | None = None
    """The trainer's: a tokenizer.json, or a folder with one; without it lengths are the embedder's."""
    min_rows: Rows = 1
    """With fewer the export is refused."""

    @property
    def options(self) -> dict[str, Any]:
        """The dataset type's own settings."""
        return dict(self.model_extra or {})


class PiiSection(Section):
    """What becomes of personal data where it leaves the store."""

    train: PiiPolicy = "redact"
    """In datasets to train on: a model that was trained on a name may tell it to anybody."""
    log: Literal["keep", "redact"] = "redact"
    """In the logs of what was asked and said: of what people wrote; passages are in the released tables."""
    allow: tuple[str, ...] = ()
    """Globs of what is no secret, such as `*@support.acme.test` or the telephone number of the office."""
