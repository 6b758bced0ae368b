"""How a page of a PDF is read: its paragraphs, headings, columns, lists and running lines."""

import re

import pytest

from tests.transforms.parsers.drawn import BOLD, PROSE, Page, read
from tests.transforms.parsers.made import texts


def test_lines_of_a_paragraph_are_joined_and_a_gap_begins_the_next() -> None:
    document = read(Page().lines(*PROSE).lines("A second paragraph.", y=640))

    assert texts(document, "paragraph") == [" ".join(PROSE), "A second paragraph."]


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
    assert texts(read(Page().lines(*lines)), "paragraph") == [whole]


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

    assert not texts(read(page), "heading")


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

    assert texts(read(page), "heading") == ["# Leases"]


def test_a_footnotes_mark_drawn_last_stands_behind_its_word() -> None:
    page = Page().lines("Sales of the year", "were high.").lines("More follows.", y=600)
    page.put("(a)", 72 + 78, 704, size=6)

    assert "year (a) were" in read(page).text


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

    assert texts(read(page), "list_item") == ["- a wrench that fits the bolts of the bracket", "- a ladder"]


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

    assert texts(read(page), "paragraph") == [" ".join(PROSE)]


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
