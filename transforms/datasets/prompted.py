"""Prompted: prompts that were served, byte for byte as logged, with what people said of the answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from schemas.context import Citation, Context, ContextRequest, Message
from schemas.dataset import Refusal, Refused, Use
from schemas.identity import digest
from transforms.datasets.covering import use_of, uses_of
from transforms.datasets.duplicates import question_key
from transforms.datasets.inputs import Inputs, admits
from transforms.datasets.params import WhenStale

MARK = re.compile(r"\[(\d{1,4})\]")
NO_NUMBER = -1
"""Of what earlier turns of a conversation were shown."""
COLUMNS = ("document_id", "text", "acl", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """One prompt that was served, once or more often, and all that was said of its answers."""

    key: str
    """Hash of the messages."""
    context: Context
    request: ContextRequest
    asked_at: datetime
    uses: tuple[Use, ...]
    """What was shown: as the dataset's release has it, or as it was where that changed since."""
    numbers: tuple[int, ...]
    """The number in the prompt of each use's passage."""
    answers: dict[str, str | None]
    """Its contexts' ids, each with its own answer."""
    said: tuple[dict[str, Any], ...]

    @property
    def stale(self) -> bool:
        """Whether a passage has changed since."""
        return any(use.role == "outdated" for use in self.uses)

    @property
    def family(self) -> str:
        """What keeps a question in one split: the document of its first passage, else its words."""
        citations = self.context.citations
        if citations:
            return citations[0].document_id
        return digest("question", *question_key(self.context.question))

    def labeled(self, kind: str) -> str:
        """Return a kind of row, marked where what it rests on is outdated."""
        return f"stale_{kind}" if self.stale else kind

    def uses_for(self, answer: str) -> tuple[Use, ...]:
        """Return what was shown, the passages that an answer cites as its evidence."""
        cited = {int(number) for number in MARK.findall(answer)}
        pairs = zip(self.uses, self.numbers, strict=True)
        uses = [
            replace(use, role="evidence") if n in cited and use.role == "shown" else use for use, n in pairs
        ]
        return tuple(sorted(uses, key=lambda use: use.role != "evidence"))

    def followed_by(self, answer: str) -> tuple[Message, ...]:
        """Return the logged messages, and an answer."""
        return (*self.context.messages, Message(role="assistant", content=answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A row of the log, read."""

    row: dict[str, Any]
    context: Context
    request: ContextRequest


def prompted(inputs: Inputs, when_stale: WhenStale) -> Iterator[Prompted | Refused]:
    """Yield every prompt of which somebody judged an answer, and why others are left out."""
    said = _by_context(inputs.feedback.to_pylist())
    documents = {row["document_id"]: row for row in inputs.rows(COLUMNS)}
    groups: dict[str, list[Logged]] = defaultdict(list)
    for row in inputs.interactions.to_pylist():
        found = _barred(inputs, row, said) or _read(row)
        if isinstance(found, Refusal):
            yield Refused(reason=found, document_id=row["context_id"])
        else:
            groups[_key(found.context)].append(found)
    for key, group in groups.items():
        yield _prompted(inputs, documents, key, group, said, when_stale)


def _by_context(feedback: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in feedback:
        found[row["context_id"]].append(row)
    return found


def _barred(inputs: Inputs, row: dict[str, Any], said: dict[str, list[dict[str, Any]]]) -> Refusal | None:
    if row["context_id"] not in said:
        return Refusal.NOT_JUDGED
    closed = any(document in inputs.closed for document in row["document_ids"])
    return Refusal.AUDIENCE if closed or not admits(row["acl"], inputs.audience) else None


def _read(row: dict[str, Any]) -> Logged | Refusal:
    try:
        context = Context.model_validate_json(row["context"])
        request = ContextRequest.model_validate_json(row["request"])
    except ValidationError:
        return Refusal.MALFORMED
    return Logged(row=row, context=context, request=request)


def _key(context: Context) -> str:
    return digest("prompt", *(part for one in context.messages for part in (one.role, one.content)))


def _prompted(
    inputs: Inputs,
    documents: dict[str, dict[str, Any]],
    key: str,
    group: Sequence[Logged],
    said: dict[str, list[dict[str, Any]]],
    when_stale: WhenStale,
) -> Prompted | Refused:
    row, context = group[0].row, group[0].context
    uses: list[Use] = []
    numbers: list[int] = []
    for citation in context.citations:
        found = _shown(inputs, documents.get(citation.document_id), citation, row)
        if isinstance(found, Refusal):
            return Refused(reason=found, document_id=row["context_id"])
        uses += found
        numbers += [citation.n] * len(found)
    earlier = _earlier(inputs, documents, context, row)
    if isinstance(earlier, Refusal):
        return Refused(reason=earlier, document_id=row["context_id"])
    uses += earlier
    numbers += [NO_NUMBER] * len(earlier)
    made = Prompted(
        key=key,
        context=context,
        request=group[0].request,
        asked_at=row["asked_at"],
        uses=tuple(uses),
        numbers=tuple(numbers),
        answers={one.row["context_id"]: one.row["answer"] for one in group},
        said=tuple(word for one in group for word in said[one.row["context_id"]]),
    )
    if made.stale and when_stale == "refuse":
        return Refused(reason=Refusal.STALE, document_id=row["context_id"])
    return made


def _shown(
    inputs: Inputs, document: dict[str, Any] | None, citation: Citation, row: dict[str, Any]
) -> tuple[Use, ...] | Refusal:
    """Return where the release has what a passage showed, or the passage as it was; why not, if neither.

    What is gone, no longer parses or is kept from readers is never trained on, whatever the definition says.
    """
    if document is None:
        return Refusal.STALE
    if reason := inputs.barred(document):
        return reason
    text, quote = document["text"], citation.quote
    at = citation.start if text[citation.start : citation.end] == quote else text.find(quote)
    if at < 0:
        return (_as_it_was(citation, row),)
    return uses_of(inputs, "shown", document, at, at + len(quote)) or Refusal.NOT_RELEASED


def _earlier(
    inputs: Inputs, documents: dict[str, dict[str, Any]], context: Context, row: dict[str, Any]
) -> tuple[Use, ...] | Refusal:
    """Return what earlier turns of a conversation were shown, which the release must still have as it was."""
    cited = {chunk for one in context.citations for chunk in (*one.chunk_ids, one.chunk_id)}
    uses = []
    for document_id in row["document_ids"]:
        document = documents.get(document_id)
        if document is None:
            return Refusal.STALE
        if reason := inputs.barred(document):
            return reason
    for chunk_id in row["chunk_ids"]:
        if chunk_id in cited:
            continue
        if chunk_id not in inputs.chunks:
            return Refusal.STALE
        chunk = inputs.chunks.row(chunk_id)
        text = documents[chunk["document_id"]]["text"]
        uses.append(use_of("shown", chunk, chunk["start"], chunk["end"], text[chunk["start"] : chunk["end"]]))
    return tuple(uses)


def _as_it_was(citation: Citation, row: dict[str, Any]) -> Use:
    return Use(
        role="outdated",
        chunk_id=citation.chunk_id,
        document_id=citation.document_id,
        source=citation.source,
        uri=citation.uri,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        acl=tuple(row["acl"]),
        release=row["release"],
    )
