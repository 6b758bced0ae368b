from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from transforms.assemble import Assembled, Assembly, assemble, explained
from transforms.rank import Hit

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Words:
    """Counts words: enough of a tokenizer to fill a budget."""

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def hit(name: str, quote: str, *, similarity: float = 0.9, status: str = "live") -> Hit:
    row = {
        "chunk_id": name,
        "document_id": f"d-{name}",
        "source": "s",
        "uri": f"file:{name}",
        "title": "Title",
        "headings": ["Title", "Part"],
        "page": None,
        "start": 0,
        "end": len(quote),
        "quote": quote,
        "source_at": NOW,
        "status": status,
    }
    return Hit(row=row, score=similarity, vector_score=similarity, vector_rank=1)


def assembled(*hits: Hit, budget: int = 400, top_k: int = 8) -> Assembled:
    params = Assembly(budget_tokens=budget, top_k=top_k)
    return assemble("How deep is it?", hits, params, tokenizer=Words(), fence="f00d", now=NOW)


def quotes(context: Assembled) -> list[str]:
    return [citation.quote for citation in context.citations]


def test_passages_are_numbered_in_the_order_they_are_cited() -> None:
    found = assembled(hit("a", "first passage here"), hit("b", "second other words"))

    assert [citation.n for citation in found.citations] == [1, 2]
    assert found.messages[1].content.index("[1] Title > Part") < found.messages[1].content.index(
        "[2] Title > Part"
    )


def test_a_passage_that_does_not_fit_makes_room_for_a_smaller_one() -> None:
    long = " ".join(f"w{n}" for n in range(500))
    found = assembled(hit("a", "short and good"), hit("b", long), hit("c", "small too indeed"))

    assert quotes(found) == ["short and good", "small too indeed"]
    assert [(d.chunk_id, d.why) for d in found.dropped] == [("b", "over_budget")]


def test_nothing_relevant_is_said_instead_of_padded() -> None:
    found = assembled(hit("a", "about something else", similarity=0.1))

    assert (found.answerable, found.citations) == (False, ())
    assert "similarity 0.10" in str(found.reason)
    assert assembled().reason == "no passage that this principal may read was found"


def test_a_budget_too_small_for_the_question_is_an_error_that_says_how_much_is_needed() -> None:
    with pytest.raises(ConfigError, match="alone need"):
        assembled(hit("a", "text"), budget=20)


def test_no_more_than_top_k_passages_are_shown() -> None:
    found = assembled(*(hit(f"c{n}", f"passage {n} with its own {n} words {n}") for n in range(9)), top_k=3)

    assert len(found.citations) == 3
    assert list(found.verdicts.values()).count("below_top_k") == 6


def test_a_stale_passage_is_marked_in_its_citation_and_in_the_prompt() -> None:
    found = assembled(hit("a", "old but good words", status="stale"))

    assert found.citations[0].stale
    assert "stale)" in found.messages[1].content


def test_explain_tells_of_every_candidate() -> None:
    hits = [hit("a", "one thing here"), hit("b", "one thing here"), hit("c", "another thing there")]
    found = assembled(*hits)

    assert {c.chunk_id: c.verdict for c in explained(hits, found.verdicts)} == {
        "a": "kept",
        "b": "duplicate",
        "c": "kept",
    }


@given(st.lists(st.text(alphabet="ab c", min_size=1, max_size=300), max_size=8), st.integers(120, 400))
def test_the_budget_holds_and_the_same_inputs_give_the_same_digest(texts: list[str], budget: int) -> None:
    hits = [hit(f"c{n}", text) for n, text in enumerate(texts)]
    found = assembled(*hits, budget=budget)

    assert found.tokens.used <= budget
    assert found.tokens.used == sum(Words().count([message.content for message in found.messages]))
    assert found.digest == assembled(*hits, budget=budget).digest
    assert set(found.verdicts) == {one.chunk_id for one in hits}
