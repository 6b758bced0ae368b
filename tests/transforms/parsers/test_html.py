from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.parsers.made import outline, path_of, read, spans_are_whole, texts
from transforms.parsers.build import TextBuilder
from transforms.parsers.html import append_html

PAGE = """<!DOCTYPE html><html><head><title>The  Handbook</title><style>b {}</style></head><body>
<nav>Home | About</nav><header><h1>Leave</h1></header>
<p>Ask <b>your</b> <a href="https://acme.test/x">manager</a>,
twice.<br>Then go.</p>
<h2>Days</h2><ul><li>Paid<ul><li>Summer</li></ul></li><li><p>Unpaid</p></li></ul>
<h3>Deep</h3><p>x</p><h2>Other</h2><p>after</p><script>track()</script></body></html>"""


def test_a_page_becomes_headings_paragraphs_and_lists_in_order() -> None:
    parsed = read("a.html", PAGE)

    assert parsed.title == "The Handbook"
    assert outline(parsed) == [
        ("heading", "# Leave"),
        ("paragraph", "Ask your manager, twice.\nThen go."),
        ("heading", "## Days"),
        ("list_item", "- Paid"),
        ("list_item", "  - Summer"),
        ("list_item", "- Unpaid"),
        ("heading", "### Deep"),
        ("paragraph", "x"),
        ("heading", "## Other"),
        ("paragraph", "after"),
    ]


def test_a_heading_path_names_the_open_headings_outermost_first() -> None:
    parsed = read("a.html", PAGE)

    assert path_of(parsed, "x") == ("Leave", "Days", "Deep")
    assert path_of(parsed, "after") == ("Leave", "Other")


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>secret</p>",
        '<div style="display: none">secret<p>secret</p></div>',
        '<span style="visibility:hidden">secret</span>',
        '<div role="navigation"><a>secret</a></div>',
        "<template><p>secret</p></template>",
        "<noscript>secret</noscript>",
        "<select><option>secret</option></select>",
        "<svg><title>secret</title><text>secret</text></svg>",
        "<dialog><p>secret</p></dialog>",
        "<iframe>secret</iframe>",
        "<!-- secret -->",
        '<input hidden value="secret">',
    ],
)
def test_what_nobody_sees_is_left_out_and_its_neighbors_stay(hidden: str) -> None:
    assert read("a.html", f"<p>before</p>{hidden}<p>after</p>").text == "before\n\nafter"


@pytest.mark.parametrize(
    "seen",
    [
        "<details><summary>S</summary>words</details>",
        "<figure>words</figure>",
        "<form><label>words</label></form>",
        "<del>words</del>",
        "<my-tag>words</my-tag>",
        "<font>words</font>",
        "<p>words",
        "<body hidden>words",
    ],
)
def test_what_is_seen_is_kept_whatever_surrounds_it(seen: str) -> None:
    assert "words" in read("a.html", seen).text


def test_paragraphs_of_one_character_are_kept() -> None:
    assert read("a.html", "<p>7</p><p>a</p>").text == "7\n\na"


def test_a_cell_keeps_its_text_exactly_and_a_span_keeps_its_columns() -> None:
    parsed = read(
        "a.html",
        "<table><caption>Rates</caption><thead>"
        "<tr><th rowspan=2>Team<th colspan=2>Use <code>a</code>, <b>b</b>c</tr>"
        "<tr><th>x|y<th>z</tr></thead><tr><td>A<td>1<br>2<td>3</tr></table>",
    )

    assert texts(parsed, "paragraph") == ["Rates"]
    assert texts(parsed, "table") == [
        "| Team | Use a, bc |  |\n| --- | --- | --- |\n|  | x\\|y | z |\n| A | 1 2 | 3 |"
    ]


def test_a_table_that_only_arranges_the_page_is_read_cell_by_cell() -> None:
    parsed = read("a.html", "<table><tr><td><h2>Left</h2><p>one</td><td><pre>a\n b</pre></td></tr></table>")

    assert outline(parsed) == [("heading", "## Left"), ("paragraph", "one"), ("code", "```\na\n b\n```")]


def test_a_table_in_a_table_stays_a_table() -> None:
    inner = "<table><tr><td>k</td><td>v</td></tr><tr><td>1</td><td>2</td></tr></table>"
    parsed = read("a.html", f"<table><tr><td>side</td><td>{inner}</td></tr></table>")

    assert outline(parsed) == [("paragraph", "side"), ("table", "| k | v |\n| --- | --- |\n| 1 | 2 |")]


def test_code_keeps_its_lines_indentation_and_language() -> None:
    parsed = read(
        "a.html", '<ol start=3><li>do<pre><code class="language-py">\nif x:\n    y()\n</code></pre></li></ol>'
    )

    assert outline(parsed) == [("list_item", "3. do"), ("code", "```py\nif x:\n    y()\n```")]


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    assert read("a.html", "<pre>````\nx</pre>").text == "`````\n````\nx\n`````"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://acme.test/x"></a>', "https://acme.test/x"),
        ('words <a href="#top"></a>', "words"),
        ('<a href="https://acme.test/x"><img src="logo.png" alt="Acme"></a>', "Acme"),
        ('before <img src="x.png"> after', "before after"),
        ("10<sup>6</sup> H<sub>2</sub>O the 4<sup>th</sup>", "10^6 H2O the 4th"),
        ("<h1>Two<div>lines</div></h1>", "# Two lines"),
        ("<h1>unclosed<p>text", "# unclosed\n\ntext"),
        ("<li>loose", "- loose"),
        ("a&nbsp;b &eacute; &#x1F600; &bogus;", "a\u00a0b é 😀 &bogus;"),
    ],
)
def test_small_things_read_as_a_browser_shows_them(html: str, text: str) -> None:
    assert read("a.html", html).text == text


@pytest.mark.parametrize(
    "tags",
    ["<div>", "<ul><li>", "<table><tr><td>", "<b>", "<pre>", "<blockquote>", "<a href=x>", "<svg></svg><p>"],
)
def test_a_page_nested_100_000_deep_is_read(tags: str) -> None:
    assert "deep words" in read("a.html", tags * 100_000 + "deep words").text


def test_a_table_too_wide_to_be_padded_is_read_row_by_row() -> None:
    parsed = read("a.html", f"<table><tr>{'<td>x' * 3_000}</tr>{'<tr><td>y' * 3_000}</table>")

    assert [kind for kind, _ in outline(parsed)] == ["paragraph"] * 3_001


def test_spans_that_claim_millions_of_cells_are_cut() -> None:
    row = "<tr>" + "<td colspan=999999 rowspan=999999>x" * 30 + "</tr>"

    assert read("a.html", f"<table>{row * 30}</table>").text.count("x") == 900


WORDS = st.text("abcdefghij", min_size=2, max_size=8)
NAMES = "p div b i a li ul ol h1 h3 td th tr table pre code span section br dd details"
TAGS = st.sampled_from(NAMES.split())
SOUP = st.lists(st.one_of(WORDS, TAGS.map("<{}>".format), TAGS.map("</{}>".format)), max_size=40)


@settings(deadline=None)
@given(soup=SOUP)
def test_no_word_of_any_soup_of_tags_is_lost(soup: list[str]) -> None:
    builder = TextBuilder()
    append_html(builder, " ".join(soup))

    parsed = builder.parsed()
    assert sorted(w for w in soup if w[0] != "<") == sorted(w for w in parsed.text.split() if w.isalpha())
    assert spans_are_whole(parsed)
