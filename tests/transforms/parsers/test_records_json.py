"""JSON: lists, lines and threads are records, a file is one document, and no digit or word is lost."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.quarantine import Reason
from tests.transforms.parsers.made import spans_are_whole
from tests.transforms.parsers.records import bad, read, refusal, whole, words
from transforms.parsers.records import parse_json, parse_jsonl


def test_a_line_that_does_not_parse_is_rejected_by_its_number() -> None:
    source = '{"a": 1}\n{"a": \n\n[1, 2]\n{"a": "fine"}\n'

    result = read(source, parse_jsonl)

    assert [document.text for document in result.parsed] == ["a: 1", "a: fine"]
    assert bad(result) == [("2", Reason.BAD_RECORD), ("3", Reason.BAD_RECORD)]
    assert [record.message.split(":")[0] for record in result.rejected] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    "source",
    [
        '[{"id": "x", "b": 1}, {"id": "y", "b": 2}]',
        '{"total": 2, "rows": [{"id": "x", "b": 1}, {"id": "y", "b": 2}]}',
        '{"id": "x", "b": 1}\n{"id": "y", "b": 2}\n',
    ],
)
def test_a_list_an_objects_only_list_and_lines_are_records(source: str) -> None:
    result = read(source, parse_json, record_key="id", text=("b",))

    assert [(document.record, document.text) for document in result.parsed] == [("x", "1"), ("y", "2")]


def test_numbers_keep_their_digits_and_repeated_keys_both_their_values() -> None:
    source = (
        '{"price": 1.10, "big": 123456789012345678901234567890, "off": false, "none": null, "a": 1, "a": 2}\n'
    )

    (document,) = read(source, parse_jsonl).parsed

    assert document.text.split("\n\n") == [
        "price: 1.10",
        "big: 123456789012345678901234567890",
        "off: false",
        "a: 1",
        "a (6): 2",
    ]


def test_nested_values_are_reached_by_a_dotted_name() -> None:
    source = '{"user": {"name": "Ann", "tags": ["x", "y"]}, "team": ["group:hr", "user:ann"]}\n'

    (document,) = read(source, parse_jsonl, title="user.name", text=("user.tags",), acl="team").parsed

    assert (document.title, document.text, document.acl) == ("Ann", "x, y", ("group:hr", "user:ann"))
    assert "user.tags: x, y" in read(source, parse_jsonl).parsed[0].text


def test_characters_no_text_may_hold_are_replaced() -> None:
    (document,) = read('{"a": "x\\ud800y\\u0000z"}\n', parse_jsonl).parsed

    assert document.text == "a: x\ufffdy\ufffdz"


THREAD = {
    "thread_id": "C-1",
    "messages": [
        {"author": "ann", "at": "2025-05-13T17:02:00Z", "text": "Does it float?"},
        {"author": "mara", "at": "2025-05-13T19:11:00+02:00", "text": "1. Yes.\n2. No.\n\nDry feet."},
    ],
}


@pytest.mark.parametrize("text", [(), ("messages",)])
def test_a_thread_is_a_document_whose_messages_are_elements(text: tuple[str, ...]) -> None:
    (document,) = read(json.dumps(THREAD) + "\n", parse_jsonl, record_key="thread_id", text=text).parsed

    messages = [document.text[part.start : part.end] for part in document.elements if part.type == "message"]
    assert messages == ["ann: Does it float?", "mara: 1. Yes.\n2. No.\n\nDry feet."]
    assert document.source_at == "2025-05-13T17:11:00Z"
    assert ("thread_id: C-1" in document.text) is not bool(text)


def test_nesting_too_deep_rejects_the_file_but_only_the_line() -> None:
    deep = "[" * 100_000 + "]" * 100_000

    assert refusal(deep, parse_json).reason is Reason.CORRUPT
    assert refusal(deep, parse_json, records="file").reason is Reason.CORRUPT
    assert bad(read(f'{deep}\n{{"a": 1}}\n', parse_jsonl)) == [("1", Reason.BAD_RECORD)]


@pytest.mark.parametrize("records", ["rows", "file"])
def test_json_that_does_not_parse_is_corrupt(records: str) -> None:
    assert refusal('{"a": ', parse_json, records=records).reason is Reason.CORRUPT


def test_a_json_file_has_a_heading_for_every_nested_key() -> None:
    document = whole('{"name": "Ann", "home": {"town": "Ulm", "pets": ["cat", "dog"]}}', parse_json)

    assert document.text == "name: Ann\n\n# home\n\ntown: Ulm\n\n## pets\n\n- cat\n- dog"
    assert document.elements[-1].headings == ("home", "pets")
    assert document.title is None


def test_a_file_of_lines_is_one_document_and_its_bad_lines_are_rejected() -> None:
    result = read('{"a": 1}\nbroken\n{"a": 3}\n', parse_jsonl, records="file")

    assert result.parsed[0].text == "# 1\n\na: 1\n\n# 3\n\na: 3"
    assert bad(result) == [("2", Reason.BAD_RECORD)]


NAMES = st.text("abcdefgh", min_size=1, max_size=5)
PLAIN = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10) | st.integers()
)
NESTED = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
)


def spoken(value: object) -> Counter[str]:
    if isinstance(value, dict):
        return sum((words(name) + spoken(inner) for name, inner in value.items()), Counter())
    if isinstance(value, list):
        return sum((spoken(inner) for inner in value), Counter())
    return words(str(value))


@given(st.dictionaries(NAMES, NESTED, max_size=5))
@settings(deadline=None)
def test_no_word_of_a_json_file_is_lost(value: dict[str, object]) -> None:
    document = whole(json.dumps(value), parse_json)

    assert not spoken(value) - words(document.text)
    assert spans_are_whole(document)
