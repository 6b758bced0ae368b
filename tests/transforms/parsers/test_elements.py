from __future__ import annotations

from typing import Any

from tests.transforms.parsers.made import outline
from transforms.parsers.build import TextBuilder
from transforms.parsers.elements import append_elements
from transforms.parsers.offline import partitioner

PAGE = """<h1>One</h1><p>The team works here.</p><h2>Two</h2><ul><li>item</li></ul><pre>a
  b</pre><img src=x alt=pic>"""


def elements() -> list[Any]:
    partition = partitioner("html")
    return partition(text=PAGE + "<img src=y><table><tr><td>k<td>v<tr><td>1<td>2</table>", languages=["eng"])


def test_every_kind_of_element_has_its_place() -> None:
    builder = TextBuilder()
    append_elements(builder, elements())

    assert outline(builder.parsed()) == [
        ("heading", "# One"),
        ("paragraph", "The team works here."),
        ("heading", "## Two"),
        ("list_item", "  - item"),
        ("code", "```\na\n  b\n```"),
        ("paragraph", "pic"),
        ("table", "| k | v |\n| --- | --- |\n| 1 | 2 |"),
    ]


def test_titles_deeper_than_asked_are_paragraphs() -> None:
    builder = TextBuilder()
    append_elements(builder, elements(), title_depth_max=0)

    assert ("paragraph", "Two") in outline(builder.parsed())
