"""Contamination: a row that holds what is evaluated with is refused, with the place."""

from __future__ import annotations

from schemas.context import Message
from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.examples import example
from transforms.datasets.sieves.contamination import RUN_WORDS, Contamination

TURN = "Compose an engaging travel blog post about a recent trip to Hawaii, highlighting culture."
SIEVE = Contamination(
    [("question.jsonl, line 1", TURN), ("golden, q7", "How long is the warranty?"), ("golden, q8", "Yes.")]
)


def reason(left: Example | Refused) -> tuple[str, str | None] | None:
    return (left.reason, left.because) if isinstance(left, Refused) else None


def test_a_run_of_words_is_found_anywhere_in_the_row() -> None:
    inside = f"Somebody wrote: {TURN.lower().replace(',', '')} And so on."
    for row in (example("a", inside, "no"), example("b", "Tell.", inside)):
        assert reason(SIEVE(row)) == (Refusal.CONTAMINATED, "question.jsonl, line 1")
    shown = example("c", "Tell.", "no")
    shown = Example(
        row_id="c", kind="k", question="Tell.", document_id="d", uses=(),
        messages=(Message(role="system", content=inside), *shown.messages),
    )  # fmt: skip
    assert reason(SIEVE(shown)) == (Refusal.CONTAMINATED, "question.jsonl, line 1")


def test_fewer_words_in_common_are_chance() -> None:
    most = " ".join(TURN.split()[: RUN_WORDS - 1])
    assert reason(SIEVE(example("a", f"{most} somewhere else", "no"))) is None


def test_a_known_question_is_found_in_other_words_and_within_a_text() -> None:
    assert reason(SIEVE(example("a", "How long is a warranty?", "Two years"))) == (
        Refusal.CONTAMINATED,
        "golden, q7",
    )
    assert reason(SIEVE(example("b", "Tell.", "They ask: how long is the warranty? Two years."))) == (
        Refusal.CONTAMINATED,
        "golden, q7",
    )


def test_a_word_is_no_question() -> None:
    assert reason(SIEVE(example("a", "Yes.", "Yes."))) is None


def test_nothing_is_refused_for_no_evaluation() -> None:
    assert reason(Contamination([])(example("a", TURN, TURN))) is None
