"""CSV: one bad row costs no other, no word is lost whatever the quoting, and what is too large is refused."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.quarantine import Reason
from tests.transforms.parsers.made import spans_are_whole
from tests.transforms.parsers.records import bad, read, refusal, whole, words

REPOSITORY = Path(__file__).parents[3]


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
            assert spans_are_whole(document)


@given(GRIDS)
@settings(deadline=None)
def test_every_word_of_every_cell_is_in_the_table(rows: list[list[str]]) -> None:
    source = io.StringIO()
    csv.writer(source, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["head"], *rows])

    document = whole(source.getvalue())

    assert not words(" ".join(cell for row in rows for cell in row)) - words(document.text)
    assert spans_are_whole(document)


@given(st.text(st.sampled_from('a1,"\n \t;\r'), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_quoting_however_broken_fails_or_hangs(source: str) -> None:
    result = read("x,y\n" + source)

    assert all(spans_are_whole(document) for document in result.parsed)
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
