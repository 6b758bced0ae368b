from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.parsers.made import outline, path_of, read, texts

FILE = """---
title: The handbook
owner: people
---
# Leave

Ask your [manager](https://acme.test/m "their page"), see ![the form](form.png).

## Days

- paid
  - summer
    ```go
    func x() {
        return 1
    }
    ```
1. first
2. second

| Team | Days |
|------|-----:|
| A `|` B | 25 |

<details><summary>More</summary>

hidden by **default**

</details>

### Code

    indented
      twice

~~~
plain
~~~
"""


def test_a_file_becomes_headings_lists_tables_and_code_in_order() -> None:
    parsed = read("a.md", FILE)

    assert parsed.title == "The handbook"
    assert outline(parsed) == [
        ("heading", "# Leave"),
        ("paragraph", "Ask your manager, see the form ."),
        ("heading", "## Days"),
        ("list_item", "- paid"),
        ("list_item", "  - summer"),
        ("code", "```go\nfunc x() {\n    return 1\n}\n```"),
        ("list_item", "1. first"),
        ("list_item", "2. second"),
        ("table", "| Team | Days |\n| --- | --- |\n| A ` | ` B \\| 25 |"),
        ("paragraph", "More"),
        ("paragraph", "hidden by default"),
        ("heading", "### Code"),
        ("code", "```\nindented\n  twice\n```"),
        ("code", "```\nplain\n```"),
    ]
    assert path_of(parsed, "hidden by default") == ("Leave", "Days")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# First\n\n# Second\n", "First"),
        ("## Not outermost\n", None),
        ("---\ntitle: 'Quoted: title'\n...\n# H\n", "Quoted: title"),
        ("---\nowner: x\n---\n# H\n", "H"),
        ("---\ntitle: [no, string]\n---\n# H\n", "H"),
        ("Set\n===\n", "Set"),
        ("no title at all", None),
    ],
)
def test_the_title_is_the_front_matters_else_the_first_outermost_heading(
    text: str, title: str | None
) -> None:
    assert read("name-of-the-file.md", text).title == title


@pytest.mark.parametrize(
    "text",
    [
        "---\nnot: [closed\n---\nwords",
        "---\njust words\n---\n",
        "---\n\n---\nwords",
        "---\nwords: never closed",
    ],
)
def test_what_is_no_front_matter_stays_in_the_text(text: str) -> None:
    assert "words" in read("a.md", text).text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("run `kubectl` on <your-node> now", "run kubectl on <your-node> now"),
        ("<placeholder>\n", "<placeholder>"),
        ("<https://acme.test>", "https://acme.test"),
        ("term[^1]\n\n[^1]: note\n", "[^1]: note"),
        ("term[^1]\n\n[^1]: a longer note\n", "[^1]: a longer note"),
        ("[words][ref]\n\n[ref]: https://acme.test\n", "words"),
        ("[](https://acme.test)", "https://acme.test"),
        ("a ~~struck~~ &amp; \\*plain\\*", "a struck & *plain*"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 | four |\n", "| 1 | 2 \\| 3 \\| four |"),
        ("> | a |\n> |---|\n> | `x|y` |\n", "| a |\n| --- |\n| `x \\| y` |"),
    ],
)
def test_words_that_markdown_would_hide_are_kept(text: str, kept: str) -> None:
    assert kept in read("a.md", text).text


def test_an_address_stays_out_of_the_text_when_its_link_has_words() -> None:
    assert (
        "acme"
        not in read("a.md", "[words](https://acme.test/x) and [more][r]\n\n[r]: https://acme.test\n").text
    )


@pytest.mark.parametrize("text", [">" * 100_000 + " deep words", "* " * 1_000 + "deep words"])
def test_nesting_that_the_reader_would_drop_is_read_as_plain_text(text: str) -> None:
    assert texts(read("a.md", text), "paragraph") == [text]


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "*a_" * 20_000, "![" * 3_000, "<!-- x" * 20_000 + "-->", "`" * 20_000]
)
def test_a_file_made_to_be_slow_is_read(text: str) -> None:
    assert read("a.md", text + "\n\nwords").text.removesuffix("\n```").endswith("words")


WORD = st.text("abcdefghijklmnopqrstuvwxyzäßж", min_size=3, max_size=9)
LINE = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
BLOCK = st.one_of(
    LINE,
    LINE.map("# {}".format),
    LINE.map("### {}".format),
    LINE.map("> {}".format),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "".join(f"- {line}\n" for line in lines)),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "\n".join(["```", *lines, "```"])),
    st.tuples(LINE, LINE, LINE, LINE).map(
        lambda t: f"| {t[0]} | {t[1]} |\n|---|---|\n| {t[2]} | **{t[3]}** |"
    ),
    LINE.map("<div><p>{}</div>".format),
    LINE.map("[{}](https://x.y/z)".format),
)


@settings(deadline=None)
@given(blocks=st.lists(BLOCK, min_size=1, max_size=8))
def test_no_word_of_any_file_is_lost(blocks: list[str]) -> None:
    source = "\n\n".join(blocks)
    parsed = read("a.md", source)

    marks = str.maketrans("#>|`*[]()<>/-:", " " * 14)
    wanted = (
        source.replace("https://x.y/z", "").replace("<div><p>", "").replace("</div>", "").translate(marks)
    )
    assert sorted(wanted.split()) == sorted(parsed.text.translate(marks).split())
