"""Rows of a csv file, each with the line it starts on; one bad row costs no other."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import BadRecord, ParseParams
from transforms.parsers.records_rows import NO_TEXT, RECORDS_MAX, Row, lacking_columns

COLUMNS_MAX = 16_384
"""As many as a sheet of a workbook can have (ECMA-376); more is not a table."""
CELLS_MAX = 5_000_000
"""Cells of one table, the blank ones that pad a short row counted: about 100 bytes each on the way."""
DELIMITERS = ",;\t|"


def csv_rows(text: str, delimiter: str, params: ParseParams) -> Iterator[Row | BadRecord]:
    """Yield the records under the header row, in order. Rejects the item if it lacks a column asked for."""
    rows = _rows(text, delimiter)
    names = column_names(next((fields for _, fields, _ in rows if fields), []))
    if lacking := lacking_columns(names, params):
        raise Rejected(Reason.BAD_RECORD, lacking)
    number = 0
    for line, fields, error in rows:
        if not fields and error is None:
            continue
        number += 1
        if error is None and len(fields) == len(names):
            yield Row(number, line, dict(zip(names, fields, strict=True)))
        else:
            why = error or f"{len(fields)} fields under a header of {len(names)}"
            yield BadRecord(record=str(number), reason=Reason.BAD_RECORD, message=f"line {line}: {why}")


def table_of_rows(text: str, delimiter: str) -> Parsed:
    """Return the whole file as one document: a table under the file's header."""
    rows: list[list[str]] = []
    flags: tuple[str, ...] = ()
    width = 0
    for _, fields, error in _rows(text, delimiter):
        check_size(len(rows) + 1, width := max(width, len(fields)))
        if fields:
            rows.append([NO_TEXT.sub("\ufffd", field) for field in fields])
        if error is not None or (fields and len(fields) != len(rows[0])):
            flags = ("ragged_rows",)
    builder = TextBuilder()
    builder.table(rows)
    return builder.parsed(flags=flags)


def column_names(header: list[str]) -> list[str]:
    """Return a name for every column: a blank one is numbered, a repeated one too."""
    if len(header) > COLUMNS_MAX:
        raise Rejected(Reason.TOO_LARGE, f"{len(header):,} columns; {COLUMNS_MAX:,} are the most")
    names: list[str] = []
    taken: set[str] = set()
    for at, title in enumerate(header, 1):
        name = " ".join(title.split()) or f"column {at}"
        name = name if name not in taken else f"{name} ({at})"
        names.append(name)
        taken.add(name)
    return names


def check_size(rows: int, columns: int) -> None:
    """Raise Rejected(TOO_LARGE) for a table that would not fit once its rows are padded to one width."""
    if columns > COLUMNS_MAX or rows > RECORDS_MAX or rows * columns > CELLS_MAX:
        raise Rejected(Reason.TOO_LARGE, f"a table of {rows:,} rows by {columns:,} columns; split the item")


def delimiter_of(text: str) -> str:
    """Return what separates the fields of the header: comma, semicolon, tab or bar."""
    header = next((line for line in io.StringIO(text) if line.strip()), "")
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=lambda mark: (bare.count(mark), -DELIMITERS.index(mark)))


class _Lines:
    """Hands lines to the csv reader, and can be set back to where one began."""

    def __init__(self, text: str) -> None:
        self._stream = io.StringIO(text, newline="\n")
        self._line = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self._line += 1
        return line

    def place(self) -> tuple[int, int]:
        """How many lines were handed out, and where the next one begins."""
        return self._line, self._stream.tell()

    def back_to(self, place: tuple[int, int]) -> None:
        self._line = place[0]
        self._stream.seek(place[1])


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield (line from 1, fields, what is wrong); a row that cannot be read is its line as one field.

    A quote that is never closed would swallow the rows below it. When that shows, only its own line is given
    up, and reading goes on with the next.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    while True:
        place = lines.place()
        try:
            fields, broken = next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            fields, broken = [], str(error)
        width = width or len(fields)
        if broken is None and len(fields) != width and _swallowed(lines, place, delimiter, width):
            broken = "a quote is not closed"
        if broken is not None:
            lines.back_to(place)
            fields = [next(lines).rstrip("\n")]
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        yield place[0] + 1, fields, broken


def _swallowed(lines: _Lines, place: tuple[int, int], delimiter: str, width: int) -> bool:
    """Whether the row took in several lines, the second of which is a row of its own."""
    after = lines.place()
    if after[0] - place[0] <= 1:
        return False
    lines.back_to(place)
    _, second = next(lines), next(lines)
    lines.back_to(after)
    try:
        return len(next(csv.reader([second], delimiter=delimiter, strict=True), [])) == width
    except csv.Error:
        return False
