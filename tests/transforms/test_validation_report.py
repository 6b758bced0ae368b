from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from transforms.suites import Finding, Verdict
from transforms.validation_report import render_html, render_markdown

HOSTILE = "<script src=https://evil.test/x.js>alert(1)</script>`|*\"'\n# [x](javascript:1)"


def finding(text: str, *, success: bool = True, note: bool = False, ids: tuple[str, ...] = ()) -> Finding:
    return Finding(
        text=text,
        note=note,
        success=success,
        unexpected_count=len(ids),
        unexpected_share=len(ids) / 1200,
        failing_ids=ids,
    )


def verdict(*findings: Finding, suite: str = "chunks") -> Verdict:
    success = all(one.success or one.note for one in findings)
    return Verdict(suite=suite, rows=1200, success=success, results=findings)


MIXED = [
    verdict(finding("chunk_id is unique"), finding("tokens fit", success=False, ids=("c1", "c2", "c3"))),
    verdict(finding("few repeat", success=False, note=True, ids=("d9",)), suite="documents"),
]
COUNTS = {"listed": 12345, "quarantined": 3, "release": "none"}


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_tells_what_failed_how_often_and_where() -> None:
    text = " ".join(Tags(render_html(MIXED, COUNTS)).text.split())

    assert "Validation: chunks failed" in text
    assert "FAIL tokens fitrows c1 c2 c33 0.25%".replace(" ", "") in text.replace(" ", "")
    assert "note few repeat".replace(" ", "") in text.replace(" ", "")
    assert "listed12,345" in text.replace(" ", "")
    assert "1,200 rows" in text
    assert "1 row " in " ".join(Tags(render_html([replace(MIXED[0], rows=1)], COUNTS)).text.split())
    assert "FAILED, 1 row\n" in render_markdown([replace(MIXED[0], rows=1)])


def test_the_page_makes_no_request() -> None:
    page = render_html(MIXED, COUNTS)

    assert re.search(r"https?:|//|src=|href=|@import|url\(|<link|<script|<img|<iframe", page) is None
    assert {"src", "href", "srcset", "action", "background"}.isdisjoint(Tags(page).attributes)


def test_the_page_is_for_phones_and_for_the_dark() -> None:
    page = render_html(MIXED, COUNTS)

    assert '<meta name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_hostile_text_is_shown_and_never_obeyed() -> None:
    bad = [verdict(finding(HOSTILE, success=False, ids=(HOSTILE,)), suite=HOSTILE)]

    tags = Tags(render_html(bad, {HOSTILE: HOSTILE}))

    assert {"script", "a"}.isdisjoint(tags.opened)
    assert (
        tags.opened == Tags(render_html([verdict(finding("x", success=False, ids=("y",)))], {"z": 1})).opened
    )
    assert tags.text.count("<script src=https://evil.test/x.js>") == 7


def test_markdown_tells_the_same() -> None:
    text = render_markdown(MIXED)

    assert text.startswith("# Validation: chunks failed\n")
    assert "| FAIL | tokens fit | 3 | 0.25% |" in text
    assert "| pass | chunk\\_id is unique | 0 | 0.00% |" in text
    assert "tokens fit: `c1`, `c2`, `c3`" in text


def test_hostile_text_stays_in_its_cell() -> None:
    text = render_markdown([verdict(finding(HOSTILE, success=False, ids=(HOSTILE,)), suite=HOSTILE)])

    assert re.search(r"(?<!\\)<script|(?<!\\)\]\(|^# \[", text, re.MULTILINE) is None
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 3


def test_all_passed_is_said_first() -> None:
    good = [verdict(finding("chunk_id is unique"))]

    assert render_markdown(good).startswith("# Validation: passed\n")
    assert "<h1>Validation: passed</h1>" in render_html(good, {})
