"""The inspector page, as people use it: in a real browser, on a real server, over the bundled sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.demo import copy_sample
from flows.stages.ingesting import ingest_source
from flows.workspace import Workspace, open_workspace
from infra.store.interactions import feedback
from infra.store.keys import add_key
from schemas.context import Principal
from schemas.key import DEFAULT_SCOPES
from schemas.tools import Embedder
from tests.browser import Browser, Keys, chromium
from tests.flows.projects import NO_TEXT
from tests.flows.serving.inspected import LONGEST_VERDICT, NAMELESS, TOO_FAINT, Page
from tests.flows.serving.running import running

WARRANTY = "How long is the warranty on a station, and what does it not cover?"
SALARY = "What is the salary band for a level 3 engineer?"
MARKUP = 'What does the note about <script>document.title="owned"</script> and markup say?'
NOTE = """Note about markup

The note about markup says: <b>bold</b> is text here, &amp; an <img src=x onerror="document.title='owned'"> is
never loaded, nor is <script>document.title="owned"</script> ever run. A \U0001f30a wave comes before the end.
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Workspace:
    """Two of the sample's sources; release 3 has an edit, a new note and a bad file."""
    path = copy_sample(tmp_path_factory.mktemp("inspector"))
    workspace = open_workspace(path, _embedders=embedders)
    for source in ("handbook", "hr"):
        ingest_source(workspace, source)
    support = path.parent / "handbook" / "support"
    warranty = support / "warranty.md"
    warranty.write_text(
        warranty.read_text() + "\nWater damage from a loose lid is not covered by the warranty.\n"
    )
    (support / "note.txt").write_text(NOTE)
    (support / "bad.txt").write_bytes(NO_TEXT)
    ingest_source(workspace, "handbook")
    return workspace


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as window:
        yield window


@pytest.fixture(scope="module")
def served(sample: Workspace, browser: Browser) -> Iterator[Page]:
    with running(sample) as server:
        yield Page(browser=browser, url=server.url, workspace=sample)


def test_each_passage_is_marked_in_its_document_word_for_word(served: Page) -> None:
    served.ask(WARRANTY)
    browser = served.browser
    browser.one("mark.shown")

    for n, title in list(enumerate(browser.all(".passages .title"), start=1))[:5]:
        title.click()
        browser.until(lambda n=n: browser.texts(f"mark.shown[data-n='{n}']"))  # type: ignore[misc]
        quote = browser.texts(".passages > li.shown blockquote")
        assert "".join(browser.texts("mark.shown")) == quote[0]
    assert "of 2,000 tokens" in browser.one(".budget").text
    assert len(browser.all(".bar .passage")) == len(browser.all(".passages > li"))


def test_the_prompt_is_shown_as_it_is_sent_and_explain_says_what_became_of_each_candidate(
    served: Page,
) -> None:
    served.ask(WARRANTY)
    browser = served.browser

    browser.one("#tab-prompt").click()
    system, user = browser.texts(".prompt pre")
    assert system.startswith("Answer the question from the numbered passages")
    assert user.endswith(f"Question: {WARRANTY}")
    assert len(browser.all(".prompt .fence")) == 2 * len(browser.all(".bar .passage"))

    browser.one("#tab-explain").click()
    verdicts = browser.texts(".explain tbody tr td:last-child")
    assert {"kept", "left out: over the budget"} <= set(verdicts)


def test_who_asks_decides_what_is_shown(served: Page) -> None:
    browser = served.browser
    served.ask(SALARY)
    everybody = browser.texts(".passages .meta span:first-child")
    served.show("sources")
    assert "hr" in " ".join(browser.texts("tbody th"))

    served.ask(SALARY, user="ines", groups="hr")
    assert "hr" not in everybody
    assert "hr" in browser.texts(".passages .meta span:first-child")

    field = browser.one("#groups")
    field.clear()
    field.send_keys("sales", Keys.TAB)
    browser.until(
        lambda: "hr" not in browser.texts(".passages .meta span:first-child") and browser.all("mark")
    )
    browser.one(".top nav a[href='#sources']").click()
    browser.until(lambda: [t for t in browser.texts("tbody th") if "handbook" in t])
    assert not [text for text in browser.texts("tbody th") if text.startswith("hr")]


