import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.datasets.pages import EXPENSES, LEAVE, PAGES, sections_of, words_of_pages
from tests.transforms.tables import built
from transforms.datasets.questions.wording import (
    asked,
    first_person,
    in_context,
    is_clean,
    named,
    phrase,
    stands_alone,
)

WORDS = words_of_pages(*PAGES)


@pytest.mark.parametrize(
    ("yours", "mine"),
    [
        ("what should you do if you are sick", "what should I do if I am sick"),
        ("how do you reset your badge", "how do I reset my badge"),
        ("who stands in for you", "who stands in for me"),
        ("what happens when you were late", "what happens when I was late"),
        ("what happens once you're sure you've won", "what happens once you're sure you've won"),
        ("what should I do if you're late", "what should I do if I am late"),
        ("who lets you in", "who lets you in"),  # I or me: left alone, the whole of it
    ],
)
def test_the_reader_becomes_i_where_that_is_safe(yours: str, mine: str) -> None:
    assert first_person(yours) == mine


@given(st.text(alphabet="abc you.?! ", min_size=1).filter(lambda text: text.strip(" .?!")))
def test_a_question_has_a_capital_and_one_mark(text: str) -> None:
    question = asked(text)
    assert question.endswith("?")
    assert not question[:-1].endswith(("?", ".", " "))
    assert question[0] == question[0].upper()


@pytest.mark.parametrize(
    "clause", ["what it does", "the above rules", "like that", "see https://a.b", "a (b"]
)
def test_a_clause_that_points_outside_itself_is_not_clean(clause: str) -> None:
    assert not is_clean(clause)


def test_a_question_about_rare_things_stands_alone_and_others_name_their_page() -> None:
    section = sections_of(EXPENSES)[-1]
    assert stands_alone("What is the mileage of my own car", section, WORDS)
    assert not stands_alone("What should I do if I paid", section, WORDS)
    assert not stands_alone("What is due on Monday, January 23, 2023", section, WORDS)
    assert in_context("What should I do", section, WORDS) == (
        'According to "Expenses: Foreign currency", what should I do'
    )


def test_a_page_whose_title_says_nothing_cannot_be_named() -> None:
    readme = built(("heading", "README", 1), ("paragraph", "Some words."))
    assert in_context("what is it", sections_of(readme)[0], words_of_pages(readme)) is None
    twice = words_of_pages(LEAVE, LEAVE)
    assert in_context("what is it", sections_of(LEAVE)[0], twice) is None


def test_headings_are_written_as_inside_a_sentence_and_names_stay_names() -> None:
    words = words_of_pages(
        built(("paragraph", "We spend River Day at the river, with foreign currency and company cards."))
    )
    assert phrase("Foreign Currency", words) == "foreign currency"
    assert phrase("Company cards", words) == "company cards"
    assert phrase("River Day", words) == "River Day"


def test_a_thing_has_the_article_that_its_page_gives_it() -> None:
    assert named("RS-200 Dipper", "The Dipper measures.") == "the RS-200 Dipper"
    assert named("Expenses", "What we pay.") == "Expenses"
    assert named("Batch Working Group", "") == "the Batch Working Group"
