"""Workbooks by openpyxl: what may be unpacked, and the rows of its sheets as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.params import BadRecord, ParseParams
from transforms.parsers.records_csv import CELLS_MAX, check_size, column_names
from transforms.parsers.records_rows import Row, lacking_columns, scalar

UNPACKED_MAX = 200 * 2**20
"""Bytes that a workbook may declare to unpack to, all parts together."""
RATIO_MAX = 200
"""How many times its packed size; real sheets reach about 30, a bomb 1,000."""
RATIO_FROM = 2**20
"""Below this many bytes unpacked the ratio says nothing: an empty sheet packs well."""
DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
"""What only a part with entities holds; Office's parts never do (ECMA-376 part 2 forbids them)."""
SCAN = 2**20


def xlsx_rows(content: bytes, params: ParseParams) -> Iterator[Row | BadRecord]:
    """Yield the records of every sheet under the sheet's own header, numbered through."""
    number = 0
    for title, rows in _sheets(content):
        header = next(rows, None)
        names = column_names(header or [])
        if header and (lacking := lacking_columns(names, params)):
            yield BadRecord(record=title, reason=Reason.BAD_RECORD, message=f"sheet {title!r}: {lacking}")
            continue
        for row in rows:
            number += 1
            named = [*names, *(f"column {at}" for at in range(len(names) + 1, len(row) + 1))]
            yield Row(number, None, dict(zip(named, row, strict=False)))


def xlsx_document(content: bytes) -> Parsed:
    """Return the whole workbook as one document: a heading and a table per sheet."""
    builder = TextBuilder()
    for title, rows in _sheets(content):
        sheet = list(rows)
        check_size(len(sheet), max(map(len, sheet), default=0))
        if sheet:
            builder.heading(title)
            builder.table(sheet)
    builder.title = None  # a sheet's name is no title
    return builder.parsed()


def _sheets(content: bytes) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Yield every sheet's name and its rows that are not blank; take a sheet's rows before the next sheet."""
    import openpyxl

    _check(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its XML gives rise to
        raise Rejected(Reason.CORRUPT, f"not a workbook that openpyxl can read: {_named(error)}") from error
    try:
        for sheet in book.worksheets:
            yield scalar(sheet.title), _rows(sheet)
    finally:
        book.close()


def _check(content: bytes) -> None:
    """Look at a workbook before it is unpacked. Raises Rejected."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            size, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
            if size > UNPACKED_MAX or (size > RATIO_FROM and size > RATIO_MAX * max(packed, 1)):
                raise Rejected(Reason.TOO_LARGE, f"unpacks from {packed:,} to {size:,} bytes")
            for part in parts:
                _check_part(archive, part)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise Rejected(
            Reason.CORRUPT, f"not a workbook, or a damaged or locked one: {_named(error)}"
        ) from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
        return
    overlap = b""
    with archive.open(part) as stream:
        while block := stream.read(SCAN):
            if any(word in overlap + block for word in DECLARATIONS):
                raise Rejected(Reason.CORRUPT, f"{part.filename} declares entities, which no workbook does")
            overlap = block[-32:]


def _rows(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what the file says of its own size is often wrong
    cells = 0
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise Rejected(Reason.CORRUPT, f"sheet {sheet.title!r} is damaged: {_named(error)}") from error
        cells += len(row) + 1
        if cells > CELLS_MAX:
            raise Rejected(Reason.TOO_LARGE, f"more than {CELLS_MAX:,} cells; split the item")
        texts = [_text(value) for value in row]
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            yield texts


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return scalar(value)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"
