"""Records: one document per row or per file, every value as it is written, one bad row costs no other."""

import csv
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.params import BadRecord, ParseParams, ParseResult
from transforms.parsers.records import parse_csv, parse_json, parse_jsonl, parse_xlsx
from transforms.parsers.records_rows import normalized_time

REPOSITORY = Path(__file__).parents[3]
Parser = Callable[..., ParseResult]


def read(
    content: str | bytes, parser: Parser = parse_csv, *, key: str = "a.csv", **settings: object
) -> ParseResult:
    raw = content.encode() if isinstance(content, str) else content
    params = ParseParams(**{"records": "rows", **settings})  # type: ignore[arg-type]
    return parser(raw, key=key, params=params)


def whole(content: str | bytes, parser: Parser = parse_csv) -> Parsed:
    (document,) = read(content, parser, records="file").parsed
    return document


def refusal(content: str | bytes, parser: Parser = parse_csv, **settings: object) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read(content, parser, **settings)
    return caught.value


def bad(result: ParseResult) -> list[tuple[str, Reason]]:
    return [(record.record, record.reason) for record in result.rejected]


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def round_trips(document: Parsed) -> bool:
    return "\n\n".join(document.text[part.start : part.end] for part in document.elements) == document.text


# csv


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


@pytest.mark.parametrize("broken", ['"open,2', '"x"y,2', "1,2,3", '1,"open'])
def test_a_bad_row_is_rejected_by_its_line_and_its_neighbors_pass(broken: str) -> None:
    result = read(f"a,b\nfirst,1\n{broken}\nthird,3\nfourth,4\n")

    assert [document.record for document in result.parsed] == ["1", "3", "4"]
    assert bad(result) == [("2", Reason.BAD_RECORD)]
    assert "line 3" in result.rejected[0].message


def test_an_open_quote_that_another_one_closes_gives_back_the_rows_between() -> None:
    result = read('a,b\n1,"x\n2,y\n3,z\n4,",9\n5,v\n')

    assert [document.text for document in result.parsed] == ["a: 2\n\nb: y", "a: 3\n\nb: z", "a: 5\n\nb: v"]
    assert bad(result) == [("1", Reason.BAD_RECORD), ("4", Reason.BAD_RECORD)]


def test_a_quoted_field_may_hold_lines_separators_and_quotes() -> None:
    (document, _) = read('a,b\n"one\ntwo, ""three""",4\n5,6\n').parsed

    assert document.text == 'a: one\ntwo, "three"\n\nb: 4'


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


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("a.csv", "a;b\n1,5;x\n"),
        ("a.tsv", "a\tb\n1,5\tx\n"),
        ("a.csv", "a\tb\n1,5\tx\n"),
        ("a.csv", "a|b\n1,5|x\n"),
        ("a.csv", '\ufeffa,b\r\n"1,5",x\r\n'),
    ],
)
def test_the_separator_and_the_mark_of_spreadsheets_are_understood(key: str, source: str) -> None:
    assert read(source, key=key).parsed[0].text == "a: 1,5\n\nb: x"


def test_blank_and_repeated_column_names_lose_no_value() -> None:
    assert read("a,a,\n1,2,3\n").parsed[0].text == "a: 1\n\na (2): 2\n\ncolumn 3: 3"


def test_invalid_utf8_is_named_by_its_offset() -> None:
    refused = refusal(b"a,b\n1,oui\xe9\n")

    assert refused.reason is Reason.BAD_ENCODING
    assert "offset 9" in refused.message


@pytest.mark.parametrize("records", ["rows", "file"])
def test_a_hundred_thousand_columns_are_too_large(records: str) -> None:
    line = ",".join(["1"] * 100_000)

    assert refusal(f"{line}\n{line}\n", records=records).reason is Reason.TOO_LARGE


def test_more_rows_than_can_be_held_are_too_large() -> None:
    assert refusal(b"a\n" + b"1\n" * 500_001, records="file").reason is Reason.TOO_LARGE


