"""A dataset: examples made from one release, where each came from, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pyarrow as pa

from schemas.context import Message
from schemas.document import TIMESTAMP

SPLITS = ("train", "validation", "test")


class Refusal(StrEnum):
    """Why there is no example: a closed list, so that manifests can count it."""

    AUDIENCE = "audience"
    """Somebody in the audience may not read a document that the example shows."""
    STALE = "stale"
    """What it rests on is out of date: the document no longer parses and its last good version is served, or
    a passage that was shown has changed, or is gone, since."""
    LANGUAGE = "language"
    """The document is in a language that the builder cannot write questions in."""
    NO_QUESTION = "no_question"
    """No question could be made from the document. Counted once per document, all others per example."""
    NOT_STANDING_ALONE = "not_standing_alone"
    """The question makes sense only to somebody who has the document open."""
    AMBIGUOUS = "ambiguous"
    """The same question has another answer elsewhere."""
    ANSWER_NOT_IN_CHUNK = "answer_not_in_chunk"
    """No single chunk holds the whole answer."""
    OVER_LIMIT = "over_limit"
    """The document has more good questions than the definition takes from one."""
    NOT_RETRIEVED = "not_retrieved"
    """Asked of the served retrieval, the question does not bring its own chunk."""
    TOO_FEW_NEGATIVES = "too_few_negatives"
    """Retrieval found fewer passages that are near, and surely wrong, than the definition asks for."""
    NO_REPLY = "no_reply"
    """The author answers nobody in the document. Counted once per document."""
    NO_CONTEXT = "no_context"
    """Nothing that may be shown comes before the reply; or nothing is found, and then no model is asked."""
    TOO_SHORT = "too_short"
    """What there is to learn has fewer words or tokens than the definition asks for."""
    TOO_LONG = "too_long"
    """What has to be shown and learned has more tokens than the definition allows."""
    NOT_RELEASED = "not_released"
    """Part of it is in no chunk: what is kept from readers is kept from trainers."""
    NOT_JUDGED = "not_judged"
    """Nobody said anything of the answer."""
    NO_PREFERENCE = "no_preference"
    """What was said prefers no answer to another."""
    CONFLICT = "conflict"
    """Those who judged contradict each other, and the definition's policy cannot decide."""
    STILL_ANSWERED = "still_answered"
    """The answer that is not to be there is in what is shown all the same."""
    UNCHANGED = "unchanged"
    """The earlier release gives no other answer. Counted once per document."""
    DECLINED = "declined"
    """The language model answered in prose instead of doing what it was asked."""
    MALFORMED = "malformed"
    """What a language model wrote, or what was logged, cannot be read."""
    NOT_GROUNDED = "not_grounded"
    """The evidence that the language model gives is not in the chunk, word for word."""
    DUPLICATE = "duplicate"
    """Another example asks the same thing, in the same words or nearly."""
    NEAR_DUPLICATE = "near_duplicate"
    """Another example shares most of its runs of words."""
    SAME_MEANING = "same_meaning"
    """Another example is as near as the definition allows no two to be, by the embedder."""
    CONTAMINATED = "contaminated"
    """It asks, or holds a part of, what models or retrieval are evaluated with."""
    PERSONAL = "personal"
    """It says something of a person, and the policy refuses that."""
    NOT_LABELED = "not_labeled"
    """A document of it lacks a label that the definition requires, such as a license."""
    OVER_CAP = "over_cap"
    """There are as many rows from its source, author, document or label as the definition allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One chunk's part in one example."""

    role: str
    """`evidence` (holds what is to be learned), `shown` (in the prompt), `positive`, `negative` (columns),
    `asked` (what a question that is not to be answered was made from), `outdated` (of an earlier release)."""
    chunk_id: str
    document_id: str
    source: str
    uri: str
    start: int
    """Character offset in the document's text: of the answer for evidence, else of the chunk."""
    end: int
    quote: str
    """`document.text[start:end]`."""
    acl: tuple[str, ...]
    release: int | None = None
    """The release it was read at, where it is another than the dataset's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row to be, before a format says how it is written."""

    row_id: str
    """Stays the same in every release in which question, answer and chunk do."""
    kind: str
    """How it was made: `definition`, `table`, `procedure`, ..."""
    question: str
    """What near-duplicates are told by."""
    document_id: str
    """The document whose family decides the split."""
    uses: tuple[Use, ...]
    messages: tuple[Message, ...] = ()
    """A conversation whose last message is what to learn; for types that are conversations."""
    rejected: tuple[Message, ...] = ()
    """What is worse than the last message, in its place; for types that are preferences."""
    label: bool | None = None
    """Whether the last message is desirable; for types that are judgments."""
    answers: tuple[str, ...] = ()
    """Every answer that is accepted, as it stands without its citation; for types that have any."""
    columns: Mapping[str, Any] | None = None
    """Named values; for types that are not conversations."""
    author: str | None = None
    """Who wrote what is to be learned, where one person did."""
    context_id: str | None = None
    """The interaction whose prompt it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An example, or a document's examples, that will not be."""

    reason: Refusal
    document_id: str
    row_id: str | None = None
    """Of an example that was made; None where none was."""
    because: str | None = None
    """Which row it repeats, which evaluation holds it, which label it lacks; never a text of it."""


