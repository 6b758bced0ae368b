from __future__ import annotations

import pytest

from tests.transforms.parsers.made import outline, path_of, read, texts

FILE = """PEP: 8
Title: A guide to
       style
Author: Ann <ann@acme.test>,
        Bob
Status:

Intro
=====

See :pep:`20` and `the guide <https://acme.test/g>`_, or :ref:`this part <target>` [1]_.

.. a comment

Deeper
------

- one

  two::

      code
        indented

  - nested

3. three
#. four

.. code-block:: python

   x = 1

.. note:: Mind the gap.

term
    its meaning

:field: value

.. [1] The foot.

.. versionadded:: 3.5
   New words.

.. unknown:: argument
   :option: 1

   Body with *emphasis*.

Other
=====

+------+-------+
| Head | Other |
+======+=======+
| a    | b     |
|      +-------+
|      | c     |
+------+-------+
"""


def test_a_file_becomes_headings_lists_tables_and_code_in_order() -> None:
    parsed = read("a.rst", FILE)

    assert parsed.title == "A guide to style"
    assert outline(parsed) == [
        ("field", FILE[: FILE.index("\n\nIntro")]),
        ("heading", "# Intro"),
        ("paragraph", "See PEP 20 and the guide, or this part [1]."),
        ("heading", "## Deeper"),
        ("list_item", "- one"),
        ("paragraph", "two:"),
        ("code", "```\ncode\n  indented\n```"),
        ("list_item", "  - nested"),
        ("list_item", "3. three"),
        ("list_item", "4. four"),
        ("code", "```python\nx = 1\n```"),
        ("paragraph", "Note: Mind the gap."),
        ("paragraph", "term"),
        ("paragraph", "its meaning"),
        ("field", "field: value"),
        ("paragraph", "[1]: The foot."),
        ("paragraph", "New in version: 3.5 New words."),
        ("paragraph", "argument"),
        ("paragraph", "Body with emphasis."),
        ("heading", "# Other"),
        ("table", "| Head | Other |\n| --- | --- |\n| a | b |\n|  | c |"),
    ]
    assert path_of(parsed, "x = 1") == ("Intro", "Deeper")


def test_nothing_outside_the_file_is_read() -> None:
    parsed = read(
        "a.rst",
        ".. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\n"
        ".. csv-table::\n   :file: /etc/passwd\n\n.. literalinclude:: /etc/passwd\n\nwords\n",
    )

    assert parsed.text == "words"


def test_the_same_bytes_give_the_same_text_on_every_day() -> None:
    assert not any(sign.isdigit() for sign in read("a.rst", ".. |day| date::\n\nToday is |day| again\n").text)


def test_a_title_above_a_single_section_is_kept_as_a_heading() -> None:
    parsed = read("a.rst", "====\nName\n====\n\nOne\n---\n\nwords\n")

    assert parsed.title == "Name"
    assert path_of(parsed, "words") == ("Name", "One")


def test_a_picture_says_its_words_and_a_substitution_its_text() -> None:
    parsed = read(
        "a.rst",
        ".. |who| replace:: Ann\n\n.. image:: x.png\n   :alt: a chart\n\n|who| wrote 10\\ :sup:`6` lines\n",
    )

    assert texts(parsed, "paragraph") == ["a chart", "Ann wrote 10^6 lines"]


@pytest.mark.parametrize("text", ["\n\n".join("  " * depth + f"- w{depth}" for depth in range(1_000))])
def test_nesting_too_deep_for_the_reader_is_read_as_plain_text(text: str) -> None:
    assert "w999" in read("a.rst", text).text
