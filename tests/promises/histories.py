"""What a random history does to a project: to the folders of its sources, and to what its file says."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flows.stages import auditing, rebuilding, staging
from flows.stages.parsing import parse_fingerprint
from schemas.identity import content_hash
from schemas.project import SourceSection
from tests.flows.projects import NO_TEXT, ROWS, Project, touch
from tests.promises.trials import PROMPTS, Tools
from transforms import parsers

SOURCES = ("docs", "wiki")
TICKETS = "tickets.csv"
PAGES, BAD = 6, 3
"""Pages of a source at most, and how many of them are unreadable at once: one more refuses the release."""
ACLS = (["everyone"], ["group:hr"], ["group:hr", "user:ann"])
SENTENCE = re.compile(r"The \w+ at mark \d+ runs \d+ hours a year\.")
MARKDOWN = "text/markdown"
QUIET = {"touch", "runtime"}
"""Changes that make no release, and ..."""
UNPARSED = QUIET | {"acl", "label", "chunker", "embedder", "delete"}
"""that cost no parse, and ..."""
UNEMBEDDED = QUIET | {"acl", "label", "delete", "move", "spoil", "parser", "delete row", "spoil row"}
"""that cost no embedding. What was embedded before never is again, whatever the change."""
CHANGES = ("add", "copy", "re-add", "edit", "delete", "move", "touch", "spoil", "mend",
           "edit row", "add row", "delete row", "spoil row")  # fmt: skip
SETTINGS = ("acl", "label", "chunker", "embedder", "runtime", "parser", "title")
PARSERS = parsers.PARSERS
Pairs = dict[str, tuple[str, str]]
"""Key to content hash and parser fingerprint."""
Rows = dict[str, dict[str, Any]]
"""Documents by their id."""


@dataclass(kw_only=True)
class Folder:
    """The folder of a source, and what its pages said once."""

    root: Path
    name: str
    said: int
    """How many sentences were said so far; the next one is new."""
    gone: list[bytes] = field(default_factory=list)

    def pages(self, *, bad: bool | None = None) -> list[Path]:
        """Return the pages there are, or those that are unreadable or are not."""
        found = sorted(self.root.glob("*.md"))
        return found if bad is None else [one for one in found if (one.read_bytes() == NO_TEXT) is bad]

    def rows(self) -> dict[str, str]:
        """Return the bodies of the tickets by id."""
        path = self.root / TICKETS
        if not path.exists():
            return {}
        return {row["id"]: row["body"] for row in csv.DictReader(io.StringIO(path.read_text()))}

    def pairs(self, section: SourceSection) -> Pairs:
        """Return what decides of each file whether it is parsed."""
        files = [path for path in self.root.iterdir() if path.is_file()]
        return {
            path.name: (content_hash(path.read_bytes()), parse_fingerprint(path.name, section))
            for path in files
        }

    def passes(self, key: str) -> bool:
        """Tell whether a file can be read."""
        return (self.root / key).read_bytes() != NO_TEXT

    def holds(self, row: dict[str, Any]) -> bool:
        """Tell whether a document's item is there, and its record in that."""
        is_there = (self.root / row["key"]).exists()
        return is_there and (row["record"] is None or row["record"] in self.rows())

    def wrongs(self, before: Rows, after: Rows) -> list[str]:
        """Return which documents a run should not have lost, kept or changed."""
        lost = [before[one] for one in before.keys() - after.keys()]
        stale = {one: row for one, row in after.items() if row["status"] == "stale"}
        return (
            [f"{row} is lost" for row in lost if self.holds(row)]
            + [f"{row} should be gone" for row in stale.values() if not self.holds(row)]
            + [
                f"{row} is not its last good version"
                for one, row in stale.items()
                if row["record_hash"] != before[one]["record_hash"]
            ]
        )

    def begin(self) -> None:
        """Write three pages and, among the docs, four tickets."""
        for size in (1, 3, 7):
            self._write(self._page(size))
        if self.name == "docs":
            self._write_rows({str(n): self._sentence() for n in range(4)})

    def change(self, what: str, at: int) -> bool:
        """Change something, or nothing when there is nothing to change like that."""
        bad, good = self.pages(bad=True), self.pages(bad=False)
        if "row" in what:
            return self._change_rows(what, at)
        if what in ("add", "copy", "re-add"):
            return len(bad + good) < PAGES and self._add(what, at)
        if what == "spoil" and len(bad) >= BAD:
            return False
        if what == "touch":
            found = sorted(path for path in self.root.iterdir() if path.is_file())
        else:
            found = bad if what == "mend" else good
        return bool(found) and self._change_page(what, found[at % len(found)], at)

    def _change_page(self, what: str, path: Path, at: int) -> bool:
        before = path.read_bytes()
        if what == "touch":
            touch(path)
        elif what == "move":
            path.rename(path.with_name(f"m{self._next()}.md"))
        elif what == "delete":
            path.unlink()
        elif what == "edit":
            sentences = SENTENCE.findall(before.decode())
            edited = before.decode().replace(sentences[at % len(sentences)], self._sentence(), 1)
            path.write_text(edited)
        else:
            path.write_bytes(NO_TEXT if what == "spoil" else self._once(at))
        if before != NO_TEXT and what in ("edit", "delete", "spoil"):
            self.gone.append(before)
        return True

    def _change_rows(self, what: str, at: int) -> bool:
        rows = self.rows()
        good = [row for row, body in rows.items() if body]
        if self.name != "docs" or (what != "add row" and len(good) < 2):
            return False
        row = good[at % len(good)] if good else ""
        if what == "delete row":
            del rows[row]
        else:
            rows[str(self._next()) if what == "add row" else row] = (
                "" if what == "spoil row" else self._sentence()
            )
        self._write_rows(rows)
        return True

    def _add(self, what: str, at: int) -> bool:
        pages = self.pages(bad=False)
        if what == "copy":
            content = pages[at % len(pages)].read_bytes() if pages else self._page(at % 6 + 1)
        else:
            content = self._once(at) if what == "re-add" else self._page(at % 6 + 1)
        self._write(content)
        return True

    def _once(self, at: int) -> bytes:
        """Return what a page said once."""
        return self.gone[at % len(self.gone)] if self.gone else self._page(2)

    def _write(self, content: bytes) -> None:
        (self.root / f"p{self._next()}.md").write_bytes(content)

    def _write_rows(self, rows: dict[str, str]) -> None:
        out = io.StringIO()
        written = csv.writer(out)
        written.writerow(["id", "subject", "body"])
        written.writerows([row, f"Ticket {row}", body] for row, body in rows.items())
        (self.root / TICKETS).write_text(out.getvalue())

    def _page(self, size: int) -> bytes:
        """Return a page of so many paragraphs; every third one has no heading to be its title."""
        heading = f"# Page {self.said}\n\n" if self.said % 3 else ""
        body = "\n\n".join(f"{self._sentence()} {self._sentence()}" for _ in range(size))
        return f"{heading}{body}\n".encode()

    def _sentence(self) -> str:
        n = self._next()
        what = ("pump", "gate", "sluice", "ferry", "weir")[n % 5]
        return f"The {what} at mark {n} runs {n * 37 % 499 + 1} hours a year."

    def _next(self) -> int:
        self.said += 1
        return self.said


