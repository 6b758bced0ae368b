from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.hits import hit
from transforms.names import boost_named
from transforms.rank import Hit


def titled(name: str, title: str | None, uri: str = "file:x", score: float = 0.5, **labels: str) -> Hit:
    listed = [{"name": label, "value": value} for label, value in labels.items()]
    return hit(name, "words", similarity=score, title=title, uri=uri, labels=listed)


def order(hits: list[Hit], question: str) -> list[str]:
    return [found.chunk_id for found in boost_named(hits, question, weight=0.2)]


REPORTS = [
    titled("a", "ACME 2022 10K"),
    titled("b", "ACME 2023 10K", score=0.45),
    titled("c", "AMERICANEXPRESS 2023 10K", score=0.45),
    titled("d", "Globex 2021 10K", score=0.4),
]


def test_a_document_is_found_by_the_words_of_its_title_that_others_do_not_have() -> None:
    assert order(REPORTS, "What was ACME's margin in FY2023?")[0] == "b"
    assert order(REPORTS, "What was the margin of acme in FY22?")[0] == "a"
    assert order(REPORTS, "Did American Express grow?")[0] == "c"


def test_a_question_that_names_nothing_changes_nothing() -> None:
    assert boost_named(REPORTS, "How deep is it?", weight=0.2) == REPORTS
    assert boost_named(REPORTS, "Which 10K is the longest?", weight=0.2) == REPORTS


def test_a_document_without_a_title_is_found_by_its_file() -> None:
    hits = [
        titled("a", None, "file:///x/pump-manual.pdf"),
        titled("b", None, "file:///x/Valve_Guide.pdf", 0.45),
    ]

    assert order(hits, "How is a valve closed?") == ["b", "a"]


def test_a_document_is_found_by_the_value_of_a_label_but_not_by_its_owner() -> None:
    hits = [titled("a", "A"), titled("b", "B", score=0.45, region="Lapland"), titled("c", "C", score=0.45)]

    assert order(hits, "How cold is it in Lapland?")[0] == "b"
    assert order([*hits, titled("d", "D", score=0.49, owner="ann")], "What does Ann say?")[0] == "a"


@given(st.text(max_size=60), st.lists(st.text(max_size=20), min_size=1, max_size=6), st.floats(0, 1))
def test_a_boost_is_never_more_than_its_weight(question: str, titles: list[str], weight: float) -> None:
    hits = [titled(f"c{n}", title) for n, title in enumerate(titles)]

    for found in boost_named(hits, question, weight=weight):
        assert 0 <= found.named <= round(weight, 9)
