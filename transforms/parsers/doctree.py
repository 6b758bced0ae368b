"""docutils' tree to blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any

from transforms.parsers.blocks import Block, Grid, fenced

DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([\w:+.-]+)::[ \t]*(.*)\n?")
OPTIONS = re.compile(r"\A(?:[ \t]+:[\w-]+:(?: .*)?(?:\n|\Z))+")
ROLE = re.compile(r"(?::[\w:+.-]+:)?`[~!]?(.*?)(?:\s*<[^<>`]*>)?`(?::[\w:+.-]+:|_{1,2})?", re.DOTALL)
LEFT_OUT = frozenset(
    ("comment", "target", "substitution_definition", "pending", "raw", "meta", "decoration", "system_message")
)
OUTSIDE = frozenset(("include", "literalinclude", "raw", "toctree", "contents"))
"""Directives that name other files, or repeat this one's headings."""
ADMONITIONS = frozenset(
    ("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning")
)
SAYS = {
    "versionadded": "New in version: ",
    "versionchanged": "Changed in version: ",
    "deprecated": "Deprecated since version: ",
    "seealso": "See also: ",
}
DIRECTIVE_DEPTH_MAX = 5
LETTERS = {"loweralpha": "a", "upperalpha": "A"}


class Walker:
    """Makes blocks of a tree; `read` takes the content of a directive that docutils does not know apart."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read
        self._sinks: list[list[Block]] = [[]]
        self._sections = 0
        self._lists = 0
        self._marker = ""
        self._unknown = 0

    def blocks(self, tree: Any) -> list[Block]:
        """Return the blocks of a whole tree."""
        self._walk_children(tree)
        return self._sinks[0]

    def _walk_children(self, node: Any) -> None:
        for child in node.children:
            self._walk(child)

    def _walk(self, node: Any) -> None:
        name = node.tagname
        if name == "system_message":
            self._unknown_directive(node)
        elif name in LEFT_OUT or "contents" in node.get("classes", ()):
            return
        elif visit := getattr(self, f"_visit_{name}", None):
            visit(node)
        elif name in ADMONITIONS:
            self._marker = f"{name.capitalize()}: "
            self._walk_children(node)
            self._marker = ""
        elif _is_text(node):
            self._emit("paragraph", words(node))
        else:
            self._walk_children(node)

    def _emit(self, kind: str, text: str, depth: int = 1) -> None:
        if not text.strip():
            return
        marked = kind == "paragraph" and self._marker
        if marked and not self._marker.endswith(": "):
            kind = "list_item"
        self._sinks[-1].append(Block(kind, f"{self._marker}{text}" if marked else text, depth))
        self._marker = ""

    def _visit_section(self, node: Any) -> None:
        self._sections += 1
        self._walk_children(node)
        self._sections -= 1

    def _visit_title(self, node: Any) -> None:
        if node.parent.tagname == "section":
            self._emit("heading", words(node), self._sections)
        else:
            self._emit("paragraph", words(node))

    def _visit_literal_block(self, node: Any) -> None:
        classes = [name for name in node.get("classes", ()) if name != "code"]
        language = classes[0] if "code" in node.get("classes", ()) and classes else ""
        self._emit("code", fenced(node.astext().rstrip(), language))

    _visit_doctest_block = _visit_literal_block

    def _visit_math_block(self, node: Any) -> None:
        self._emit("paragraph", node.astext())

    def _visit_line_block(self, node: Any) -> None:
        if node.parent.tagname != "line_block":
            lines = (words(line) for line in node.findall() if line.tagname == "line")
            self._emit("paragraph", "\n".join(lines))

    def _visit_image(self, node: Any) -> None:
        self._emit("paragraph", node.get("alt", ""))

    def _visit_bullet_list(self, node: Any) -> None:
        self._items(node, ["- "] * len(node.children))

    def _visit_enumerated_list(self, node: Any) -> None:
        start, letter = int(node.get("start", 1)), LETTERS.get(node.get("enumtype", ""))
        numbers = range(start, start + len(node.children))
        letters = letter is not None and start + len(node.children) <= 27  # noqa: PLR2004 - there are 26
        self._items(node, [f"{chr(ord(letter or ' ') + n - 1) if letters else n}. " for n in numbers])

    def _items(self, node: Any, markers: list[str]) -> None:
        self._lists += 1
        for item, marker in zip(node.children, markers, strict=True):
            self._marker = "  " * (min(self._lists, 8) - 1) + marker
            self._walk_children(item)
            self._marker = ""
        self._lists -= 1

    def _visit_definition_list_item(self, node: Any) -> None:
        heads = [words(child) for child in node.children if child.tagname in ("term", "classifier")]
        self._emit("paragraph", " : ".join(heads))
        for child in node.children:
            if child.tagname == "definition":
                self._walk_children(child)

    def _visit_field(self, node: Any) -> None:
        name, body = node.children
        self._emit("field", f"{words(name)}: {' '.join(words(part) for part in body.children)}".strip())

    def _visit_footnote(self, node: Any) -> None:
        label, *rest = node.children or [None]
        if label is not None and label.tagname == "label":
            self._marker = f"[{label.astext()}]: "
        for child in rest:
            self._walk(child)
        self._marker = ""

    _visit_citation = _visit_footnote

    def _visit_table(self, node: Any) -> None:
        for title in (child for child in node.children if child.tagname == "title"):
            self._walk(title)
        grid, marker = Grid(has_header=True), self._marker
        for row in (found for found in node.findall() if found.tagname == "row" and _table_of(found) is node):
            grid.open_row()
            for entry in row.children:
                cell = grid.open_cell(columns=entry.get("morecols", 0) + 1, rows=entry.get("morerows", 0) + 1)
                self._sinks.append(cell)
                self._walk_children(entry)
                self._sinks.pop()
        self._marker = marker
        self._sinks[-1] += grid.blocks()

    def _unknown_directive(self, node: Any) -> None:
        """Read what stands under a directive of another program (Sphinx, mostly) as if it stood alone."""
        for block in (child for child in node.children if child.tagname == "literal_block"):
            found = DIRECTIVE.match(block.astext())
            if found is None or found.group(1) in OUTSIDE or self._unknown >= DIRECTIVE_DEPTH_MAX:
                continue
            below = OPTIONS.sub("", block.astext()[found.end() :], count=1)
            self._unknown += 1
            self._marker = SAYS.get(found.group(1), self._marker)
            self._walk_children(self._read(f"{found.group(2)}\n{textwrap.dedent(below)}"))
            self._unknown -= 1


def words(node: Any) -> str:
    """Return the text of a paragraph-like node on one line."""
    return " ".join(_inline(node).split())


def _inline(node: Any) -> str:
    name = node.tagname
    if name == "#text":
        return str(node.astext())
    if name in ("footnote_reference", "citation_reference"):
        return f"[{node.astext()}]"
    if name == "problematic":
        return ROLE.sub(r"\1", node.astext())
    if name == "image":
        return str(node.get("alt", ""))
    if name in LEFT_OUT:
        return ""
    inner = "".join(map(_inline, node.children))
    return f"^{inner}" if name == "superscript" and inner[:1].isdigit() else inner


def _is_text(node: Any) -> bool:
    return any(
        child.tagname == "#text" or child.tagname in ("literal", "reference", "emphasis", "strong")
        for child in node.children
    )


def _table_of(row: Any) -> Any:
    node = row.parent
    while node is not None and node.tagname != "table":
        node = node.parent
    return node
