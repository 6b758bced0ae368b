"""What a PDF becomes: paragraphs, headings, tables and page numbers, or a reason why not."""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.params import ParseParams
from transforms.parsers.pdf import parse

REPOSITORY = Path(__file__).parents[3]
SHARED = Path(os.environ.get("HEADWATER_SHARED", REPOSITORY.parent / "shared"))
FILINGS = SHARED / "data" / "retrieval" / "financebench_dev"
needs_filings = pytest.mark.skipif(not FILINGS.is_dir(), reason=f"{FILINGS} is not there")

REGULAR, BOLD = "F1", "F2"


@dataclass
class Page:
    """A page under construction: letters at exact places, as any writer of PDFs draws them."""

    drawn: list[str] = field(default_factory=list)
    rotate: int = 0

    def put(self, text: str, x: float, y: float, *, size: float = 10, font: str = REGULAR) -> "Page":
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.drawn.append(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET")
        return self

    def lines(
        self, *texts: str, x: float = 72, y: float = 700, size: float = 10, font: str = REGULAR
    ) -> "Page":
        for at, text in enumerate(texts):
            self.put(text, x, y - 1.2 * size * at, size=size, font=font)
        return self

    def row(self, label: str, *figures: str, y: float) -> "Page":
        self.put(label, 72, y)
        for at, figure in enumerate(figures):
            self.put(figure, 340 + 90 * at - 5 * len(figure), y)
        return self


def pdf(
    *pages: Page, info: str = "", catalog: str = "", trailer: str = "", extra: tuple[str, ...] = ()
) -> bytes:
    fonts = ("Helvetica", "Helvetica-Bold")
    bodies = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", "", f"<< {info} >>"]
    bodies += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in fonts
    ]
    bodies += extra
    kids = []
    for page in pages:
        stream = "\n".join(page.drawn)
        bodies.append(f"<< /Length {len(stream.encode('latin-1'))} >>\nstream\n{stream}\nendstream")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {page.rotate}"
            f" /Contents {len(bodies)} 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>"
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    root = f"/Size {len(bodies) + 1} /Root 1 0 R /Info 3 0 R"
    tail = f"trailer\n<< {root} {trailer} >>\nstartxref\n{start}\n%%EOF\n"
    return out + head.encode() + tail.encode("latin-1")


def read(*pages: Page, **parts: str) -> Parsed:
    (document,) = parse(pdf(*pages, **parts), key="a.pdf", params=ParseParams()).parsed
    return document


def parts(document: Parsed, kind: str) -> list[str]:
    return [document.text[part.start : part.end] for part in document.elements if part.type == kind]


def refusal(content: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(content, key="a.pdf", params=ParseParams())
    return caught.value


PROSE = (
    "The gauge measures the level of the river every ten minutes and sends",
    "it to the station, which keeps the last three days in case the radio",
    "link is down, and repeats them when it is back.",
)


def test_lines_of_a_paragraph_are_joined_and_a_gap_begins_the_next() -> None:
    document = read(Page().lines(*PROSE).lines("A second paragraph.", y=640))

    assert parts(document, "paragraph") == [" ".join(PROSE), "A second paragraph."]


def test_every_element_knows_its_page() -> None:
    document = read(Page().lines("One."), Page().lines("Two."), Page().lines("Three."))

    assert [(part.page, document.text[part.start : part.end]) for part in document.elements] == [
        (1, "One."),
        (2, "Two."),
        (3, "Three."),
    ]


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (("It gives informa-", "tion on the level."), "It gives information on the level."),
        (("A long-term plan.", "It is a long-", "term plan."), "A long-term plan. It is a long-term plan."),
        (
            ("Information in formation.", "The in-", "formation."),
            "Information in formation. The information.",
        ),
        (("The Black-", "Scholes model."), "The Black-Scholes model."),
    ],
)
def test_a_word_broken_at_a_lines_end_is_one_word_and_a_real_hyphen_stays(
    lines: tuple[str, ...], whole: str
) -> None:
    assert parts(read(Page().lines(*lines)), "paragraph") == [whole]


def test_larger_letters_and_short_bold_lines_are_headings_ranked_by_size() -> None:
    page = (
        Page()
        .put("Field guide", 72, 740, size=20)
        .put("Installing", 72, 700, size=14)
        .put("Before you start", 72, 670, font=BOLD)
        .lines(*PROSE, y=655)
    )

    document = read(page)

    headings = [(part.depth, part.headings[-1]) for part in document.elements if part.type == "heading"]
    assert headings == [(1, "Field guide"), (2, "Installing"), (3, "Before you start")]
    assert document.elements[-1].headings == ("Field guide", "Installing", "Before you start")
    assert document.title == "Field guide"


def test_bold_sentences_and_bold_words_inside_a_line_are_no_headings() -> None:
    page = Page().lines(*PROSE).put("Note:", 72, 640, font=BOLD).put("keep the lid closed.", 105, 640)

    assert not parts(read(page), "heading")


