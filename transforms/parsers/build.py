"""Building a document's text: elements are appended one by one, so every span round-trips by construction.

The stored text is a plain Markdown rendering of what the parser found: headings as `# ...`, tables as pipe
rows, code between fences. Two elements are always separated by a blank line, which belongs to neither.
"""

from __future__ import annotations

from schemas.document import Element, Parsed

SEPARATOR = "\n\n"


class TextBuilder:
    """Collects elements in reading order and remembers the heading path they stand under."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._elements: list[Element] = []
        self._path: list[tuple[int, str]] = []
        self.title: str | None = None

    @property
    def length(self) -> int:
        """Characters of the text so far: where the last element ends."""
        return self._length

    def heading(self, text: str, *, depth: int = 1, page: int | None = None) -> None:
        """Append a heading (depth 1 is the outermost); it closes every heading as deep or deeper."""
        words = " ".join(text.split())
        if not words:
            return
        depth = max(1, depth)
        self._path = [*((d, h) for d, h in self._path if d < depth), (depth, words)]
        if self.title is None and depth == 1:
            self.title = words
        self._append("heading", "#" * min(depth, 6) + " " + words, depth=depth, page=page)

    def add(self, kind: str, text: str, *, page: int | None = None) -> None:
        """Append an element of another type; blank text is left out."""
        if text.strip():
            self._append(kind, text.strip("\n"), page=page)

    def table(self, rows: list[list[str]], *, page: int | None = None) -> None:
        """Append a table as pipe rows, the first one being the header."""
        width = max((len(row) for row in rows), default=0)
        if width == 0 or not any(cell.strip() for row in rows for cell in row):
            return
        padded = [[*row, *[""] * (width - len(row))] for row in rows]
        lines = [_pipe_row(row) for row in padded]
        lines.insert(1, "|" + " --- |" * width)
        self._append("table", "\n".join(lines), page=page)

    def parsed(self, *, title: str | None = None, record: str | None = None, **more: object) -> Parsed:
        """Return the document built so far; without a title it takes its first outermost heading."""
        return Parsed(
            text=SEPARATOR.join(self._parts),
            elements=tuple(self._elements),
            title=title or self.title,
            record=record,
            **more,  # type: ignore[arg-type]
        )

    def _append(self, kind: str, text: str, *, depth: int | None = None, page: int | None = None) -> None:
        start = self._length + (len(SEPARATOR) if self._parts else 0)
        self._parts.append(text)
        self._length = start + len(text)
        headings = tuple(h for _, h in self._path)
        self._elements.append(
            Element(type=kind, start=start, end=self._length, depth=depth, headings=headings, page=page)
        )


def _pipe_row(cells: list[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
