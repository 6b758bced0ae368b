"""XML of any vocabulary: its texts in order, with titles as headings.

Our own on lxml, not `unstructured.partition_xml` (0.27.32), which gives one element for a whole file. What
holds text among its children is a paragraph; what holds text alone is a field under its own name, and so is
what has only attributes; `<title>` and its like are headings, as deep as they are nested.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.encoding import decode_page
from transforms.parsers.html import append_html
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.txt import append_text

TITLES = frozenset(("title", "head", "heading"))
_PROSE = "abstract body content description encoded note p para paragraph remark simpara summary text"
PROSE = frozenset(_PROSE.split())
"""Elements whose name says no more than that they hold text."""
PAGE = re.compile(r"<(?:p|br|div|a|ul|ol|li|h[1-6]|table|pre|span|img)\b[^>]*>", re.IGNORECASE)
"""A text that is itself a piece of a page, as in most feeds."""


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return an XML file as one document.

    Raises Rejected(CORRUPT) when it is malformed, nested deeper than 256 or declares entities, and
    Rejected(BAD_ENCODING) when its bytes are not what it declares.
    """
    builder = TextBuilder()
    root = read_xml(content)
    title = None
    if _name(root) == "html":
        title = append_html(builder, decode_page(content))
    else:
        _append(builder, root, depth=0)
    return ParseResult(parsed=(builder.parsed(title=title),))


def read_xml(content: bytes) -> Any:
    """Return the root of an XML file; no entity is replaced, and nothing outside the file is opened."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = Reason.BAD_ENCODING if "encod" in str(error) else Reason.CORRUPT
        raise Rejected(reason, f"not well-formed XML: {error}") from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise Rejected(Reason.CORRUPT, "it declares entities of its own, which are not replaced here")
    return root


def _append(builder: TextBuilder, node: Any, *, depth: int) -> None:
    if _name(node) in TITLES and not any(_name(child) in TITLES for child in node):
        builder.heading("".join(node.itertext()), depth=max(depth, 1))
    elif len(node) and not _is_mixed(node):
        inner = depth + any(_name(child) in TITLES for child in node)
        for child in node:
            _append(builder, child, depth=inner)
    else:
        _append_leaf(builder, node)


def _append_leaf(builder: TextBuilder, node: Any) -> None:
    text = "".join(node.itertext())
    if not text.strip():
        builder.add("field", "\n".join(f"{_local(name)}: {value}" for name, value in node.items()))
    elif PAGE.search(text):
        append_html(builder, text)
    elif len(node):
        builder.add("paragraph", " ".join(text.split()))
    elif _name(node) in PROSE:
        append_text(builder, textwrap.dedent(text))
    else:
        builder.add("field", f"{_name(node)}: {' '.join(text.split())}")


def _is_mixed(node: Any) -> bool:
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def _name(node: Any) -> str:
    return _local(node.tag) if isinstance(node.tag, str) else ""


def _local(name: str) -> str:
    return name.rpartition("}")[2]
