from tests.transforms.datasets.pages import words_of_pages
from tests.transforms.tables import built


def test_a_word_is_common_when_sentences_write_it_small() -> None:
    words = words_of_pages(
        built(("paragraph", "We like claims. Ask Tobias about claims, and ask Tobias soon."))
    )
    assert words.common_noun("Claims")
    assert not words.common_noun("Tobias")
    assert not words.common_noun("RS-200")
    assert not words.common_noun("I")


def test_headings_do_not_make_names() -> None:
    words = words_of_pages(built(("heading", "We meet in Planning Week", 1), ("paragraph", "Bring a pen.")))
    assert not words.is_name("Planning", "Week")


def test_a_paragraph_that_many_pages_repeat_is_boilerplate() -> None:
    same = ("paragraph", "This page follows the rules of the house in every respect.")
    words = words_of_pages(*(built(("heading", f"Page {n}", 1), same) for n in range(3)))
    assert words.is_boilerplate(same[1])
    assert not words_of_pages(built(same)).is_boilerplate(same[1])
