import pytest

from tests.transforms.datasets.pages import words_of_pages
from tests.transforms.tables import built
from transforms.datasets.questions.page import Span
from transforms.datasets.questions.sentences import from_sentence
from transforms.datasets.questions.wording import asked

WORDS = words_of_pages(
    built(
        ("paragraph", "We asked your manager, the Dipper, and all exceptions, claims, suppliers, customers.")
    )
)

CASES = {
    "If you paid cash, use the rate of the day you paid.": "What should I do if I paid cash?",
    "When a class becomes stricter, assume the worst.": "What should I do when a class becomes stricter?",
    "If a station misses reports, the dashboard marks the station as silent.":
        "What happens if a station misses reports?",
    "If you work late hours, you may take a taxi home.": "What can I do if I work late hours?",
    "To request access, open an issue in the tracker.": "How do I request access?",
    "You may carry five unused days to May.": "How many unused days may I carry to May?",
    "Everyone has 22 days of paid leave a year.": "How many days of paid leave does everyone have a year?",
    "Leave can start four weeks before the due date.": "How many weeks before the due date can Leave start?",
    "Exceptions are decided within 10 working days.": "Within how many working days are exceptions decided?",
    "A written review is due within five days for every outage.":
        "Within how many days is a written review due for every outage?",
    "The office is closed from December 28 through December 31.": "When is the office closed?",
    "Claims expire on March 31.": "When do claims expire?",
    "Nominations close at 5 pm.": "When do nominations close?",
    "The Dipper is unsafe in ice because its seal is soft.": "Why is the Dipper unsafe in ice?",
    "Canary stands for the first stations of a rollout.": "What does Canary stand for?",
    "A canary is a station that receives a release first.": "What is a canary?",
    "The chairs are responsible for the minutes of each meeting.": "What are the chairs responsible for?",
    "Owner files are used to gate approvals.": "What are Owner files used for?",
    "Dana Whitcomb is our head of people.": "Who is Dana Whitcomb?",
    "The roster is kept in Portage.": "Where is the roster kept?",
    "Your manager approves claims up to $1,500.": "Who approves claims up to $1,500?",
    "A crew lead may send anyone home with full pay.": "Who may send anyone home with full pay?",
    "The Dipper cannot join a satellite link.": "Can the Dipper join a satellite link?",
    "The Dipper measures water level and temperature.": "What does the Dipper measure?",
    "The Dipper costs $2,140 without tax.": "How much does the Dipper cost?",
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "question"), CASES.items(), ids=list(CASES))
def test_a_sentence_of_a_known_shape_answers_its_question(sentence: str, question: str) -> None:
    made = from_sentence(Span(sentence, 0), WORDS)
    assert made is not None
    assert asked(made.text) == question


@pytest.mark.parametrize(
    "sentence",
    [
        "They expire on March 31.",  # who
        "This page explains the rules of the house.",  # which page
        "If it rains, stay inside the truck.",  # what rains
        "I think that the proposal is a good idea.",  # who speaks
        "If you can, allocate some time for reviews.",  # nothing is asked
        "When we started, the office was a garage.",  # a story, not a rule
        "The integration tests are run using make.",  # tests is no verb here
        "To be clear, nobody wants this.",  # no purpose
        "Remember a review is a discussion with others.",  # an imperative is no subject
        "Claims expire on",  # unfinished
        "What does the Dipper measure?",  # a question itself
        "The above limits are the limits for everybody.",  # above what
        "The quickest way is a thanks in an issue.",  # the way to what
        "Scalability is an integral part of the product.",  # says nothing of what it is
        "Amino acids are a trickier issue.",
        "The house is an open house.",
        "If a customer never drinks soda, tea, or coffee in any form, then the claim is void.",  # a list
        "If the coffee is fresh you will smell a gas, but that happens rarely.",  # no rule
        "Coffee can and will absorb all kinds of odors.",  # half of two verbs
        "Unless moveRequestCycle is the current cycle, which is rare.",  # half a sentence
    ],
)
def test_a_sentence_that_needs_its_neighbors_gives_no_question(sentence: str) -> None:
    assert from_sentence(Span(sentence, 0), WORDS) is None
