from __future__ import annotations

from typing import Any

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import outline, path_of, read, texts, word_file, zipped

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def handbook(document: Any) -> None:
    document.core_properties.title = "The handbook"
    document.sections[0].header.paragraphs[0].text = "page header"
    document.add_heading("Leave", 1)
    document.add_paragraph("Ask first.")
    document.add_paragraph("7")
    document.add_heading("Days", 2)
    document.add_paragraph("paid", style="List Bullet")
    document.add_paragraph("summer", style="List Bullet 2")
    document.add_paragraph("one", style="List Number")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(rows=2, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Team | unit"
    table.cell(0, 2).text = "Days"
    for at, text in enumerate(("A", "b\nc", "25")):
        table.cell(1, at).text = text
    document.add_heading("Other", 1)
    document.add_paragraph("a").add_run().add_break()


def add_xml(document: Any, xml: str) -> None:
    from docx.oxml import parse_xml

    document.add_paragraph("before ")._p.append(parse_xml(xml))


def test_a_document_becomes_headings_lists_and_tables_in_order() -> None:
    parsed = read("a.docx", word_file(handbook))

    assert parsed.title == "The handbook"
    assert outline(parsed) == [
        ("heading", "# Leave"),
        ("paragraph", "Ask first."),
        ("paragraph", "7"),
        ("heading", "## Days"),
        ("list_item", "- paid"),
        ("list_item", "  - summer"),
        ("list_item", "1. one"),
        ("list_item", "2. two"),
        ("table", "| Team \\| unit |  | Days |\n| --- | --- | --- |\n| A | b c | 25 |"),
        ("heading", "# Other"),
        ("paragraph", "a"),
    ]
    assert path_of(parsed, "summer") == ("Leave", "Days")


@pytest.mark.parametrize(
    "made_up", ["", "Microsoft Word - plan.doc", "leave-policy.docx", "Document 1", "Untitled"]
)
def test_a_title_that_no_author_wrote_gives_way_to_the_first_heading(made_up: str) -> None:
    def fill(document: Any) -> None:
        document.core_properties.title = made_up
        document.add_heading("Leave", 0)

    assert read("leave-policy.docx", word_file(fill)).title == "Leave"


@pytest.mark.parametrize(
    "xml",
    [
        f"<w:ins {W}><w:r><w:t>words</w:t></w:r></w:ins>",
        f"<w:smartTag {W} w:element='x'><w:smartTagPr/><w:r><w:t>words</w:t></w:r></w:smartTag>",
        f"<w:fldSimple {W} w:instr='TITLE'><w:r><w:t>words</w:t></w:r></w:fldSimple>",
        f"<w:sdt {W}><w:sdtPr/><w:sdtContent><w:r><w:t>words</w:t></w:r></w:sdtContent></w:sdt>",
        f"<w:r {W}><w:txbxContent><w:p><w:r><w:t>words</w:t></w:r></w:p></w:txbxContent></w:r>",
    ],
    ids=["inserted", "smart tag", "field", "content control", "text box"],
)
def test_words_inside_what_word_wraps_around_them_are_kept(xml: str) -> None:
    assert "words" in read("a.docx", word_file(lambda document: add_xml(document, xml))).text


def test_a_block_in_a_content_control_is_kept_where_it_stands() -> None:
    from docx.oxml import parse_xml

    def fill(document: Any) -> None:
        within = "<w:p><w:r><w:t>within</w:t></w:r></w:p>"
        control = parse_xml(f"<w:sdt {W}><w:sdtContent>{within}</w:sdtContent></w:sdt>")
        document.add_paragraph("before")._p.addnext(control)
        document.add_paragraph("after")

    assert read("a.docx", word_file(fill)).text == "before\n\nwithin\n\nafter"


def test_deleted_words_stay_out() -> None:
    xml = f"<w:del {W}><w:r><w:delText>gone</w:delText></w:r></w:del>"

    assert read("a.docx", word_file(lambda document: add_xml(document, xml))).text.strip() == "before"


def test_footnotes_follow_at_the_end() -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    runs = "<w:r><w:t>the small</w:t></w:r><w:r><w:t> print</w:t></w:r>"
    note = f"<w:footnote w:id='2'><w:p>{runs}</w:p></w:footnote>"
    line = "<w:footnote w:type='separator' w:id='0'><w:p/></w:footnote>"
    notes = f"<w:footnotes {W}>{line}{note}</w:footnotes>"

    def fill(document: Any) -> None:
        document.add_paragraph("text")
        part = Part(PackURI("/word/footnotes.xml"), "application/xml", notes.encode(), document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)

    assert texts(read("a.docx", word_file(fill)), "paragraph") == ["text", "[2]: the small print"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is no zip archive", Reason.CORRUPT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x01" * 600, Reason.CORRUPT),
        (word_file(handbook)[:-400], Reason.CORRUPT),
        (word_file(handbook)[:3_000] + b"\x00" * 3_000 + word_file(handbook)[6_000:], Reason.CORRUPT),
        (zipped({"readme.txt": "no document in here"}), Reason.CORRUPT),
        (zipped({"word/document.xml": b"0" * 30_000_000}), Reason.TOO_LARGE),
    ],
    ids=["text", "old format", "cut off", "damaged", "another zip", "bomb"],
)
def test_what_is_no_word_document_is_rejected_with_its_reason(content: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read("a.docx", content)

    assert caught.value.reason is reason
