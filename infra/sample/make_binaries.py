"""Writes the sample's .docx and .pdf files from the plain text in `_source/`; the same bytes on every run.

    python infra/sample/make_binaries.py

`_source/handbook/field/site-survey-guide.pdf.md` becomes `handbook/field/site-survey-guide.pdf`. A text
has six forms only: `# title`, `## heading`, `- item`, `1. item`, `| cell | cell |` and one-line paragraphs.
"""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document
    from docx.opc.rel import Relationships

SAMPLE = Path(__file__).resolve().parent
TEXTS = SAMPLE / "_source"
COMPANY = "Sallowbrook Instruments"
WRITTEN_AT = datetime(2026, 6, 1, tzinfo=UTC)
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
UNUSED_PARTS = ("/stylesWithEffects", "/customXml", "/thumbnail")
"""Parts of python-docx's template that no reader needs and that make up half of its size."""

FORMS = {
    "title": r"# (.+)",
    "heading": r"## (.+)",
    "bullet": r"- (.+)",
    "step": r"\d+\. (.+)",
    "row": r"\|(.+)\|",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A line of the source text and the form it has: a key of FORMS, or `paragraph`."""

    form: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """How a form looks on a PDF page. Sizes and spaces are in points, `wrap` in characters."""

    size: float
    before: float
    wrap: int
    indent: float = 0.0
    bold: bool = False


FACES = {
    "title": Face(size=20, before=0, wrap=42, bold=True),
    "heading": Face(size=14, before=16, wrap=60, bold=True),
    "paragraph": Face(size=10.5, before=6, wrap=92),
    "bullet": Face(size=10.5, before=3, wrap=88, indent=14),
    "step": Face(size=10.5, before=3, wrap=88, indent=14),
}
LEADING = 1.35
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 612.0, 792.0, 72.0
KEEP_WITH_NEXT = 60.0
"""Points that must be left below a heading, so that it does not end a page."""

PDF_SETTINGS: dict[Any, Any] = {
    "pdf.use14corefonts": True,
    "pdf.compression": 0,
    "font.family": "Helvetica",
    "text.parse_math": False,
}
"""Every PDF reader has these fonts; uncompressed, since compression differs between zlib builds."""


def binaries() -> dict[str, bytes]:
    """Return each generated file's content by its path in the sample."""
    writers: dict[str, Callable[[list[Block]], bytes]] = {".docx": docx_bytes, ".pdf": pdf_bytes}
    made = {}
    for text in sorted(TEXTS.rglob("*.md")):
        target = text.relative_to(TEXTS).with_suffix("")
        made[target.as_posix()] = writers[target.suffix](read_blocks(text.read_text(encoding="utf-8")))
    return made


def read_blocks(text: str) -> list[Block]:
    """Return the blocks of a source text, one for each line that is not empty."""
    return [_block(line) for line in text.splitlines() if line.strip()]


def docx_bytes(blocks: list[Block]) -> bytes:
    """Return a Word document with real heading styles, lists and tables."""
    import docx

    document = docx.Document()
    _fix_properties(document, blocks[0].text)
    _drop_unused(document)
    styles = {"title": "Heading 1", "heading": "Heading 2", "bullet": "List Bullet", "step": "List Number"}
    for form, run in _runs(blocks):
        if form == "row":
            _add_table(document, [block.text for block in run])
        else:
            for block in run:
                document.add_paragraph(block.text, style=styles.get(form, "Normal"))
    written = io.BytesIO()
    document.save(written)
    return _same_zip(written.getvalue())


def pdf_bytes(blocks: list[Block]) -> bytes:
    """Return letter pages with selectable text, larger headings, and a footer with the page number."""
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    title = blocks[0].text
    facts = {"Title": title, "Author": COMPANY, "Creator": COMPANY, "Producer": COMPANY, "CreationDate": None}
    pages = _pages(blocks)
    written = io.BytesIO()
    with mpl.rc_context(PDF_SETTINGS), PdfPages(written, metadata=facts) as pdf:
        for number, lines in enumerate(pages, start=1):
            figure = Figure(figsize=(PAGE_WIDTH / 72, PAGE_HEIGHT / 72))
            footer = f"{COMPANY} · {title} · page {number} of {len(pages)}"
            for x, y, text, face in [*lines, (MARGIN, MARGIN / 2, footer, Face(size=8, before=0, wrap=99))]:
                weight = "bold" if face.bold else "medium"
                figure.text(x / PAGE_WIDTH, y / PAGE_HEIGHT, text, fontsize=face.size, weight=weight)
            pdf.savefig(figure)
    return written.getvalue()


def _block(line: str) -> Block:
    for form, pattern in FORMS.items():
        if found := re.fullmatch(pattern, line.strip()):
            return Block(form=form, text=found.group(1).strip())
    return Block(form="paragraph", text=line.strip())


def _runs(blocks: list[Block]) -> Iterator[tuple[str, list[Block]]]:
    run: list[Block] = []
    for block in blocks:
        if run and block.form != run[0].form:
            yield run[0].form, run
            run = []
        run.append(block)
    yield run[0].form, run


def _add_table(document: Document, rows: list[str]) -> None:
    cells = [[cell.strip() for cell in row.split("|")] for row in rows if set(row) - set("-| ")]
    table = document.add_table(rows=len(cells), cols=len(cells[0]), style="Table Grid")
    for row, texts in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text


def _fix_properties(document: Document, title: str) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = title, COMPANY, COMPANY
    properties.created = properties.modified = WRITTEN_AT
    properties.revision, properties.comments = 1, ""


def _drop_unused(document: Document) -> None:
    for relationships in (document.part.rels, document.part.package.rels):
        _drop_parts(relationships)
    kept = {"Normal Table", "Table Grid"}
    for style in list(document.styles):
        if style.type is not None and style.type.name == "TABLE" and style.name not in kept:
            style.delete()


def _drop_parts(relationships: Relationships) -> None:
    for key, relationship in list(relationships.items()):
        if relationship.reltype.endswith(UNUSED_PARTS):
            del relationships[key]


def _same_zip(content: bytes) -> bytes:
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as new,
    ):
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), old.read(name))
    return written.getvalue()


Line = tuple[float, float, str, Face]
"""Left edge and baseline in points from the lower left corner, the text, and its face."""


def _pages(blocks: list[Block]) -> list[list[Line]]:
    pages: list[list[Line]] = [[]]
    y, step = PAGE_HEIGHT - MARGIN, 0
    for block in blocks:
        face = FACES[block.form]
        step = step + 1 if block.form == "step" else 0
        mark = {"bullet": "•", "step": f"{step}."}.get(block.form, "")
        y -= face.before
        if block.form == "heading" and y - KEEP_WITH_NEXT < MARGIN:
            y = MARGIN
        for n, text in enumerate(textwrap.wrap(block.text, face.wrap)):
            y -= face.size * LEADING
            if y < MARGIN:
                pages.append([])
                y = PAGE_HEIGHT - MARGIN - face.size
            if mark and n == 0:
                pages[-1].append((MARGIN, y, mark, face))
            pages[-1].append((MARGIN + face.indent, y, text, face))
    return pages


def main() -> None:
    """Write every generated file into the sample and say how large it is."""
    for path, content in binaries().items():
        (SAMPLE / path).parent.mkdir(parents=True, exist_ok=True)
        (SAMPLE / path).write_bytes(content)
        print(f"{len(content):>7,} bytes  {path}")


if __name__ == "__main__":
    main()
