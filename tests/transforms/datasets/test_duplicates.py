from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.datasets.duplicates import families, question_key

TEXT = " ".join(f"word{n % 83} and thing{n}" for n in range(400))


def test_the_same_question_in_other_words_has_the_same_key() -> None:
    assert question_key("What is the limit for meals?") == question_key("What are the limits for the meal?")
    assert question_key("Who approves claims?") != question_key("When do claims expire?")
    assert question_key("What is the limit for taxis?") != question_key("What is the limit for meals?")


def test_a_copy_with_a_small_edit_is_of_one_family_and_another_text_is_not() -> None:
    copy = TEXT.replace("thing200", "something else")
    other = " ".join(f"other{n} matter{n % 7}" for n in range(400))
    found = families([("b", copy), ("a", TEXT), ("c", other)])
    assert found == {"a": "a", "b": "a", "c": "c"}


def test_documents_that_belong_together_are_one_family_whatever_they_say() -> None:
    copy = TEXT.replace("thing200", "something else")
    documents = [("a", TEXT), ("b", copy), ("c", "one"), ("d", "two"), ("e", "three")]
    found = families(documents, [["d", "b"], ["e"]])
    assert found == {"a": "a", "b": "a", "c": "c", "d": "a", "e": "e"}


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_families_do_not_depend_on_the_order_of_documents(order: list[int]) -> None:
    documents = [(f"d{n}", TEXT if n < 3 else f"{n} {TEXT[n * 900 :]}") for n in range(6)]
    shuffled = [documents[n] for n in order]
    assert families(shuffled) == families(documents)


def test_short_and_empty_documents_have_families_too() -> None:
    found = families([("a", ""), ("b", "one"), ("c", "one"), ("d", "two words")])
    assert found == {"a": "a", "b": "b", "c": "b", "d": "d"}


def test_pages_of_one_template_are_families_of_their_own() -> None:
    """Half of the runs in common, in each of many pairs, joins none of them."""
    same = " ".join(f"same{n}" for n in range(40))
    pages = [(f"d{n:02}", f"{same} {' '.join(f'own{n}x{m}' for m in range(40))}") for n in range(30)]
    assert set(families(pages).items()) == {(name, name) for name, _ in pages}


def test_copies_with_a_small_edit_are_always_of_one_family() -> None:
    for n in range(30):
        text = " ".join(f"text{n}word{m}" for m in range(300))
        assert families([("a", text), ("b", text.replace(f"text{n}word150", "x"))])["b"] == "a"
