from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Parsed
from tests.transforms.datasets.pages import EXPENSES, LEAVE, words_of_pages
from tests.transforms.tables import built, documents
from transforms.datasets.questions import Question, questions

LINES = st.sampled_from(
    [
        ("heading", "What we pay", 2),
        ("heading", "Changing the cells", 2),
        ("heading", "Glossary", 2),
        ("paragraph", "If you paid cash, use the rate. The Dipper is a station. Ask first!"),
        ("list_item", "1. Open the lid of the station."),
        ("list_item", "- Gland: the sealed opening of a cable."),
        ("list_item", "- Chairs: Ann, Bob"),
        ("field", "price_usd: 12.50"),
        ("field", "answer: Replace the cells and wait for three short blinks."),
        ("table", [["Item", "Limit"], ["Own car", "$0.62"], ["a|b", ""]]),
        ("table", [["Weight", "2.1 kg"], ["Power", "four cells"]]),
        ("paragraph", "é\u2028“Quoted”: x | y [1](z) <b>"),
        ("code", "```\nrm -rf\n```"),
    ]
)


LONG = "Everybody who waits for a change should know how far it is and what is left to do."


def asked_of(page: Parsed, **columns: Any) -> list[Question]:
    return questions(documents([page], **columns).to_pylist()[0], words_of_pages(page))


@settings(deadline=None)
@given(st.lists(LINES, max_size=12))
def test_every_answer_is_the_text_at_its_span(lines: list[tuple[Any, ...]]) -> None:
    page = built(("heading", "RS-200 Dipper", 1), *lines)
    made = asked_of(page)
    assert all(page.text[q.start : q.end] == q.answer and q.since <= q.start for q in made)
    assert all(not q.text or (q.text.endswith("?") and q.text[0].isupper()) for q in made)
    assert len({(q.start, q.end) for q in made}) == len(made)


@pytest.mark.parametrize(
    ("page", "question", "answer"),
    [
        (LEAVE, "how many days of paid time off does everyone have a year?", "Everyone has 22 days"),
        (LEAVE, "how many unused days may I carry into the next year?", "You may carry five unused days"),
        (EXPENSES, 'what is the limit for "own car"?', "$0.62 a mile"),
        (EXPENSES, 'what is the limit for "meal with a customer"?', "$75 a person"),
    ],
)
def test_pages_are_asked_what_they_answer(page: Parsed, question: str, answer: str) -> None:
    made = {q.text.rpartition('", ')[2].lower(): q.answer for q in asked_of(page)}
    assert made[question.lower()].startswith(answer)


def test_a_cell_can_only_be_found_with_the_header_of_its_table() -> None:
    (cell,) = [q for q in asked_of(EXPENSES) if q.answer == "$0.62 a mile"]
    assert EXPENSES.text[cell.since :].startswith("| Item | Limit | Receipt |")


def test_a_table_without_a_header_says_things_of_its_page() -> None:
    page = built(
        ("heading", "RS-200 Dipper", 1),
        ("paragraph", "The Dipper measures water."),
        ("heading", "Specifications", 2),
        ("table", [["", ""], ["Weight", "2.1 kg"], ["Last firmware", "2.9.6"]]),
    )
    made = {q.text: q.answer for q in asked_of(page)}
    assert made["What is the weight of the RS-200 Dipper?"] == "2.1 kg"
    assert made["What is the last firmware of the RS-200 Dipper?"] == "2.9.6"


def test_a_table_of_plans_is_asked_by_its_columns() -> None:
    rows = [["", "River", "Delta"], ["First response", "8 hours", "1 hour"]]
    page = built(("heading", "Service levels", 1), ("heading", "Plans", 2), ("table", rows))
    made = {q.answer: q.text for q in asked_of(page)}
    assert "first response for" in made["1 hour"]
    assert "Delta" in made["1 hour"]


def test_values_that_say_nothing_are_not_asked_for() -> None:
    rows = [
        ["Item", "Limit", "Link"],
        ["Own car", "-", "https://a.b"],
        ["Taxi", "n/a", "c"],
        ["Taxi", "$5", "d"],
    ]
    page = built(("heading", "Expenses", 1), ("heading", "Limits", 2), ("table", rows))
    assert not [q for q in asked_of(page) if q.kind == "table"]


