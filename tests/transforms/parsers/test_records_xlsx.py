"""Workbooks: every sheet is read under its own header, cells as typed; what unpacks to too much is not."""

import io
import struct
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from schemas.quarantine import Reason
from tests.transforms.parsers.made import saved
from tests.transforms.parsers.records import bad, read, refusal, whole
from transforms.parsers.records import parse_xlsx


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return saved(book)


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
