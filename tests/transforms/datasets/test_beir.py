from dataclasses import replace

from schemas.dataset import Example
from tests.transforms.datasets.pages import LEAVE, PAGES, inputs, library
from transforms.datasets.beir import build, corpus_row, grades, spans
from transforms.datasets.params import Beir


def test_a_query_is_answered_by_the_span_of_each_of_its_documents() -> None:
    table = library(*PAGES)
    texts = dict(zip(table["document_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    made = [one for one in build(inputs(table), Beir()) if isinstance(one, Example)]
    assert made
    for query in made:
        assert grades(query) == [(query.document_id, 1)]
        for span in spans(query):
            assert texts[span["doc_id"]][span["start"] : span["end"]] == span["text"]


def test_a_question_that_two_documents_answer_is_one_query_with_both() -> None:
    table = library(LEAVE, replace(LEAVE, title="Time off"), *PAGES[1:])
    made = [one for one in build(inputs(table), Beir()) if isinstance(one, Example)]
    both = table["document_id"].to_pylist()[:2]
    twice = [query for query in made if query.document_id in both]
    assert twice
    assert all([name for name, _ in grades(query)] == both for query in twice)
    assert len({query.row_id for query in made}) == len(made)


def test_a_document_of_the_corpus_has_an_id_a_title_and_its_text() -> None:
    row = {"document_id": "d", "title": None, "text": "t", "acl": ["everyone"]}
    assert corpus_row(row) == {"_id": "d", "title": "", "text": "t"}
