"""Personal data: what is planted is found, what looks like it is not, one subject is one placeholder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.personal.planted import CHAT, LEARNED, MAIL, NAMES, PROSE, TICKET, written
from transforms.personal import Redactor, finder, has_placeholder

FIND = finder(set(NAMES) - {LEARNED})


@pytest.mark.parametrize("text", [MAIL, TICKET, CHAT, PROSE], ids=["mail", "ticket", "chat", "prose"])
def test_what_is_planted_is_found_and_nothing_beside_it(text: str) -> None:
    plain, planted = written(text)
    found = [(one.type, one.text, one.start) for one in FIND(plain)]
    assert found == planted


def test_one_subject_is_one_placeholder_however_it_is_spelled() -> None:
    redactor = Redactor(find=finder(), key=b"key")
    said = redactor.redacted("Call +44 20 7946 0958 or +44 (20) 7946-0958, not +44 20 7946 0999.")
    first, second, third = [word.strip(",.") for word in said.split() if word.startswith("<")]
    assert first == second != third
    assert redactor.counts == {"PHONE": 3}


def test_a_name_in_small_letters_is_one_where_a_speaker_addresses_it() -> None:
    redactor = Redactor(find=finder(["sken"]), key=b"key")
    said = redactor.redacted("ann: sken, look there. The sken, as a word, stays.")
    assert said.count("<PERSON_") == 1
    assert said.startswith("ann: <PERSON_")


def test_another_key_gives_other_placeholders() -> None:
    text = "ann@lake.example"
    one, other = (Redactor(find=finder(), key=key).redacted(text) for key in (b"one", b"other"))
    assert one != other
    assert {one[:7], other[:7]} == {"<EMAIL_"}


def test_what_is_allowed_stays() -> None:
    text = "Write to claims@sallowbrook.test or to ann@lake.example."
    said = Redactor(find=finder(allow=["*@sallowbrook.test"]), key=b"k").redacted(text)
    assert said.startswith("Write to claims@sallowbrook.test or to <EMAIL_")


@given(st.text(max_size=200))
def test_any_text_is_read_and_read_again_without_finding_more(text: str) -> None:
    redactor = Redactor(find=FIND, key=b"key")
    said = redactor.redacted(text)
    spans = FIND(text)
    assert all(one.text == text[one.start : one.end] for one in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    if not spans:
        assert said == text


@pytest.mark.parametrize("text", [MAIL, TICKET, CHAT, PROSE], ids=["mail", "ticket", "chat", "prose"])
def test_a_text_shows_whether_something_in_it_was_replaced(text: str) -> None:
    plain, planted = written(text)
    assert not has_placeholder(plain)
    assert has_placeholder(Redactor(find=FIND, key=b"key").redacted(plain)) == bool(planted)
