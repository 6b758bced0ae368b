"""Formats that hold records: csv, json, json lines and xlsx, as one document per record or one per item.

Nothing guesses types: a value is the text that stands in the file, so `007` stays `007` and `1.10` keeps its
zero. The readers are the standard library's and openpyxl; a reader that infers a schema would have to be told
not to, column by column, and would reject the whole file for one bad line.
"""

from __future__ import annotations

from transforms.parsers.encoding import decode_text
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.records_csv import csv_rows, delimiter_of, table_of_rows
from transforms.parsers.records_json import json_document, json_lines, json_records
from transforms.parsers.records_rows import documents
from transforms.parsers.records_xlsx import xlsx_document, xlsx_rows
from transforms.parsers.threads import threads


def parse_csv(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    """Return a csv or tsv file: a document per row under the header, or one document that is a table.

    A row with the wrong number of fields, or with a quote that is not closed, is rejected by its line number;
    in a file that is one document it stays in the table as it is, and the document is flagged `ragged_rows`.
    Rejects the item if it is not text (`bad_encoding`) or has too many rows or columns (`too_large`).
    """
    text = decode_text(content)
    delimiter = "\t" if key.lower().endswith((".tsv", ".tab")) else delimiter_of(text)
    if params.records == "rows":
        return documents(csv_rows(text, delimiter, params), params)
    return ParseResult(parsed=(table_of_rows(text, delimiter),))


def parse_json(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a json file: a document per record of its list, per thread of its messages, or one in all.

    As one document it has a heading per nested key.

    Rejects the item if it does not parse or is nested too deep (`corrupt`).
    """
    text = decode_text(content)
    if params.records == "rows":
        return documents(json_records(text), params)
    if params.records == "threads":
        return threads(json_records(text), params)
    return json_document(text, lines=False)


def parse_jsonl(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a file of json lines: a document per line, per thread of the messages in them, or one in all.

    A line that does not parse, or is no object, is rejected by its number.
    """
    text = decode_text(content)
    if params.records == "rows":
        return documents(json_lines(text), params)
    if params.records == "threads":
        return threads(json_lines(text), params)
    return json_document(text, lines=True)


def parse_xlsx(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a workbook: a document per row of its sheets, or one document with a table per sheet.

    Cells are the values last calculated. Rejects the item if it is not a workbook, or declares entities
    (`corrupt`), or would unpack to too much (`too_large`).
    """
    if params.records == "rows":
        return documents(xlsx_rows(content, params), params)
    return ParseResult(parsed=(xlsx_document(content),))
