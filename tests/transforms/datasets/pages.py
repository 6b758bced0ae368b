"""A small library to make datasets from, with the real chunker and a retrieval that anybody can follow."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pyarrow as pa

from schemas.acl import EVERYONE
from schemas.context import Citation, Context, Message, Tokens
from schemas.document import Parsed
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers import chunk
from transforms.chunkers.params import Headings
from transforms.datasets.inputs import Chunks, Inputs
from transforms.datasets.questions import Lexicon, lexicon
from transforms.datasets.questions.page import Section, sections
from transforms.rank import Hit

LEAVE = built(
    ("heading", "Time off", 1),
    ("heading", "How many days", 2),
    ("paragraph", "Everyone has 22 days of paid time off a year. Part-time contracts receive a share."),
    ("heading", "Carrying days over", 2),
    ("paragraph", "You may carry five unused days into the next year. They expire on March 31."),
)
EXPENSES = built(
    ("heading", "Expenses", 1),
    ("heading", "What we pay", 2),
    (
        "table",
        [
            ["Item", "Limit", "Receipt"],
            ["Meal with a customer", "$75 a person", "always"],
            ["Own car", "$0.62 a mile", "the route"],
        ],
    ),
    ("heading", "Foreign currency", 2),
    ("paragraph", "If you paid cash, use the rate of the day you paid and say where you found it."),
)
SALARY = built(
    ("heading", "Salary bands", 1),
    ("heading", "Review", 2),
    ("paragraph", "The salary bands are reviewed in January. Managers must publish bands within 10 days."),
)
PAGES = (LEAVE, EXPENSES, SALARY)


def library(*pages: Parsed, acls: Collection[Collection[str]] = (), **columns: Any) -> pa.Table:
    """Return documents, each under its own acl, or open to everyone."""
    table = documents(list(pages), **columns)
    lists = [list(acl) for acl in acls] or [[EVERYONE]] * len(pages)
    return table.set_column(
        table.schema.get_field_index("acl"), table.schema.field("acl"), pa.array(lists, pa.list_(pa.string()))
    )


def inputs(table: pa.Table, *, audience: tuple[str, ...] = (EVERYONE,), most: int = 3) -> Inputs:
    """Return a builder's inputs; retrieval ranks by shared words what one of the audience may read."""
    chunks = chunk("headings", table, Headings(), tokenizer=word_pieces()).passed
    vectors = [_vector(text) for text in chunks["text"].to_pylist()]
    chunks = chunks.append_column("vector", pa.array(vectors, pa.list_(pa.float32(), len(WORDS))))

    def search(question: str) -> list[Hit]:
        return found(question, {EVERYONE, *audience}, ())

    def found(question: str, entries: set[str], hidden: Collection[str]) -> list[Hit]:
        rows = [r for r in chunks.drop_columns(["vector"]).to_pylist() if {*r["acl"]} & entries]
        hits = [Hit(row=r, fused=s, vector_score=s) for r in rows if (s := _overlap(question, r["text"]))]
        hits = [hit for hit in hits if hit.row["document_id"] not in hidden]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))

    def ask(
        question: str, *, hidden: Collection[str] = (), top_k: int | None = None, outside: bool = False
    ) -> Context:
        entries = {EVERYONE} if outside else {EVERYONE, *audience}
        return _context(question, found(question, entries, hidden)[: min(most, top_k or most)])

    return Inputs(
        documents=table,
        chunks=Chunks(chunks),
        audience=audience,
        closed=(),
        ask=ask,
        search=search,
        tokenizer=word_pieces(),
    )


def words_of_pages(*pages: Parsed) -> Lexicon:
    return lexicon((page.title, page.text) for page in pages)


def sections_of(page: Parsed) -> list[Section]:
    return sections(documents([page]).to_pylist()[0])


WORDS = sorted({word for page in PAGES for word in re.findall(r"\w+", page.text.lower())})


def _vector(text: str) -> list[float]:
    found = set(re.findall(r"\w+", text.lower()))
    length = len(found & set(WORDS)) ** 0.5 or 1.0
    return [(word in found) / length for word in WORDS]


def _overlap(question: str, text: str) -> float:
    asked, said = set(re.findall(r"\w+", question.lower())), set(re.findall(r"\w+", text.lower()))
    return len(asked & said) / len(asked)


def _context(question: str, hits: list[Hit]) -> Context:
    citations = tuple(_citation(n, hit) for n, hit in enumerate(hits, start=1))
    shown = "\n".join(f"[{c.n}] {c.quote}" for c in citations)
    return Context(
        context_id="c",
        digest="d",
        release=1,
        context_view="default",
        question=question,
        answerable=bool(hits),
        messages=(Message(role="system", content="s"), Message(role="user", content=f"{shown}\n{question}")),
        citations=citations,
        tokens=Tokens(used=1, budget=2),
        dropped=(),
    )


def _citation(n: int, hit: Hit) -> Citation:
    row = {
        name: hit.row[name] for name in ("chunk_id", "document_id", "uri", "title", "page", "start", "end")
    }
    rest = {"quote": hit.row["quote"], "source": hit.row["source"], "source_at": None, "age_s": None}
    return Citation(n=n, heading="", stale=False, score=hit.score, **row, **rest)
