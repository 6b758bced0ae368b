"""Who is right when several people judge the answers to one prompt."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.datasets.judgments import at, feedback
from transforms.datasets.opinions import Opinions, opinions
from transforms.datasets.params import Policy

ANSWERS = {"c": "A", "d": "B"}


def think(*said: dict[str, Any], policy: Policy = "majority", min_gap: float = 0.5) -> Opinions:
    return opinions(said, ANSWERS, policy=policy, min_gap=min_gap)


def pairs(found: Opinions) -> list[tuple[str, str, str]]:
    return [(one.chosen, one.rejected, one.kind) for one in found.better]


def values(found: Opinions) -> dict[str, float | None]:
    return {one.answer: one.value for one in found.verdicts}


def test_a_like_of_one_and_a_dislike_of_another_answer_to_one_prompt_are_a_pair() -> None:
    found = think(feedback("like", "c"), feedback("dislike", "d", by="bob"))
    assert pairs(found) == [("A", "B", "verdict")]
    assert values(found) == {"A": 1.0, "B": 0.0}


def test_a_single_like_is_a_verdict_and_no_pair() -> None:
    found = think(feedback("like"))
    assert values(found) == {"A": 1.0}
    assert not found.better
    assert not found.conflicts


def test_an_edited_answer_is_chosen_against_the_one_that_was_shown() -> None:
    found = think(feedback("edit", edited="A, in short"))
    assert pairs(found) == [("A, in short", "A", "edit")]
    assert values(found) == {"A, in short": 1.0}


def test_an_edit_of_another_answer_than_the_contexts_own_names_it() -> None:
    found = think(feedback("edit", answer="C", edited="C2"))
    assert pairs(found) == [("C2", "C", "edit")]


@pytest.mark.parametrize("edited", ["A", " ", None])
def test_an_edit_that_changes_nothing_or_says_nothing_prefers_nothing(edited: str | None) -> None:
    found = think(feedback("edit", edited=edited))
    assert not found.better
    assert not found.verdicts


def test_a_ranking_gives_every_ordered_pair() -> None:
    found = think(feedback("ranking", ranking=["W", "X", "Y", "Z"]))
    assert {(chosen, rejected) for chosen, rejected, _ in pairs(found)} == {
        ("W", "X"), ("W", "Y"), ("W", "Z"), ("X", "Y"), ("X", "Z"), ("Y", "Z")
    }  # fmt: skip


def test_scores_make_a_pair_only_when_they_are_far_enough_apart() -> None:
    said = (feedback("score", "c", score=0.9), feedback("score", "d", score=0.6))
    assert not think(*said).better
    assert pairs(think(*said, min_gap=0.2)) == [("A", "B", "verdict")]


def test_a_labelers_newest_word_counts_once() -> None:
    said = (feedback("like"), feedback("dislike"), feedback("dislike"), feedback("like", by="bob"))
    assert values(think(*said)) == {"A": None}
    assert think(*said).conflicts == 1


def test_the_newest_word_wins_under_last() -> None:
    said = (feedback("like"), feedback("like", by="bob"), feedback("dislike", by="cy"))
    assert values(think(*said, policy="last")) == {"A": 0.0}
    assert values(think(*said, policy="majority")) == {"A": 1.0}


def test_an_expert_outvotes_everybody_else_and_experts_who_differ_are_a_conflict() -> None:
    said = (feedback("like"), feedback("like", by="bob"), feedback("dislike", by="cy", expert=True))
    assert values(think(*said, policy="expert")) == {"A": 0.0}
    other = feedback("like", by="dee", expert=True)
    assert values(think(*said, other, policy="expert")) == {"A": None}
    assert values(think(said[0], policy="expert")) == {"A": 1.0}


def test_a_tie_is_a_conflict_and_makes_no_pair() -> None:
    said = (feedback("ranking", ranking=["A", "B"]), feedback("ranking", by="bob", ranking=["B", "A"]))
    found = think(*said)
    assert (found.better, found.conflicts) == ((), 1)
    assert pairs(think(*said, policy="last")) == [("B", "A", "ranking")]


def test_a_pair_that_verdicts_contradict_is_a_conflict() -> None:
    ranked = feedback("ranking", ranking=["B", "A"])
    found = think(ranked, feedback("like", "c", by="bob"), feedback("dislike", "d", by="bob"))
    assert (found.better, found.conflicts) == ((), 1)


def test_labelers_without_a_name_count_one_by_one() -> None:
    said = (feedback("like", by=None), feedback("like", by=None), feedback("dislike", by="bob"))
    assert values(think(*said)) == {"A": 1.0}


def test_a_wrong_citation_prefers_nothing() -> None:
    found = think(feedback("wrong_citation", citation=1))
    assert found == Opinions(verdicts=(), better=(), conflicts=0)


SAID = st.builds(
    lambda kind, by, context, expert, minutes, score, ranking: (
        feedback(kind, context, by=by, expert=expert, at=at(minutes), score=score, ranking=ranking)
        | {"edited": f"edit by {by}" if kind == "edit" else None}
    ),
    st.sampled_from(["like", "dislike", "score", "ranking", "edit", "wrong_citation"]),
    st.sampled_from([None, "ann", "bob", "cy"]),
    st.sampled_from(["c", "d"]),
    st.booleans(),
    st.integers(0, 5),
    st.floats(0, 1),
    st.permutations(["A", "B", "C"]),
)


@given(st.lists(SAID, max_size=8), st.sampled_from(["last", "majority", "expert"]), st.randoms())
def test_no_answer_is_ever_better_than_itself_or_than_a_better_one_whatever_the_order_of_the_log(
    said: list[dict[str, Any]], policy: Policy, random: Any
) -> None:
    found = think(*said, policy=policy)
    told = {(one.chosen, one.rejected) for one in found.better}
    assert len(told) == len(found.better)
    assert not any(chosen == rejected or (rejected, chosen) in told for chosen, rejected in told)
    shuffled = list(said)
    random.shuffle(shuffled)
    assert think(*shuffled, policy=policy) == found
