"""A random history of one source: what its folder and its settings are at each step, from a seed alone."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from tests.flows.projects import NO_TEXT, ROWS, Project

PAGES, TICKETS, BAD = 36, 8, 2
"""Pages and tickets to begin with; and how many pages are unreadable at once, too few to refuse a release."""


@dataclass(kw_only=True)
class State:
    """A folder, and what the project file says of it."""

    pages: dict[str, bytes] = field(default_factory=dict)
    rows: dict[int, str] = field(default_factory=dict)
    acl: list[str] = field(default_factory=lambda: ["everyone"])
    max_tokens: int = 128

    def files(self) -> dict[str, bytes]:
        """Return the folder: its pages, and a table whose rows are documents."""
        out = io.StringIO()
        written = csv.writer(out)
        written.writerow(["id", "subject", "body"])
        written.writerows([n, f"Ticket {n}", body] for n, body in self.rows.items())
        return {**self.pages, "tickets.csv": out.getvalue().encode()}

    def lay_out(self, project: Project) -> None:
        """Make a project be in this state; a file that already is stays as it is, its time too."""
        files = self.files()
        docs = project.root / "docs"
        for path in [path for path in docs.rglob("*") if path.is_file() and path.name not in files]:
            path.unlink()
        for name, content in files.items():
            if not (docs / name).is_file() or (docs / name).read_bytes() != content:
                (docs / name).write_bytes(content)
        project.source("docs", **ROWS, acl=self.acl)
        project.chunker(self.max_tokens)


def states(seed: int) -> Iterator[State]:
    """Yield the steps of a history: every one differs from the one before in something that is released."""
    chance = random.Random(seed)
    state = State()
    for n in range(PAGES):
        state.pages[f"p{n:03}.md"] = page(chance, n)
    state.rows |= {n: sentence(chance) for n in range(TICKETS)}
    for step in range(1_000_000):
        yield state
        state = replace(state, pages=dict(state.pages), rows=dict(state.rows))
        _edit(state, chance)
        for change in chance.sample([_add, _delete, _rename, _spoil, _mend, _edit_rows, _spoil_row], 3):
            change(state, chance)
        if step % 5 == 4:
            state.acl = ["group:hr"] if state.acl == ["everyone"] else ["everyone"]
        if step % 6 == 5:
            state.max_tokens = chance.choice([n for n in (48, 64, 128) if n != state.max_tokens])


def state_at(seed: int, step: int) -> State:
    """Return one step of a history."""
    return next(islice(states(seed), step, None))


def page(chance: random.Random, n: int) -> bytes:
    """Return a page of a few paragraphs, some of them long enough for several chunks."""
    body = "\n\n".join(" ".join(sentence(chance) for _ in range(chance.randint(1, 9))) for _ in range(3))
    return f"# Page {n}\n\n{body}\n".encode()


def sentence(chance: random.Random) -> str:
    """Return a sentence that nobody said before."""
    what, where = chance.choice(["pump", "gate", "sluice", "ferry", "weir"]), chance.randrange(10**6)
    return f"The {what} at mark {where} runs {chance.randrange(1, 500)} hours a year."


def _readable(state: State) -> list[str]:
    return sorted(name for name, content in state.pages.items() if content != NO_TEXT)


def _edit(state: State, chance: random.Random) -> None:
    name = chance.choice(_readable(state))
    lines = state.pages[name].decode().split("\n")
    at = chance.randrange(2, len(lines))
    lines[at] = f"{sentence(chance)} {lines[at]}"
    state.pages[name] = "\n".join(lines).encode()


def _add(state: State, chance: random.Random) -> None:
    n = chance.randrange(100, 1_000)
    state.pages[f"p{n}.md"] = page(chance, n)


def _delete(state: State, chance: random.Random) -> None:
    for name in chance.sample(sorted(state.pages), chance.randint(1, 2)):
        del state.pages[name]


def _rename(state: State, chance: random.Random) -> None:
    name = chance.choice(sorted(state.pages))
    state.pages[f"m{chance.randrange(1_000)}.md"] = state.pages.pop(name)


def _spoil(state: State, chance: random.Random) -> None:
    if len(state.pages) - len(_readable(state)) < BAD:
        state.pages[chance.choice(_readable(state))] = NO_TEXT


def _mend(state: State, chance: random.Random) -> None:
    for name in sorted(state.pages.keys() - set(_readable(state))):
        state.pages[name] = page(chance, chance.randrange(1_000))


def _edit_rows(state: State, chance: random.Random) -> None:
    state.rows[chance.randrange(2 * TICKETS)] = sentence(chance)
    if len(state.rows) > TICKETS:
        del state.rows[chance.choice(sorted(state.rows))]


def _spoil_row(state: State, chance: random.Random) -> None:
    state.rows[chance.choice(sorted(state.rows))] = ""