def test_the_same_question_stands_side_by_side_at_two_releases(served: Page) -> None:
    served.ask("Is water damage from a loose lid covered by the warranty?", compare="2")
    browser = served.browser

    assert browser.texts(".sides h2") == ["Release 3", "Release 2"]
    newer, older = ("\n".join(browser.texts(f".sides section:nth-child({n})")) for n in (1, 2))
    assert "loose lid" in newer
    assert "loose lid" not in older
    assert "at release 2" in newer
    before = len(browser.all(".sides li"))
    browser.one("#differing").click()
    shown = [item for item in browser.all(".sides li") if item.is_displayed()]
    assert 0 < len(shown) < before

    shown[0].find_element("css selector", ".title").click()
    browser.one("#reader mark.shown")
    browser.press(Keys.ESCAPE)
    browser.until(lambda: not browser.all("#reader[open]"))


def test_a_document_with_markup_is_text_and_nothing_in_it_runs(served: Page) -> None:
    browser = served.browser
    browser.complaints()
    served.ask(MARKUP)
    browser.until(lambda: [t for t in browser.texts(".passages .title") if "note" in t.lower()])
    title = next(t for t in browser.all(".passages .title") if "note" in t.text.lower())
    title.click()
    browser.until(lambda: "Note about markup" in "".join(browser.texts(".document .text")))

    assert NOTE.strip() in "".join(browser.texts(".document .text")).replace("\r", "")
    marked = "".join(browser.texts("mark.shown"))
    assert marked == browser.texts(".passages > li.shown blockquote")[0]
    assert MARKUP in browser.one(".verdict h2").text
    assert browser.all("main script, main img, main b > *") == []
    assert "owned" not in browser.driver.title
    assert browser.complaints() == []
    names = browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in names if not name.startswith((served.url, "data:"))] == []


def test_what_a_person_says_of_an_answer_is_recorded(served: Page) -> None:
    served.ask(WARRANTY)
    browser = served.browser

    browser.one("#like").click()
    browser.until(lambda: browser.texts("#like[aria-pressed=true]"))
    browser.one(".passages details summary").click()
    browser.one("#why-1").send_keys("about another product", Keys.ENTER)
    browser.until(lambda: "Noted" in "".join(browser.texts(".passages details")))

    said = feedback(served.workspace.store).to_pylist()[-2:]
    assert [(row["kind"], row["citation"], row["comment"]) for row in said] == [
        ("like", None, None),
        ("wrong_citation", 1, "about another product"),
    ]


def test_sources_releases_and_quarantine_say_what_an_operator_asks(served: Page) -> None:
    browser = served.browser
    served.show("sources")
    handbook = next(row.text for row in browser.all("tbody tr") if "handbook" in row.text)
    assert "fresh" in handbook
    browser.one("a[href='#quarantine?source=handbook']").click()
    browser.until(lambda: "bad.txt" in "".join(browser.texts("tbody")))
    assert "bad encoding" in browser.one("tbody").text

    served.show("releases")
    browser.until(lambda: "1 changed" in "".join(browser.texts(".diff h2")))
    assert "support/warranty.md" in browser.one(".diff").text
    assert browser.texts("tbody th") == ["3", "2", "1"]


