"""What real PDFs become: companies' filings, whose evidence stands on its page, whose tables read by row."""

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from transforms.parsers.params import ParseParams
from transforms.parsers.pdf import parse

REPOSITORY = Path(__file__).parents[3]
SHARED = Path(os.environ.get("HEADWATER_SHARED", REPOSITORY.parent / "shared"))
FILINGS = SHARED / "data" / "retrieval" / "financebench_dev"
needs_filings = pytest.mark.skipif(not FILINGS.is_dir(), reason=f"{FILINGS} is not there")


def evidence_found(names: set[str] | None) -> tuple[int, int, int]:
    """How many words of the evidence stand on its page: in our text, in PDFium's plain text, in all."""
    import pypdfium2

    ours = plain = total = 0
    pages: dict[str, tuple[dict[int, Counter[str]], list[Counter[str]]]] = {}
    for line in (FILINGS / "evidence.jsonl").read_text().splitlines():
        evidence = json.loads(line)
        name = evidence["doc"]
        if names is not None and name not in names:
            continue
        if name not in pages:
            content = (FILINGS / "pdfs" / f"{name}.pdf").read_bytes()
            (document,) = parse(content, key=name, params=ParseParams()).parsed
            by_page: dict[int, Counter[str]] = {}
            for part in document.elements:
                by_page.setdefault(part.page or 0, Counter()).update(
                    words(document.text[part.start : part.end])
                )
            with pypdfium2.PdfDocument(content) as opened:
                pages[name] = by_page, [words(page.get_textpage().get_text_range()) for page in opened]
        asked, page = words(evidence["text"]), evidence["page"] + 1
        ours += (asked & pages[name][0].get(page, Counter())).total()
        plain += (asked & pages[name][1][page - 1]).total()
        total += asked.total()
    return ours, plain, total


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d[\d.,]*\d|[^\W_]+", text.lower()))


@needs_filings
def test_the_evidence_of_short_filings_stands_on_its_page() -> None:
    ours, plain, total = evidence_found(
        {"ULTABEAUTY_2023Q4_EARNINGS", "AMCOR_2023Q4_EARNINGS", "AMCOR_2023Q2_10Q"}
    )

    assert total > 300
    assert ours >= plain
    assert ours >= 0.98 * total


@needs_filings
def test_the_income_statement_of_a_real_filing_reads_row_by_row() -> None:
    content = (FILINGS / "pdfs" / "ULTABEAUTY_2023Q4_EARNINGS.pdf").read_bytes()

    (document,) = parse(content, key="ulta.pdf", params=ParseParams()).parsed

    assert document.title == "Ulta Beauty Announces Fourth Quarter Fiscal 2022 Results"
    assert "| Net sales | $ 3,226,773 | 100.0% | $ 2,729,388 | 100.0% |" in document.text
    assert "| Gross profit | 1,212,503 | 37.6% | 1,027,329 | 37.6% |" in document.text


@needs_filings
def test_a_real_table_whose_cells_pdfium_reads_out_of_order_is_put_right() -> None:
    content = (FILINGS / "pdfs" / "JOHNSON_JOHNSON_2023Q2_EARNINGS.pdf").read_bytes()

    (document,) = parse(content, key="jnj.pdf", params=ParseParams()).parsed

    assert "| U.S. | $ 1,787 | 1,687 | 6.0 % | 6.0 | - | $ 3,522 | 3,244 | 8.6 % | 8.6 | - |" in document.text


@needs_filings
@pytest.mark.gate
def test_the_evidence_of_all_filings_stands_on_its_page() -> None:
    ours, plain, total = evidence_found(None)

    # What is missing against the plain text are running lines, which stay once per document.
    assert ours >= 0.973 * total
    assert ours >= 0.995 * plain