REFUSED = pa.schema(
    [
        pa.field("reason", pa.string(), nullable=False),
        pa.field("row_id", pa.string()),  # null where no example was made
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("because", pa.string()),
    ]
)
"""One row is one refusal, of an example or a document's examples; never of what the audience may not read."""


LINEAGE = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("row_hash", pa.string(), nullable=False),  # sha256 of the line, without its end
        pa.field("split", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),  # in the split's file, from 1
        pa.field("kind", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),  # as in `Use`
        pa.field("source", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # character offset in the document's text
        pa.field("end", pa.int64(), nullable=False),  # exclusive
        pa.field("quote_hash", pa.string(), nullable=False),  # sha256 of document.text[start:end]
        pa.field("release", pa.int64(), nullable=False),
        pa.field("table", pa.string(), nullable=False),  # the chunk table it was read from; empty: expired
        pa.field("version", pa.int64(), nullable=False),  # that table's version
        pa.field("acl", pa.list_(pa.string()), nullable=False),  # who may read the chunk
        pa.field("context_id", pa.string()),  # the interaction whose prompt the row has
    ]
)
"""One row is one chunk's part in one example."""

DATASET = pa.schema(
    [
        pa.field("export_id", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("release", pa.int64(), nullable=False),
        pa.field("definition_hash", pa.string(), nullable=False),
        pa.field("out", pa.string(), nullable=False),  # the folder that was written
        pa.field("files", pa.string(), nullable=False),  # JSON {file: sha256}
        pa.field("counts", pa.string(), nullable=False),  # JSON: splits, refused, pins
        pa.field("audience", pa.list_(pa.string()), nullable=False),
        pa.field("created_at", TIMESTAMP, nullable=False),
    ]
)
"""One row is one export; an append-only log."""

MODEL = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),  # the model's, as those who trained it call it
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("release", pa.int64(), nullable=False),
        pa.field("out", pa.string(), nullable=False),  # the folder that was trained on
        pa.field("export_id", pa.string(), nullable=False),
        pa.field("definition_hash", pa.string(), nullable=False),
        pa.field("note", pa.string(), nullable=False),
        pa.field("registered_at", TIMESTAMP, nullable=False),
    ]
)
"""One row says that a model was trained on an export; an append-only log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What `headwater export` answers."""

    dataset: str
    release: int
    out: str
    splits: Mapping[str, int]
    refused: Mapping[str, int]
    manifest: str
    audiences: Mapping[str, int] = field(default_factory=dict)
    """Who might be the audience -> how many rows they may read; for those who run it, not for its folder."""

    def as_dict(self) -> dict[str, Any]:
        """Return the export as scripts read it."""
        return {
            "dataset": self.dataset,
            "release": self.release,
            "out": self.out,
            "splits": dict(self.splits),
            "refused": dict(self.refused),
            "manifest": self.manifest,
        }