def test_a_file_is_one_table_under_its_header_and_ragged_rows_stay() -> None:
    document = whole("name,n\nAnn,1\nBen\nCy,3,more\n")

    assert [part.type for part in document.elements] == ["table"]
    assert document.text.splitlines()[0] == "| name | n |  |"
    assert "| Cy | 3 | more |" in document.text
    assert "| Ben |" in document.text
    assert document.flags == ("ragged_rows",)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
GRIDS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8)
)


@given(GRIDS)
@settings(deadline=None)
def test_every_word_of_every_cell_is_in_a_document_or_its_row_was_rejected(rows: list[list[str]]) -> None:
    width = len(rows[0]) if rows else 1
    source = io.StringIO()
    writer = csv.writer(source, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([[f"c{at}" for at in range(width)], *rows])

    result = read(source.getvalue())

    found = {document.record: document for document in result.parsed}
    blank = {record.record for record in result.rejected if record.reason is Reason.EMPTY_AFTER_PARSE}
    assert len(found) + len(result.rejected) == len(rows)
    for number, row in enumerate(rows, 1):
        if str(number) in blank:
            assert not any(cell.strip() for cell in row)
        else:
            document = found[str(number)]
            assert not words(" ".join(row)) - words(document.text)
            assert round_trips(document)


@given(GRIDS)
@settings(deadline=None)
def test_every_word_of_every_cell_is_in_the_table(rows: list[list[str]]) -> None:
    source = io.StringIO()
    csv.writer(source, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["head"], *rows])

    document = whole(source.getvalue())

    assert not words(" ".join(cell for row in rows for cell in row)) - words(document.text)
    assert round_trips(document)


