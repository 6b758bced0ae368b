from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from tests.transforms.hits import NOW, Words, as_hit, hit, pieces
from transforms.assemble import Assembled, Shelf, assemble, ordered
from transforms.choose import Assembly, choose
from transforms.confidence import confidence
from transforms.prompt import Passage, Prompt
from transforms.rank import Hit
from transforms.spans import merge
from transforms.verdicts import explained

QUESTION = "How deep is it?"
FACT = Passage(n=0, title="Customer 7", heading="", text="Pays by invoice.")


def stored(*hits: Hit) -> dict[str, str]:
    return {str(hit.row["document_id"]): str(hit.row["quote"]) for hit in hits}


def assembled(
    *hits: Hit,
    shelf: Shelf | None = None,
    budget: int = 400,
    top_k: int = 8,
    old: tuple[str, ...] = (),
    prompt: Prompt | None = None,
    sure: float | None = None,
    **settings: Any,
) -> Assembled:
    params = Assembly(budget_tokens=budget, top_k=top_k, **settings)
    prompt = prompt or Prompt(fence="f00d")
    words = Words([])
    chosen = choose(
        QUESTION,
        hits,
        params,
        confidence=confidence(QUESTION, hits) if sure is None else sure,
        tokenizer=words,
        prompt=prompt,
        old=old,
    )
    shelf = shelf or Shelf(texts=stored(*hits))
    return assemble(QUESTION, hits, chosen, params, shelf=shelf, tokenizer=words, prompt=prompt, now=NOW)


def quotes(context: Assembled) -> list[str]:
    return [citation.quote for citation in context.citations]


def test_passages_are_numbered_in_the_order_they_are_cited() -> None:
    found = assembled(hit("a", "first passage here"), hit("b", "second other words"))
    prompt = found.messages[1].content

    assert [citation.n for citation in found.citations] == [1, 2]
    assert prompt.index("[1] Title > Part") < prompt.index("[2] Title > Part")


def test_a_passage_that_does_not_fit_makes_room_for_a_smaller_one() -> None:
    long = " ".join(f"w{n}" for n in range(500))
    found = assembled(hit("a", "short and good"), hit("b", long), hit("c", "small too indeed"))

    assert quotes(found) == ["short and good", "small too indeed"]
    assert [(d.chunk_id, d.why) for d in found.dropped] == [("b", "over_budget")]


def test_nothing_relevant_is_said_instead_of_padded() -> None:
    found = assembled(hit("a", "about something else", similarity=0.1))

    assert (found.answerable, found.citations) == (False, ())
    assert found.reason == "confidence that the passages answer it is 0.05, below 0.33"
    assert set(found.verdicts.values()) == {"not_relevant"}
    assert assembled().reason == "no passage that this principal may read was found"


def test_a_budget_too_small_for_the_question_is_an_error_that_says_how_much_is_needed() -> None:
    with pytest.raises(ConfigError, match="alone need"):
        assembled(hit("a", "text"), budget=20)
    with pytest.raises(ConfigError, match="300 are reserved; the template and the question alone need"):
        assembled(hit("a", "text"), budget=310, reserve_tokens=300)


def test_what_is_reserved_for_the_answer_is_left_free() -> None:
    hits = [hit(f"c{n}", " ".join(f"w{n}-{k}" for k in range(20))) for n in range(8)]

    assert assembled(*hits, budget=300).tokens.used > 200
    assert assembled(*hits, budget=300, reserve_tokens=100).tokens.used <= 200


def test_no_more_than_top_k_passages_are_shown() -> None:
    found = assembled(*(hit(f"c{n}", f"passage {n} with its own {n} words {n}") for n in range(9)), top_k=3)

    assert len(found.citations) == 3
    assert list(found.verdicts.values()).count("below_top_k") == 6


def test_a_stale_passage_is_marked_in_its_citation_and_in_the_prompt() -> None:
    found = assembled(hit("a", "old but good words", status="stale"))

    assert found.citations[0].stale
    assert "stale)" in found.messages[1].content


