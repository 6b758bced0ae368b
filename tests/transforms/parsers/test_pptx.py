from __future__ import annotations

from typing import Any

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import outline, path_of, read, slides, zipped


def talk(presentation: Any) -> None:
    from pptx.util import Inches

    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Leave"
    first.placeholders[1].text_frame.text = "Days"
    first.placeholders[1].text_frame.add_paragraph().text = "7"
    first.notes_slide.notes_text_frame.text = "say this\nand that"
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Rates"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(3), Inches(1)).table
    for at, text in enumerate(("Team", "Days", "A|B", "2\n5")):
        table.cell(at // 2, at % 2).text = text
    group = second.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1)).text_frame.text = "in a group"


def test_a_slide_is_a_heading_its_notes_and_its_text_with_its_number_as_the_page() -> None:
    parsed = read("a.pptx", slides(talk))

    assert parsed.title == "Leave"
    assert outline(parsed) == [
        ("heading", "# Leave"),
        ("paragraph", "say this\nand that"),
        ("paragraph", "Days"),
        ("paragraph", "7"),
        ("heading", "# Rates"),
        ("table", "| Team | Days |\n| --- | --- |\n| A\\|B | 2 5 |"),
        ("paragraph", "in a group"),
    ]
    assert [element.page for element in parsed.elements] == [1, 1, 1, 1, 2, 2, 2]
    assert path_of(parsed, "say this") == ("Leave",)
    assert path_of(parsed, "in a group") == ("Rates",)


@pytest.mark.parametrize(("own", "title"), [("Our leave", "Our leave"), ("PowerPoint Presentation", "Leave")])
def test_the_title_is_the_authors_else_the_first_slides(own: str, title: str) -> None:
    def fill(presentation: Any) -> None:
        talk(presentation)
        presentation.core_properties.title = own

    assert read("a.pptx", slides(fill)).title == title


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no zip", Reason.CORRUPT),
        (slides(talk)[:-500], Reason.CORRUPT),
        (zipped({"x": "y"}), Reason.CORRUPT),
        (zipped({"ppt/x": b"0" * 30_000_000}), Reason.TOO_LARGE),
    ],
)
def test_what_is_no_presentation_is_rejected_with_its_reason(content: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read("a.pptx", content)

    assert caught.value.reason is reason