def test_a_heading_repeated_atop_the_next_page_keeps_its_section_open() -> None:
    first = Page().put("Notes", 72, 740, size=16).put("Leases", 72, 710, font=BOLD).lines(*PROSE, y=690)
    second = Page().put("Notes", 72, 740, size=16).lines(*PROSE, y=690)

    document = read(first, second)

    assert document.elements[-1].headings == ("Notes", "Leases")
    assert document.text.count("Notes") == 2


def test_a_bold_footer_is_not_a_heading() -> None:
    page = (
        Page().put("Leases", 72, 710, font=BOLD).lines(*PROSE, y=690).put("Annual report", 72, 40, font=BOLD)
    )

    assert parts(read(page), "heading") == ["# Leases"]


def test_a_tables_label_and_figures_stay_in_one_row() -> None:
    page = Page().lines(*PROSE)
    page.row("", "2023", "2022", y=640).row("Net sales", "1,234", "(56)", y=626).row(
        "Cost of sales", "78", "9", y=612
    )

    (table,) = parts(read(page), "table")

    assert table.splitlines() == [
        "|  | 2023 | 2022 |",
        "| --- | --- | --- |",
        "| Net sales | 1,234 | (56) |",
        "| Cost of sales | 78 | 9 |",
    ]


def test_a_currency_sign_set_apart_stays_with_its_number() -> None:
    page = (
        Page()
        .row("Total", "12", "7", y=700)
        .put("$", 300, 700)
        .put("$", 390, 700)
        .row("Rest", "3", "4", y=686)
    )

    (table,) = parts(read(page), "table")

    assert "| Total | $ 12 | $ 7 |" in table


def test_a_header_drawn_cell_by_cell_in_several_lines_is_one_row() -> None:
    page = Page()
    for x, month in ((300, "January"), (390, "February")):
        page.put(month, x, 720).put("28,", x + 10, 708).put("2023", x + 8, 696)
    page.row("Net sales", "1,234", "56", y=682).row("Profit", "78", "9", y=668)

    (table,) = parts(read(page), "table")

    assert table.splitlines()[0] == "|  | January 28, 2023 | February 28, 2023 |"


def test_cells_drawn_out_of_order_are_read_from_left_to_right() -> None:
    page = Page()
    for y, label, *figures in ((700, "Sales", "11", "12", "13"), (686, "Costs", "21", "22", "23")):
        page.put(label, 72, y)
        for at in (1, 2, 0):
            page.put(figures[at], 300 + 70 * at, y)

    (table,) = parts(read(page), "table")

    assert table.splitlines()[2:] == ["| Sales | 11 | 12 | 13 |", "| Costs | 21 | 22 | 23 |"]


def test_a_footnotes_mark_drawn_last_stands_behind_its_word() -> None:
    page = Page().lines("Sales of the year", "were high.").lines("More follows.", y=600)
    page.put("(a)", 72 + 78, 704, size=6)

    assert "year (a) were" in read(page).text


def test_a_wrapped_label_and_its_figures_are_one_row() -> None:
    page = Page().row("", "2023", "2022", y=714).row("Sales", "5", "6", y=700)
    page.row("Provision for taxes on", y=686).row("income", "7", "8", y=674)

    (table,) = parts(read(page), "table")

    assert "| Provision for taxes on income | 7 | 8 |" in table


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    page = Page()
    for at in range(6):
        page.put(f"left line {at} with a few more words", 50, 700 - 12 * at)
        page.put(f"right line {at} with a few more words", 330, 700 - 12 * at)

    text = read(page).text

    assert text.index("left line 5") < text.index("right line 0")


def test_bullets_are_list_items_with_their_continuation() -> None:
    page = Page().lines("You need:", y=720)
    for y, item in ((700, "a wrench that fits the bolts of"), (676, "a ladder")):
        page.put("\u2022".encode("cp1252").decode("latin-1"), 72, y).put(item, 90, y)
    page.put("the bracket", 90, 688)

    assert parts(read(page), "list_item") == ["- a wrench that fits the bolts of the bracket", "- a ladder"]


def test_letters_drawn_one_by_one_beside_a_tall_column_are_words() -> None:
    page, x = Page().lines(*["mark"] * 60, x=400, y=760), 72.0
    widths = {"w": 7.22, "a": 5.56, "t": 2.78, "e": 5.56, "r": 3.33}  # Helvetica at 10 points
    for letter in "water":
        page.put(letter, round(x, 2), 405)
        x += widths[letter]

    # PDFium takes such a page for vertical writing and breaks the line after every letter.
    assert "water" in read(page).text


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_reads_like_any_other(turn: int) -> None:
    matrix = {90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}[turn]
    step = {90: (12, 0), 180: (0, 12), 270: (-12, 0)}[turn]
    page = Page(rotate=turn)
    for at, line in enumerate(PROSE):
        x, y = 300 + step[0] * at, 400 + step[1] * at
        page.drawn.append(f"BT /F1 10 Tf {matrix} {x} {y} Tm ({line}) Tj ET")

    assert parts(read(page), "paragraph") == [" ".join(PROSE)]


def running(pages: int, header: str = "Sallowbrook Instruments") -> list[Page]:
    return [
        Page()
        .put(header, 72, 760)
        .lines(f"Chapter about matter {'abcdefghijkl'[at]}.")
        .put(f"Page {at + 3}", 290, 30)
        for at in range(pages)
    ]