def test_a_passage_beyond_its_sources_age_is_dropped_and_said() -> None:
    hits = [hit("a", "old words here"), hit("b", "young words there")]
    found = assembled(*hits, old=("a",))

    assert quotes(found) == ["young words there"]
    assert [(d.chunk_id, d.why) for d in found.dropped] == [("a", "too_old")]
    assert "max_age" in str(assembled(*hits, old=("a", "b")).reason)


def test_a_quote_that_its_document_no_longer_has_is_dropped_and_said() -> None:
    hits = [hit("a", "as it was"), hit("b", "still the same words")]
    found = assembled(*hits, shelf=Shelf(texts={**stored(*hits), "d-a": "as it is"}))

    assert quotes(found) == ["still the same words"]
    assert [(d.chunk_id, d.why) for d in found.dropped] == [("a", "span_mismatch")]


def test_hidden_characters_are_taken_out_of_the_prompt_and_flagged() -> None:
    found = assembled(hit("a", "good\u202etext"), hit("b", "plain words"))

    assert [citation.flags for citation in found.citations] == [("hidden_characters",), ()]
    assert "goodtext" in found.messages[1].content
    assert found.citations[0].quote == "good\u202etext"


def test_a_passage_has_one_citation_that_names_all_its_chunks() -> None:
    rows = pieces("d", ["First part.", "Second part.", "Third part."])
    shelf = Shelf(
        texts={"d": "First part.\n\nSecond part.\n\nThird part."},
        around={("d", 2): rows[2]},
    )
    hits = [as_hit(rows[1], 0.9), as_hit(rows[0], 0.8)]
    found = assembled(*hits, shelf=shelf, neighbors=1)

    assert quotes(found) == ["First part.\n\nSecond part.\n\nThird part."]
    assert found.citations[0].chunk_ids == ("d-0", "d-1", "d-2")
    assert (found.citations[0].chunk_id, found.verdicts["d-0"]) == ("d-1", "merged")


def test_neighbors_cost_no_hit_its_place() -> None:
    rows = pieces("d", ["First part.", " ".join(["long"] * 200)])
    shelf = Shelf(texts={"d": f"First part.\n\n{rows[1]['quote']}", "d-a": "another hit here"})
    hits = [as_hit(rows[0], 0.9), hit("a", "another hit here", similarity=0.8)]
    around = Shelf(texts=shelf.texts, around={("d", 1): rows[1]})

    assert quotes(assembled(*hits, shelf=around, neighbors=1, budget=250)) == [
        "First part.",
        "another hit here",
    ]


def test_what_is_given_beside_retrieval_stands_first_and_counts() -> None:
    hits = [hit("a", "about its depth")]
    found = assembled(*hits, prompt=Prompt(fence="f00d", extras=(FACT,)))
    prompt = found.messages[1].content

    assert prompt.index("[1] Customer 7") < prompt.index("[2] Title > Part")
    assert [citation.n for citation in found.citations] == [2]
    assert found.tokens.used > assembled(*hits).tokens.used


def live(text: str, **more: Any) -> Prompt:
    weather = Passage(n=0, title=None, heading="", text=text, volatile=True)
    fact = Passage(n=0, title=None, heading="", text="tier gold", **more)
    return Prompt(fence="f00d", extras=(weather, fact))


@given(first=st.integers(1, 40), second=st.integers(1, 40), stale=st.booleans(), budget=st.integers(300, 500))
def test_a_live_value_and_a_facts_age_move_no_passage_and_no_digest(
    first: int, second: int, stale: bool, budget: int
) -> None:
    hits = [hit(f"c{n}", " ".join(f"w{n}-{k}" for k in range(10 + n))) for n in range(16)]
    one = assembled(*hits, prompt=live("sun " * first), budget=budget, top_k=16)
    other = assembled(*hits, prompt=live("rain " * second, stale=stale), budget=budget, top_k=16)

    assert one.messages != other.messages
    assert (one.citations, one.dropped, one.digest) == (other.citations, other.dropped, other.digest)
    assert max(one.tokens.used, other.tokens.used) <= budget


