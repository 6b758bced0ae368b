from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.datasets.pages import sections_of
from tests.transforms.tables import built
from transforms.datasets.questions.page import Span, is_ordered, lists, sentences, without_bullet


@given(st.text(alphabet="ab A.?!\n\"')1", max_size=200), st.integers(0, 50))
def test_sentences_are_the_text_at_their_offsets(text: str, start: int) -> None:
    page = "x" * start + text
    found = list(sentences(Span(text, start)))
    assert all(page[sentence.start : sentence.end] == sentence.text for sentence in found)
    assert "".join("".join(s.text.split()) for s in found) == "".join(text.split())


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "Ask e.g. Dana or Dr. Amsel. The lab opens at 9 a.m. Pacific time."
    assert [s.text for s in sentences(Span(text, 0))] == [
        "Ask e.g. Dana or Dr. Amsel.",
        "The lab opens at 9 a.m. Pacific time.",
    ]


def test_sections_go_by_their_heading_and_leave_the_title_out_of_its_path() -> None:
    page = built(
        ("heading", "Guide", 1), ("paragraph", "Top."), ("heading", "Use", 2), ("list_item", "1. One")
    )
    top, use = sections_of(page)
    assert (top.heading, use.heading, use.title) == ("", "Use", "Guide")
    (items,) = lists(use.blocks)
    assert is_ordered(items)
    assert without_bullet(items[0]).text == "One"
    assert page.text[without_bullet(items[0]).start :] == "One"
