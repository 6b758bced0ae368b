from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.parsers.made import outline, path_of, read

FILE = """Handbook
========

First line,
  second line.

Days off
--------
right below

# Marked

SHORT LINE

# not
# a heading
Name  Days
----  ----
"""


def test_paragraphs_keep_their_lines_and_only_marked_headings_are_headings() -> None:
    parsed = read("a.txt", FILE)

    assert parsed.title == "Handbook"
    assert outline(parsed) == [
        ("heading", "# Handbook"),
        ("paragraph", "First line,\n  second line."),
        ("heading", "## Days off"),
        ("paragraph", "right below"),
        ("heading", "# Marked"),
        ("paragraph", "SHORT LINE"),
        ("paragraph", "# not\n# a heading\nName  Days\n----  ----"),
    ]
    assert path_of(parsed, "right below") == ("Handbook", "Days off")


@pytest.mark.parametrize(
    "text",
    [
        "short\n" + "-" * 40,
        "a\n=",
        "--------",
        "# " + "long " * 60,
        "words\n=-=-=",
        "#hashtag",
        "one\ntwo\n---",
    ],
)
def test_what_only_resembles_a_heading_is_text(text: str) -> None:
    assert outline(read("a.txt", text)) == [("paragraph", text)]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 4_000_000,
        "a line of text\n" * 1_400_000,
        ("word " * 12 + "\n\n") * 320_000,
        "\n \n" * 7_000_000 + "x",
    ],
    ids=["one line", "lines", "paragraphs", "blank lines"],
)
def test_a_text_of_20_mb_is_read_whole(text: str) -> None:
    parsed = read("a.txt", text)

    assert parsed.text.count("word") == text.count("word")
    assert parsed.text.count("line") == text.count("line")


@given(paragraphs=st.lists(st.text("ab #=-\t\n", max_size=30), max_size=8))
def test_no_character_that_is_seen_is_lost(paragraphs: list[str]) -> None:
    text = "\n\n".join([*paragraphs, "end"])

    assert [s for s in read("a.txt", text).text if s in "ab"] == [s for s in text if s in "ab"]
