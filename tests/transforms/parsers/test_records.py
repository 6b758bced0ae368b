"""What a record becomes: a document with its title, text, time, key and readers, or a reason why not."""

import pytest

from schemas.quarantine import Reason
from tests.transforms.parsers.records import bad, read, refusal
from transforms.parsers.params import BadRecord
from transforms.parsers.records_rows import normalized_time


def test_a_row_is_a_document_with_its_title_text_time_and_readers() -> None:
    source = 'id,subject,body,at,team\nT-1,Pump stops,It is cold.,2025-05-06 16:12,"group:hr, user:ann"\n'

    (document,) = read(source, record_key="id", title="subject", text=("body",), time="at", acl="team").parsed

    assert document.text == "It is cold."
    assert (document.record, document.title) == ("T-1", "Pump stops")
    assert document.source_at == "2025-05-06T16:12:00Z"
    assert document.acl == ("group:hr", "user:ann")


def test_one_text_column_is_paragraphs_and_several_are_labeled_fields() -> None:
    source = 'q,a\nWhy?,"Because.\n\nAnd more."\n'

    (alone,) = read(source, text=("a",)).parsed
    (both,) = read(source, text=("a", "q")).parsed

    assert [part.type for part in alone.elements] == ["paragraph", "paragraph"]
    assert alone.text == "Because.\n\nAnd more."
    assert [both.text[part.start : part.end] for part in both.elements] == [
        "a: Because.\n\nAnd more.",
        "q: Why?",
    ]
    assert {part.type for part in both.elements} == {"field"}


def test_without_text_columns_every_column_is_in_the_text() -> None:
    (document,) = read("id,name,acl\n1,Ann,everyone\n", acl="acl").parsed

    assert document.text.split("\n\n") == ["id: 1", "name: Ann", "acl: everyone"]


def test_values_are_text_as_it_is_written() -> None:
    (document,) = read("code,price,yes,when,void\n007,1.10,true,2025-01-02,NULL\n").parsed

    assert document.text.split("\n\n") == [
        "code: 007",
        "price: 1.10",
        "yes: true",
        "when: 2025-01-02",
        "void: NULL",
    ]


def test_without_a_key_a_record_is_named_by_its_number_and_bad_ones_count() -> None:
    result = read("a,b\n1,2\n3\n5,6\n")

    assert [document.record for document in result.parsed] == ["1", "3"]
    assert result.rejected == (
        BadRecord(record="2", reason=Reason.BAD_RECORD, message="line 3: 1 fields under a header of 2"),
    )


def test_the_second_record_with_a_key_is_a_duplicate() -> None:
    result = read("id,b\nx,1\ny,2\nx,3\n", record_key="id")

    assert [document.record for document in result.parsed] == ["x", "y"]
    assert bad(result) == [("x", Reason.DUPLICATE_RECORD)]
    assert "line 4" in result.rejected[0].message


def test_a_record_without_a_key_a_reader_or_a_text_is_rejected_alone() -> None:
    source = 'id,body,who\n1,fine,everyone\n,no key,everyone\n3,no reader," , "\n4,,everyone\n'

    result = read(source, record_key="id", text=("body",), acl="who")

    assert [document.record for document in result.parsed] == ["1"]
    assert bad(result) == [("2", Reason.BAD_RECORD), ("3", Reason.NO_READER), ("4", Reason.EMPTY_AFTER_PARSE)]


@pytest.mark.parametrize(
    ("written", "normalized"),
    [
        ("2025-05-06T16:12:00Z", "2025-05-06T16:12:00Z"),
        ("2025-05-06T16:12:00+02:00", "2025-05-06T14:12:00Z"),
        (" 2025-05-06 ", "2025-05-06T00:00:00Z"),
        ("2025-05-06 16:12:00.250", "2025-05-06T16:12:00.250000Z"),
        ("1746547920", "2025-05-06T16:12:00Z"),
        ("1746547920.000250", "2025-05-06T16:12:00.000250Z"),
        ("1746547920000", "2025-05-06T16:12:00Z"),
        ("Tue, 06 May 2025 16:12:00 +0200", "2025-05-06T14:12:00Z"),
        ("yesterday", None),
        ("05/06/2025", None),
        ("0001-01-01T00:00:00+12:00", None),
        ("99999999999999999999", None),
        ("", None),
    ],
)
def test_a_time_is_normalized_to_utc_or_is_none(written: str, normalized: str | None) -> None:
    assert normalized_time(written) == normalized


def test_a_time_that_is_none_is_flagged_and_the_record_passes() -> None:
    unclear, missing = read("b,at\nx,soon\ny,\n", time="at", text=("b",)).parsed

    assert (unclear.source_at, unclear.flags) == (None, ("bad_time",))
    assert (missing.source_at, missing.flags) == (None, ())


def test_a_column_that_the_header_lacks_rejects_the_item_and_is_named() -> None:
    refused = refusal("a,b\n1,2\n", text=("body",))

    assert refused.reason is Reason.BAD_RECORD
    assert "'body'" in refused.message
    assert "a, b" in refused.message


def test_blank_and_repeated_column_names_lose_no_value() -> None:
    assert read("a,a,\n1,2,3\n").parsed[0].text == "a: 1\n\na (2): 2\n\ncolumn 3: 3"
