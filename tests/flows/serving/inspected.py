"""The inspector page in a browser, and what a browser is asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flows.workspace import Workspace
from tests.browser import Browser

TOO_FAINT = """
const rgb = (c) => { const p = c.match(/[\\d.]+/g).map(Number); return p.length < 4 ? [...p, 1] : p };
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
const ground = (e) => { for (; e; e = e.parentElement) {
  const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c } return [255, 255, 255, 1] };
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
  if (e.closest('.unseen, .skip, option')) continue;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) faint.push([walker.currentNode.data.slice(0, 40), ratio.toFixed(2)]);
}
return faint;
"""
"""Texts on the screen whose contrast with their ground is under 4.5:1."""

LONGEST_VERDICT = """
for (const verdict of document.querySelectorAll(".explain .state"))
  verdict.textContent = "left out: says the same as another";
"""
"""Makes each candidate's verdict the longest there is: a row of the sample may have a short one."""

NAMELESS = """
const controls = 'button, input, select, textarea, a, dialog[open], nav, [role=tabpanel]';
return [...document.querySelectorAll(controls)]
  .filter(e => e.checkVisibility())
  .filter(e => !(e.textContent.trim() || e.labels?.length || e.getAttribute('aria-label')
    || e.getAttribute('aria-labelledby')) || (e.tagName === 'INPUT' && !e.labels.length)
    || (['SELECT', 'TEXTAREA'].includes(e.tagName) && !e.labels.length))
  .map(e => e.outerHTML.slice(0, 80));
"""
"""Controls that a screen reader could not name."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page in a browser, and the workspace it shows."""

    browser: Browser
    url: str
    workspace: Workspace

    def show(self, section: str = "ask", **given: Any) -> None:
        """Open a section of the page, on its own or with a question."""
        screen = {name: given.pop(name) for name in ("width", "height", "scheme") if name in given}
        self.browser.run("try { sessionStorage.clear() } catch { /* no page yet */ }")
        query = {"q" if name == "question" else name: value for name, value in given.items()}
        self.browser.open(f"{self.url}/#{section}" + (f"?{urlencode(query)}" if query else ""), **screen)
        self.browser.one("main h1")

    def ask(self, question: str, **given: Any) -> None:
        """Open the page with a question and wait for what was found."""
        self.show(question=question, **{"view": "everything", **given})
        self.browser.one("[role=tabpanel]")
