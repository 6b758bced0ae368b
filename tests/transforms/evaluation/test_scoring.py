"""One question's figures: only those it says something about, and in the words of its own documents."""

from transforms.evaluation.scoring import Expected, figures
from transforms.evaluation.spans import Cited, Place


def place(document: str, start: int = 0, end: int = 10) -> Place:
    return Place(document_id=document, start=start, end=end)


def test_a_question_has_the_figures_of_what_it_expects_and_no_others() -> None:
    ranked = [place("x"), place("d1"), place("d2")]

    documents = figures(Expected(grades={"a.md": 1}, names={"d1": "a.md", "d2": "a.md"}), ranked, [])
    spans = figures(Expected(spans=(place("d1", 2, 6),), tokens=(place("d1", 2, 6),)), ranked, [])

    assert documents["mrr@10"] == 0.5
    assert documents["recall@3"] == 1
    assert documents["recall@1"] == 0
    assert spans == {"span_recall@5": 1, "span_mrr@10": 0.5, "token_recall": 0, "token_precision": 0}
    assert figures(Expected(answers=("May",)), ranked, [Cited(place=place("x"), quote="in may")]) == {
        "answer_found": 1
    }
    assert figures(Expected(), ranked, []) == {}


def test_a_document_that_the_release_does_not_have_counts_against_recall() -> None:
    expected = Expected(grades={"a.md": 1, "gone.md": 1}, names={"d1": "a.md"})

    assert figures(expected, [place("d1")], [])["recall@10"] == 0.5