def test_a_fact_that_does_not_move_is_part_of_the_digest() -> None:
    hits = [hit("a", "about its depth")]
    silver = Prompt(fence="f00d", extras=(replace(FACT, text="Pays by card."),))

    assert (
        assembled(*hits, prompt=silver).digest
        != assembled(*hits, prompt=Prompt(fence="f00d", extras=(FACT,))).digest
    )


def test_a_fact_answers_where_no_passage_is_relevant() -> None:
    found = assembled(hit("a", "off topic"), sure=0.1, prompt=Prompt(fence="f00d", extras=(FACT,)))

    assert (found.answerable, found.reason, found.citations) == (True, None, ())
    assert "[1] Customer 7" in found.messages[1].content


def test_orders_are_by_relevance_with_the_best_at_both_ends_or_as_in_the_source() -> None:
    rows = [pieces(name, ["Words."])[0] for name in "dbcae"]
    spans = merge([as_hit(row, 1 - n / 10) for n, row in enumerate(rows)], dict.fromkeys("abcde", "Words."))

    def documents(order: str) -> str:
        return "".join(span.hit.row["document_id"] for span in ordered(spans, order))

    assert documents("relevance") == "dbcae"
    assert documents("edges") == "dceab"
    assert documents("source") == "abcde"


def test_the_tokens_of_all_passages_are_counted_in_one_call_and_each_head_once_in_another() -> None:
    words = Words([])
    hits = [hit(f"c{n}", f"passage {n} and words {n * n}") for n in range(20)]
    choose(
        QUESTION,
        hits,
        Assembly(budget_tokens=4_000, top_k=8),
        confidence=1.0,
        tokenizer=words,
        prompt=Prompt(fence="f00d"),
    )

    assert words.calls == [2, 21, 1]


def test_no_more_hits_are_counted_than_would_fill_the_room_twice() -> None:
    words = Words([])
    hits = [hit(f"c{n}", f"passage {n} and words {n * n}") for n in range(90)]
    prompt, params = Prompt(fence="f00d"), Assembly(budget_tokens=175, top_k=50)
    chosen = choose(QUESTION, hits, params, confidence=1.0, tokenizer=words, prompt=prompt)

    assert words.calls[1] < 2 * 90 + 1
    assert 0 < chosen.room < 90 * 5 / 2
    assert len(chosen.hits) == chosen.room // 5
    assert set(chosen.verdicts) == {one.chunk_id for one in hits}


def test_explain_tells_of_every_candidate() -> None:
    hits = [hit("a", "one thing here"), hit("b", "one thing here"), hit("c", "another thing there")]
    found = assembled(*hits)
    told = explained(hits, found.verdicts)

    assert {c.chunk_id: c.verdict for c in told} == {"a": "kept", "b": "duplicate", "c": "kept"}
    assert {(c.named, c.coverage, c.maxsim, c.cluster, c.support, c.freshness) for c in told} == {
        (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    }


@given(
    quotes=st.lists(st.text(alphabet="ab c", min_size=1, max_size=300), max_size=8),
    budget=st.integers(120, 400),
    order=st.sampled_from(["relevance", "edges", "source"]),
    neighbors=st.integers(0, 2),
)
def test_the_budget_holds_and_the_same_inputs_give_the_same_digest(
    quotes: list[str], budget: int, order: str, neighbors: int
) -> None:
    rows = pieces("d", quotes)
    around = {("d", row["ordinal"]): row for row in rows[1::2]}
    shelf = Shelf(texts={"d": "\n\n".join(quotes)}, around=around)
    hits = [as_hit(row, 0.9) for row in rows[::2]]
    given = {"shelf": shelf, "budget": budget, "order": order, "neighbors": neighbors}
    found = assembled(*hits, **given)

    assert found.tokens.used <= budget
    assert found.tokens.used == sum(Words([]).count([message.content for message in found.messages]))
    assert found.digest == assembled(*hits, **given).digest
    assert set(found.verdicts) == {one.chunk_id for one in hits}
    assert all(c.quote == shelf.texts["d"][c.start : c.end] for c in found.citations)
