"""Presentations, by `unstructured.partition_pptx`: one heading a slide, its number as page, its notes.

Mended here (0.27.32): short lines of a slide's body are taken for titles, so only a slide's own title is a
heading; and the notes come before that title, under the slide before. Words in charts and drawings are not
read.
"""

from __future__ import annotations

import io
from typing import Any

from transforms.parsers.build import TextBuilder
from transforms.parsers.elements import append_elements
from transforms.parsers.office import open_office, own_title
from transforms.parsers.offline import partitioner
from transforms.parsers.params import ParseParams, ParseResult

OWN_TITLE = 0
"""Depth of a slide's own title; what is deeper was guessed."""


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a presentation; its title is the title property, else the first slide's.

    Raises Rejected(CORRUPT) when it is none, Rejected(TOO_LARGE) when it is a zip bomb.
    """
    import pptx

    file = open_office(pptx.Presentation, content, name="presentation")
    partition = partitioner("pptx")
    elements = partition(file=io.BytesIO(content), languages=["eng"], include_slide_notes=True)
    builder = TextBuilder()
    append_elements(builder, sorted(elements, key=_place), title_depth_max=OWN_TITLE)
    return ParseResult(parsed=(builder.parsed(title=own_title(file)),))


def _place(element: Any) -> tuple[int, bool]:
    seen = element.metadata
    return seen.page_number or 0, not (element.category == "Title" and seen.category_depth == OWN_TITLE)