def test_running_lines_go_but_their_words_stay_once() -> None:
    document = read(*running(8))

    assert document.text.count("Sallowbrook Instruments") == 1
    assert re.findall(r"Page \d+", document.text) == ["Page 3"]
    assert document.text.count("Chapter about") == 8
    assert document.flags == ("running_lines_removed",)


def test_a_line_on_sixty_percent_of_the_pages_stays() -> None:
    bare = [Page().lines(f"Something about {name}.") for name in ("rivers", "levels", "masts", "bolts")]

    document = read(*[Page().put("Header", 72, 760).lines(f"Text {name}.") for name in "abcdef"], *bare)

    assert document.text.count("Header") == 6
    assert document.flags == ()


def test_numbers_that_do_not_count_the_pages_stay() -> None:
    document = read(*[Page().lines("Filler text.", y=400).put(str(at * at + 7), 290, 30) for at in range(8)])

    assert all(re.search(rf"^{at * at + 7}$", document.text, re.MULTILINE) for at in range(8))


def test_pages_without_text_are_flagged_and_keep_the_numbers_right() -> None:
    document = read(Page().lines("One."), Page(), Page().lines("Three."))

    assert document.flags == ("pages_without_text",)
    assert [part.page for part in document.elements] == [1, 3]


def test_pictures_of_text_need_ocr() -> None:
    assert refusal(pdf(Page(), Page())).reason is Reason.NEEDS_OCR


def test_an_encrypted_pdf_is_rejected_and_says_so() -> None:
    lock = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + "41" * 32 + "> /U <" + "42" * 32 + "> >>"
    trailer = f"/Encrypt {lock} /ID [<{'00' * 16}> <{'00' * 16}>]"

    refused = refusal(pdf(Page().lines("Secret."), trailer=trailer))

    assert refused.reason is Reason.CORRUPT
    assert "encrypted" in refused.message


@pytest.mark.parametrize(
    "content",
    [
        b"not a pdf at all",
        b"%PDF-1.7\n%%EOF\n",
        pdf(Page().lines(*PROSE)).partition(b"startxref")[0],
        pdf(Page().lines(*PROSE))[: len(pdf(Page().lines(*PROSE))) // 2],
        b"",
    ],
)
def test_what_is_damaged_or_cut_off_is_corrupt(content: bytes) -> None:
    assert refusal(content).reason is Reason.CORRUPT


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ("/Title (Field guide)", "Field guide"),
        ("/Title (Microsoft Word - Field guide.docx)", "Field guide"),
        ("/Title (0001065280-16-000047)", "Bookmarked"),
        ("/Title (untitled)", "Bookmarked"),
        ("/Title (field_guide_v2_final)", "Bookmarked"),
        ("", "Bookmarked"),
    ],
)
def test_the_title_is_the_files_own_or_its_first_bookmark(info: str, title: str) -> None:
    outline = "<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>"
    bookmark = "<< /Title (Bookmarked) /Parent 6 0 R >>"
    content = pdf(Page().lines(*PROSE), info=info, catalog="/Outlines 6 0 R", extra=(outline, bookmark))

    (document,) = parse(content, key="a.pdf", params=ParseParams()).parsed

    assert document.title == title


LETTERS = st.text(
    "abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9
)  # single ones in a column are one word
PLACED = st.lists(
    st.tuples(LETTERS, st.integers(0, 3), st.sampled_from([8, 10, 14]), st.sampled_from([REGULAR, BOLD])),
    min_size=1,
    max_size=25,
)


@given(st.lists(PLACED, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_word_drawn_is_in_the_text_once_and_every_span_round_trips(
    drawn: list[list[tuple[str, int, int, str]]],
) -> None:
    pages = []
    for words in drawn:
        pages.append(Page())
        for at, (word, column, size, font) in enumerate(words):
            pages[-1].put(word, 40 + 140 * column, 770 - 30 * at, size=size, font=font)

    document = read(*pages)

    assert Counter(re.findall("[a-z]+", document.text)) == Counter(
        word for words in drawn for word, *_ in words
    )
    assert "\n\n".join(document.text[part.start : part.end] for part in document.elements) == document.text
    assert all(part.page in range(1, len(drawn) + 1) for part in document.elements)


@given(st.binary(max_size=300), st.integers(0, 2000))
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_a_rejection_or_a_document_and_never_a_crash(junk: bytes, place: int) -> None:
    whole = pdf(Page().lines(*PROSE), Page().row("Sales", "1", "2", y=700).row("Costs", "3", "4", y=686))
    content = whole[:place] + junk + whole[place + len(junk) :]

    outcome = attempt(content)

    if isinstance(outcome, Reason):
        assert outcome in (Reason.CORRUPT, Reason.NEEDS_OCR)
    else:
        assert not re.search("[\0\ud800-\udfff]", outcome.text)


def attempt(content: bytes) -> Parsed | Reason:
    try:
        return parse(content, key="a.pdf", params=ParseParams()).parsed[0]
    except Rejected as refused:
        return refused.reason


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
