"""`unstructured`'s elements to a document; anyone's parser that calls a `partition_...` may use it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from transforms.parsers.blocks import fenced
from transforms.parsers.build import TextBuilder
from transforms.parsers.html import append_html

PAGE_FURNITURE = frozenset(("Header", "Footer", "PageBreak", "PageNumber"))
LABEL = re.compile(r"(?:\d{1,4}(?:\.\d{1,4})*|[a-zA-Z]|[ivxlcdm]{1,6})[.)]\s|\(\w{1,4}\)\s")
"""What Word counts: `1.`, `2.1.`, `a)`, `iv.`, `(b)`."""
INDENT_MAX = 8


def append_elements(builder: TextBuilder, elements: Iterable[Any], *, title_depth_max: int = 8) -> None:
    """Append elements in order: titles by depth, tables by cells, images only by their words.

    Titles deeper than `title_depth_max` (0 is the outermost) are paragraphs. Headers and footers of the page
    are left out.
    """
    for element in elements:
        kind, text, seen = element.category, element.text or "", element.metadata
        if kind in PAGE_FURNITURE:
            continue
        depth = seen.category_depth or 0
        if kind == "Title" and depth <= title_depth_max:
            builder.heading(text, depth=depth + 1, page=seen.page_number)
        elif kind == "Table" and seen.text_as_html:
            append_html(builder, seen.text_as_html, page=seen.page_number)
        elif kind == "CodeSnippet":
            builder.add("code", fenced(text), page=seen.page_number)
        elif kind == "ListItem":
            builder.add("list_item", _item(text, depth), page=seen.page_number)
        else:
            builder.add("paragraph", text, page=seen.page_number)


def _item(text: str, depth: int) -> str:
    marker = "" if LABEL.match(text) else "- "
    return "  " * min(depth, INDENT_MAX) + marker + text
