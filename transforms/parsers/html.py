"""HTML pages.

Our own reader on lxml's parser, not `unstructured.partition_html`, which on the same input (0.27.32) drops
paragraphs of one character, everything in `<details>`, `<figure>` and `<form>`, and every page nested deeper
than 253 tags; puts spaces into table cells at each inner tag (`<code>a</code>,` becomes `a ,`); runs nested
lists and code inside list items together; and breaks a sentence at each image. Here 100,000 nested tags pass.

Left out, because nobody sees it or it is not the page's own text: scripts, styles, navigation, whatever is
marked hidden, the choices of forms, graphics, and what stands in for embedded media.
"""

from __future__ import annotations

from transforms.parsers.blocks import append
from transforms.parsers.build import TextBuilder
from transforms.parsers.encoding import decode_page
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.tags import Reader


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a page as one document; raises Rejected(BAD_ENCODING) if its bytes are not what it declares."""
    builder = TextBuilder()
    title = append_html(builder, decode_page(content))
    return ParseResult(parsed=(builder.parsed(title=title),))


def append_html(builder: TextBuilder, html: str, *, page: int | None = None) -> str | None:
    """Append what is visible of a page, or of a piece of one, and return its `<title>` if it has one."""
    from lxml import etree

    reader = Reader()
    # Without huge_tree a text of more than 10 MB is cut; the stream keeps no tree that could grow.
    parser = etree.HTMLParser(target=reader, huge_tree=True, encoding="utf-8")
    parser.feed(html.encode("utf-8", "replace"))
    parser.close()
    append(builder, reader.blocks(), page=page)
    return reader.title()
