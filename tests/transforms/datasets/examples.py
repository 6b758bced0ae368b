"""Examples to sift: conversations about nothing in particular."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from schemas.context import Message
from schemas.dataset import Example, Use


class Words:
    """A tokenizer whose tokens are words."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"\S+", text)]


def use(document: str = "d", *, acl: tuple[str, ...] = ("everyone",), source: str = "docs") -> Use:
    return Use(
        role="evidence",
        chunk_id=f"c-{document}",
        document_id=document,
        source=source,
        uri=f"file:///{document}",
        start=0,
        end=1,
        quote="x",
        acl=acl,
    )


def example(row_id: str, question: str, answer: str, **fields: Any) -> Example:
    """Return a conversation of one question and its answer."""
    said = (Message(role="user", content=question), Message(role="assistant", content=answer))
    given: dict[str, Any] = {"kind": "k", "document_id": "d", "uses": (use(),), "messages": said, **fields}
    return Example(row_id=row_id, question=question, **given)
