"""How tables of a PDF are read: a label and its figures are one row, whatever order they are drawn in."""

from tests.transforms.parsers.drawn import PROSE, Page, read
from tests.transforms.parsers.made import texts


def test_a_tables_label_and_figures_stay_in_one_row() -> None:
    page = Page().lines(*PROSE)
    page.row("", "2023", "2022", y=640).row("Net sales", "1,234", "(56)", y=626).row(
        "Cost of sales", "78", "9", y=612
    )

    (table,) = texts(read(page), "table")

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

    (table,) = texts(read(page), "table")

    assert "| Total | $ 12 | $ 7 |" in table


def test_a_header_drawn_cell_by_cell_in_several_lines_is_one_row() -> None:
    page = Page()
    for x, month in ((300, "January"), (390, "February")):
        page.put(month, x, 720).put("28,", x + 10, 708).put("2023", x + 8, 696)
    page.row("Net sales", "1,234", "56", y=682).row("Profit", "78", "9", y=668)

    (table,) = texts(read(page), "table")

    assert table.splitlines()[0] == "|  | January 28, 2023 | February 28, 2023 |"


def test_cells_drawn_out_of_order_are_read_from_left_to_right() -> None:
    page = Page()
    for y, label, *figures in ((700, "Sales", "11", "12", "13"), (686, "Costs", "21", "22", "23")):
        page.put(label, 72, y)
        for at in (1, 2, 0):
            page.put(figures[at], 300 + 70 * at, y)

    (table,) = texts(read(page), "table")

    assert table.splitlines()[2:] == ["| Sales | 11 | 12 | 13 |", "| Costs | 21 | 22 | 23 |"]


def test_a_wrapped_label_and_its_figures_are_one_row() -> None:
    page = Page().row("", "2023", "2022", y=714).row("Sales", "5", "6", y=700)
    page.row("Provision for taxes on", y=686).row("income", "7", "8", y=674)

    (table,) = texts(read(page), "table")

    assert "| Provision for taxes on income | 7 | 8 |" in table