@dataclass(kw_only=True)
class ProjectFile:
    """What the project file says that a history changes, and which code and machine it runs with."""

    project: Project
    tools: Tools
    patch: pytest.MonkeyPatch
    now: dict[str, int] = field(default_factory=dict)

    def change(self, what: str, source: str, at: int) -> bool:
        """Set something to one of its values; tell whether it had another one."""
        kept = what if what in ("chunker", "embedder", "runtime", "parser", "title") else f"{what} {source}"
        before = self.now.get(kept, 0)
        self.now[kept] = at % (2 if what in ("embedder", "runtime", "parser", "title") else 3)
        self.write()
        return self.now[kept] != before

    def write(self) -> None:
        """Make the project be as all settings are now."""
        now = {what: self.now.get(what, 0) for what in ("chunker", "embedder", "runtime", "parser", "title")}
        for name in SOURCES:
            acl, label = (self.now.get(f"{what} {name}", 0) for what in ("acl", "label"))
            rows = ROWS | {"title": "subject" if now["title"] == 0 else None} if name == "docs" else {}
            self.project.source(name, acl=ACLS[acl], labels={"license": f"L{label}"}, **rows)
        chunker = {"type": "headings", "max_tokens": (128, 64, 48)[now["chunker"]]}
        embedder = {"document_prompt": PROMPTS[now["embedder"]]}
        self.project.settings["indexes"] = {"default": {"chunker": chunker, "embedder": embedder}}
        self.project.embedders = self.tools.recorded(now["runtime"])
        where, version = PARSERS[MARKDOWN]
        bumped = {**PARSERS, MARKDOWN: (where, version + now["parser"])}
        self.patch.setattr(parsers, "PARSERS", bumped)


def in_small_batches(patch: pytest.MonkeyPatch, *, judged: bool) -> None:
    """Stage two items at a time. What Great Expectations says costs half of a small run: leave it out."""
    for module in (staging, rebuilding):
        patch.setattr(module, "BATCH_ITEMS", 2)
    if not judged:
        patch.setattr(auditing, "_verdicts", lambda *_: [], raising=False)