def test_every_documented_key_does_what_it_says(served: Page) -> None:
    served.ask(WARRANTY)
    browser = served.browser
    browser.one("#main").click()

    for key, tab in (("p", "tab-prompt"), ("e", "tab-explain"), ("a", "tab-passages")):
        browser.press(key)
        assert browser.focused() == tab
    browser.press("j")
    browser.until(lambda: browser.texts("mark.shown[data-n='2']"))
    browser.press("k")
    browser.until(lambda: browser.texts("mark.shown[data-n='1']"))
    browser.press("/")
    assert browser.focused() == "question"
    browser.press(Keys.CONTROL + "a" + Keys.NULL, "Who may approve travel?", Keys.ENTER)
    browser.until(lambda: "approve travel" in "".join(browser.texts(".verdict h2")))
    browser.one("#tab-passages").click()
    browser.press("?")
    assert browser.one("#keys[open]")
    browser.press(Keys.ESCAPE)
    for key, title in (("2", "Sources"), ("3", "Releases"), ("4", "Quarantine")):
        browser.press(key)
        browser.until(lambda title=title: browser.texts("main h1") == [title])  # type: ignore[misc]

    browser.press("?")
    browser.one("#keys-on").click()
    browser.press(Keys.ESCAPE, "3")
    assert browser.texts("main h1") == ["Quarantine"]
    browser.run("localStorage.clear()")


def test_tab_goes_through_the_page_in_reading_order_with_the_focus_in_sight(served: Page) -> None:
    served.ask(WARRANTY)
    browser = served.browser
    browser.run("document.activeElement.blur(); document.body.focus()")
    seen = []
    for _ in range(16):
        browser.press(Keys.TAB)
        seen.append(browser.focused())
        outline = browser.run(
            "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]"
        )
        assert outline != ["none", "0px"], seen[-1]
    assert seen[:13] == [
        "Skip to content", "Ask", "Sources", "Releases", "Quarantine", "user", "groups", "help",
        "question", "view", "release", "compare", "budget",
    ]  # fmt: skip
    assert seen[13:] == ["ask", "like", "dislike"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_screen_reads_well_and_every_control_has_a_name(served: Page, scheme: str, width: int) -> None:
    browser = served.browser
    screen = {"scheme": scheme, "width": width}
    sections: list[dict[str, Any]] = [{"section": name} for name in ("sources", "releases", "quarantine")]
    for given in (*sections, {"question": WARRANTY, "view": "everything", "compare": "2"}):
        served.show(**given, **screen)
        browser.one("[role=tabpanel] mark, [role=tabpanel] .sides, table, .diff")
        for tab in ("passages", "prompt", "explain", "compare") if "question" in given else ("",):
            if tab:
                browser.one(f"#tab-{tab}").click()
            browser.run(LONGEST_VERDICT)
            assert browser.run(TOO_FAINT) == []
            assert browser.run(NAMELESS) == []
            assert browser.run("return document.documentElement.scrollWidth") <= width
        roles = browser.run("return ['header', 'nav', 'main', 'h1'].filter(n => !document.querySelector(n))")
        assert roles == []


def test_its_files_come_with_a_policy_that_runs_nothing_else(served: Page) -> None:
    import httpx

    for path in ("/", "/inspector/main.js", "/inspector/base.css"):
        answer = httpx.get(served.url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    for path in ("/inspector/nothing.js", "/inspector/..%2Fpage.py", "/inspector/index.html"):
        assert httpx.get(served.url + path).status_code == 404
    folder = Path(__file__).parents[3] / "flows" / "serving" / "inspector"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "innerHTML" not in text
        assert "style=" not in text
        assert len(text.splitlines()) <= 200


def test_with_keys_the_page_asks_for_one_and_shows_what_its_holder_may_read(
    sample: Workspace, browser: Browser
) -> None:
    key = add_key(sample.store, "intranet", Principal(user="ann"), DEFAULT_SCOPES, now=sample.clock())
    with running(sample) as server:
        browser.open(server.url)
        browser.one("#key").send_keys(key, Keys.ENTER)
        browser.one("#question").send_keys(SALARY, Keys.ENTER)
        browser.until(lambda: browser.texts(".passages .meta span:first-child"))

        assert "hr" not in browser.texts(".passages .meta span:first-child")
        assert "asks as ann" in browser.one("#who").text
        assert browser.all("#who input") == []
        assert key not in browser.run(
            "return document.documentElement.outerHTML + JSON.stringify(localStorage)"
        )