@given(st.text(st.sampled_from('a1,"\n \t;\r'), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_quoting_however_broken_fails_or_hangs(source: str) -> None:
    result = read("x,y\n" + source)

    assert all(round_trips(document) for document in result.parsed)
    assert all(record.reason in (Reason.BAD_RECORD, Reason.EMPTY_AFTER_PARSE) for record in result.rejected)


@pytest.mark.gate
@pytest.mark.parametrize("records", ["rows", "file"])
def test_twenty_megabytes_stay_below_a_gibibyte(records: str, tmp_path: Path) -> None:
    source = tmp_path / "large.csv"
    row = (
        '{0},2024-01-01T00:00:00Z,some subject words {0},"a body, with words that go on for a while longer"\n'
    )
    source.write_text("id,at,subject,body\n" + "".join(row.format(at) for at in range(200_000)))
    assert source.stat().st_size > 20_000_000
    program = """
import resource, sys
from pathlib import Path
from transforms.parsers.params import ParseParams
from transforms.parsers.records import parse_csv
result = parse_csv(Path(sys.argv[1]).read_bytes(), key="a.csv", params=ParseParams(records=sys.argv[2]))
print(len(result.parsed), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

    ran = subprocess.run(
        [sys.executable, "-c", program, str(source), records], cwd=REPOSITORY, capture_output=True, check=True
    )

    count, peak_kib = map(int, ran.stdout.split())
    assert count == (200_000 if records == "rows" else 1)
    assert peak_kib < 2**20


# json


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
    assert round_trips(document)


# xlsx


def test_rows_of_every_sheet_are_documents_under_its_own_header() -> None:
    content = workbook(
        One=[["id", "b"], ["x", "1"], [None, None], ["y", 2]], Two=[["b", "id", "c"], [3.0, "z", True]]
    )

    result = read(content, parse_xlsx, record_key="id")

    assert [document.record for document in result.parsed] == ["x", "y", "z"]
    assert result.parsed[2].text == "b: 3\n\nid: z\n\nc: true"


def test_cells_of_a_workbook_are_text_as_it_was_typed() -> None:
    rows = [["code", "day", "at", "share"], ["007", date(2025, 5, 6), datetime(2025, 5, 6, 16, 12), 0.25]]  # noqa: DTZ001 - sheets know no zones

    (document,) = read(workbook(One=rows), parse_xlsx).parsed

    assert document.text.split("\n\n") == [
        "code: 007",
        "day: 2025-05-06",
        "at: 2025-05-06 16:12:00",
        "share: 0.25",
    ]


def test_a_workbook_is_one_document_with_a_heading_and_a_table_per_sheet() -> None:
    document = whole(workbook(Parts=[["id", "b"], ["x", 1]], Void=[], Prices=[["id"], ["y"]]), parse_xlsx)

    assert [part.type for part in document.elements] == ["heading", "table", "heading", "table"]
    assert document.elements[1].headings == ("Parts",)
    assert "| x | 1 |" in document.text
    assert document.title is None


def test_a_sheet_without_the_columns_asked_for_is_rejected_alone() -> None:
    content = workbook(Notes=[["remark"], ["hello"]], Parts=[["id", "b"], ["x", 1]])

    result = read(content, parse_xlsx, record_key="id")

    assert [document.record for document in result.parsed] == ["x"]
    assert bad(result) == [("Notes", Reason.BAD_RECORD)]


def repacked(content: bytes, name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, body if part == name else old.read(part))
    return out.getvalue()


SMALL = workbook(One=[["id"], ["x"]])
SHEET = "xl/worksheets/sheet1.xml"
BOMB = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        SMALL[:-40],
        SMALL[: len(SMALL) // 2],
        repacked(SMALL, "xl/workbook.xml", b"<workbook"),
        repacked(SMALL, SHEET, b"<worksheet><sheetData><row><c>"),
        repacked(SMALL, SHEET, BOMB),
        repacked(SMALL, SHEET, BOMB.decode().encode("utf-16")),
        repacked(SMALL, "[Content_Types].xml", BOMB),
    ],
)
@pytest.mark.parametrize("records", ["rows", "file"])
def test_what_is_no_workbook_or_declares_entities_is_corrupt(content: bytes, records: str) -> None:
    assert refusal(content, parse_xlsx, records=records).reason is Reason.CORRUPT


def declared(content: bytes, *, packed: int, size: int) -> bytes:
    """The workbook with other sizes in its list of parts, where a reader looks before it unpacks."""
    at = content.rindex(b"PK\1\2", 0, content.rindex(SHEET.encode()))
    return content[: at + 20] + struct.pack("<II", packed, size) + content[at + 28 :]


@pytest.mark.parametrize(
    "content",
    [
        repacked(SMALL, SHEET, b" " * 30_000_000),
        declared(SMALL, packed=100_000_000, size=300_000_000),
    ],
)
def test_a_workbook_that_unpacks_to_too_much_is_too_large_before_it_is_unpacked(content: bytes) -> None:
    assert refusal(content, parse_xlsx).reason is Reason.TOO_LARGE


def sheet(*rows: str, before: str = "") -> bytes:
    """A workbook whose only sheet is written by hand."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'
    body = f'<worksheet xmlns="{namespace}">{before}<sheetData>{first}{"".join(rows)}</sheetData></worksheet>'
    return repacked(SMALL, SHEET, body.encode())


def test_rows_beyond_what_a_sheet_says_of_its_size_are_read() -> None:
    content = sheet('<row r="2"><c r="A2"><v>7</v></c></row>', before='<dimension ref="A1:A1"/>')

    assert read(content, parse_xlsx).parsed[0].text == "id: 7"


@pytest.mark.parametrize("records", ["rows", "file"])
def test_cells_far_out_do_not_hang(records: str) -> None:
    content = sheet(*(f'<row r="{at}"><c r="XFD{at}"><v>1</v></c></row>' for at in range(2, 1002)))

    assert refusal(content, parse_xlsx, records=records).reason is Reason.TOO_LARGE