def test_a_procedure_is_asked_for_its_steps() -> None:
    steps = [("list_item", f"{n}. Take all the cells out of slot {n}.") for n in range(1, 4)]
    page = built(("heading", "RS-200 Dipper", 1), ("heading", "Changing the cells", 2), *steps)
    (made,) = [q for q in asked_of(page) if q.kind == "procedure"]
    assert made.text.endswith("hat are the steps for changing the cells?")
    assert made.answer.startswith("1. Take")
    assert made.answer.endswith("slot 3.")


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("What we do not pay", "what do we not pay?"),
        ("How to claim a refund", "how do I claim a refund?"),
        ("When you are sick on vacation", "what should I do if I am sick on vacation?"),
        ("Submit a post", "how do I submit a post?"),
        ("E1042: wiper did not park", "what does E1042 mean?"),
        ("Can I bring my dog?", "can I bring my dog?"),
        ("What a good answer contains", "what does a good answer contain?"),
    ],
)
def test_a_heading_that_asks_is_answered_by_its_section(heading: str, question: str) -> None:
    body = ("paragraph", "Fines are yours to pay, and so are gifts above fifty dollars to anyone.")
    page = built(("heading", "Expenses", 1), ("heading", heading, 2), body)
    made = [q.text.lower() for q in asked_of(page) if q.kind == "heading"]
    assert [text for text in made if text.endswith(question.lower())], made


def test_what_a_title_asks_is_answered_under_answer() -> None:
    page = built(
        ("heading", "How should I store ground coffee?", 1),
        ("heading", "Answer", 2),
        ("paragraph", "Keep it in a tin without air, away from light and heat."),
    )
    (made,) = asked_of(page)
    assert (made.text, made.answer[:11]) == ("How should I store ground coffee?", "Keep it in ")
    topic = built(("heading", "Ground coffee", 1), *[("heading", "Answer", 2), ("paragraph", LONG)])
    assert not asked_of(topic)


def test_a_heading_that_tells_what_to_do_is_quoted_and_people_are_asked_for_with_who() -> None:
    page = built(
        ("heading", "Review guide", 1),
        ("heading", "Be clear on progress", 2),
        ("paragraph", LONG),
        ("heading", "Subprojects", 2),
        ("table", [["Topic", "Owner(s)"], ["Storage drivers", "Tim Hockin"]]),
    )
    group = built(
        ("heading", "Batch Working Group", 1),
        ("heading", "Emeritus Organizers", 2),
        ("list_item", "- Ann Lake, River Works"),
        ("list_item", "- Bob Hill, Delta Works"),
    )
    made = [question.text for one in (page, group) for question in asked_of(one)]
    assert 'What does "Review guide" say under "Be clear on progress"?' in made
    assert 'Who is the owner for "Storage drivers"?' in made
    assert "Who are the emeritus organizers of the Batch Working Group?" in made


def test_a_glossary_is_asked_for_meanings_and_a_record_for_its_answer() -> None:
    gland = ("list_item", "- Gland: the sealed opening through which a cable enters.")
    glossary = asked_of(built(("heading", "Glossary", 1), ("heading", "Equipment", 2), gland))
    assert [q.text for q in glossary] == ['What does "Gland" mean?']

    fields = [("field", "subject: Heron stops"), ("field", "answer: The battery is worn and falls too low.")]
    record = built(*fields, title="Heron stops")
    assert [q.text for q in asked_of(record)] == ['What is the answer to "Heron stops"?']


def test_forms_minutes_and_jottings_answer_nothing() -> None:
    todo = ("paragraph", "TODO: we will say something here later on.")
    talk = ("paragraph", "People talked for a long time about money and rules.")
    assert not asked_of(built(("heading", "Plan", 1), ("heading", "Budget rules", 2), todo))
    assert not asked_of(built(("heading", "Meeting notes", 1), ("heading", "Budget", 2), talk))
    assert not asked_of(LEAVE, uri="file:///offer-template.md")
