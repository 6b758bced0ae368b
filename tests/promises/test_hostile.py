"""Law 12: bad input is a rejected row with a reason, never a crash, a hang, or a lost neighbor."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from flows.stages import parsing
from infra.sandbox import Limits, Sandbox
from tests.flows.projects import Project, page, touch
from tests.promises import hostile_parsers

T = TypeVar("T")

NEIGHBORS = 6
HIDDEN = "what stands outside of the folder"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">' for n in range(1, 12)
) + "]>"  # fmt: skip
"""Twelve entities, each ten times the one before: a hundred billion times `ha`."""
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"


def docx(text: str, *, before: str = "") -> bytes:
    """Return a .docx of one paragraph, with something before its root element."""
    paragraph = f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"
    parts = {
        "[Content_Types].xml": f"<Types xmlns='{PACKAGE}/content-types'>"
        f"<Default Extension='rels' ContentType='{RELATIONSHIPS}'/>"
        f"<Override PartName='/word/document.xml' ContentType='{WORD_PART}'/></Types>",
        "_rels/.rels": f"<Relationships xmlns='{PACKAGE}/relationships'>"
        f"<Relationship Id='r1' Type='{OFFICE}' Target='word/document.xml'/></Relationships>",
        "word/document.xml": f"{before}<w:document xmlns:w='{WORD}'>{paragraph}</w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


REJECTED: dict[str, tuple[bytes, str]] = {
    "empty.txt": (b"", "empty_item"),
    "blank.md": (b" \n\t\n", "empty_item"),
    "no-pdf.pdf": (b"%PDF-1.7\n" + bytes(range(256)) * 40, "corrupt"),
    "half.utf16.txt": (b"\xff\xfe\xfa this is no text", "bad_encoding"),
    "not-utf8.txt": (b"caf\xc3\x28 \xff\xfe\xfa", "bad_encoding"),
    "not-a-zip.docx": (b"this is not a zip archive", "corrupt"),
    "laughs.xml": (f"<?xml version='1.0'?>{LAUGHS}<x>&k;</x>".encode(), "corrupt"),
    "laughs.docx": (docx("&k;", before=LAUGHS), "corrupt"),
    "bomb.docx": (docx("a" * 210_000_000), "too_large"),
    "outside.xml": (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "corrupt"),
    "wide.csv": (b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"," * 99_999, "too_large"),
    "nested.json": (b"[" * 100_000 + b"]" * 100_000, "corrupt"),
}
"""Content that no parser makes a document of, and what is said of it."""

PARSED: dict[str, bytes] = {
    "deep.html": b"<body>" + b"<div>" * 100_000 + b"the bottom" + b"</div>" * 100_000 + b"</body>",
    "utf16.txt": "The weir is 7 m wide.".encode("utf-16"),
    "one-line.txt": b"word " * 40_000,
    "small.docx": docx("A paragraph of a letter."),
    "tags.html": b"<p>A paragraph <b>never closed <i>at all <table><tr><td>cell",
}
"""Content that looks as bad and is read."""

NAMES = [
    b"new\nline.md", b"caf\xe9.md", b"n" * 252 + b".md", b"..md.md", b"back\\x41slash.md", b"CON.md",
    b"quote'; drop table--.md", "\u202egnp.md".encode(), b" blank.md", b"%2e%2e%2fetc.md", b"-rf.md",
    "naïve ☃.md".encode(), b"a?*[b].md",
]  # fmt: skip


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Parsers that may cost less here than otherwise: nobody waits a minute for a test."""
    limits = Limits(timeout_s=20.0, memory_bytes=400 * 2**20)
    with Sandbox(parsing.TARGET, limits=limits, workers=parsing.CHILDREN) as sandbox:
        monkeypatch.setattr(parsing, "_sandbox", lambda: sandbox)
        yield


@pytest.fixture
def neighbors(project: Project) -> dict[str, str]:
    """Good pages beside the bad ones, and what they say."""
    project.settings["policy"] = {"max_rejected_share": 1.0}
    project.pages(NEIGHBORS)
    return {f"p{n:02}.md": page(n) for n in range(NEIGHBORS)}


def unharmed(project: Project, neighbors: dict[str, str]) -> bool:
    """Tell whether the neighbors are released as they are."""
    found = {row["key"]: row["text"] for row in project.documents() if row["key"] in neighbors}
    chunks = {row["key"] for row in project.chunks("key")}
    return found == {key: text.strip() for key, text in neighbors.items()} and set(neighbors) <= chunks


@pytest.mark.usefixtures("strict")
def test_every_bad_item_is_quarantined_with_its_reason_or_read(
    project: Project, neighbors: dict[str, str]
) -> None:
    for name, content in PARSED.items() | {(name, content) for name, (content, _) in REJECTED.items()}:
        project.write(name, content)

    paid = project.ingest()

    assert paid.run.state == "published"
    assert project.quarantined() == {name: reason for name, (_, reason) in REJECTED.items()}
    assert project.live("docs") == neighbors.keys() | PARSED.keys()
    assert unharmed(project, neighbors)
    assert "root:" not in "".join(row["text"] for row in project.documents())
    assert "the bottom" in "".join(row["text"] for row in project.documents())
    assert project.ingest().run.state == "unchanged"


@pytest.mark.usefixtures("strict")
def test_a_parser_that_hangs_dies_or_eats_memory_costs_its_item_alone(
    project: Project, neighbors: dict[str, str]
) -> None:
    sabotage = {
        "hang.epub": ("application/epub+zip", hostile_parsers.hangs, "parser_timeout"),
        "crash.xml": ("application/xml", hostile_parsers.crashes, "parser_crashed"),
        "exit.html": ("text/html", hostile_parsers.exits, "parser_crashed"),
        "memory.eml": ("message/rfc822", hostile_parsers.eats_memory, "parser_memory"),
        "flood.rst": ("text/x-rst", hostile_parsers.says_too_much, "output_too_large"),
    }
    named = {kind: f"{parser.__module__}:{parser.__name__}" for kind, parser, _ in sabotage.values()}
    project.source("docs", parsers=named)
    for name in sabotage:
        project.write(name, f"poison in {name}")

    paid = project.ingest()

    assert paid.run.items.quarantined == len(sabotage)
    assert project.quarantined() == {name: reason for name, (_, _, reason) in sabotage.items()}
    assert unharmed(project, neighbors)


@pytest.mark.usefixtures("strict")
def test_poison_is_tried_twice_and_then_left_alone_until_its_bytes_change(
    project: Project, neighbors: dict[str, str]
) -> None:
    project.source("docs", parsers={"message/rfc822": "tests.promises.hostile_parsers:eats_memory"})
    poison = project.write("memory.eml", "poison")

    assert [project.ingest().parses for _ in range(2)] == [NEIGHBORS + 1, 0]
    project.later = timedelta(minutes=1)
    assert [project.ingest().parses for _ in range(2)] == [1, 0]
    project.later = timedelta(days=2)
    touch(poison)
    assert project.ingest().parses == 0
    poison.write_bytes(b"another poison")
    assert project.ingest().parses == 1
    assert unharmed(project, neighbors)


def test_a_file_that_vanishes_between_listing_and_reading_is_quarantined_and_comes_back(
    project: Project, neighbors: dict[str, str]
) -> None:
    gone = project.write("gone.md", page(99))

    def vanishing(name: str, stage: Callable[[], T]) -> T:
        found = stage()
        if name == "list":
            gone.unlink()
        return found

    paid = project.ingest(step=vanishing)

    assert (paid.run.items.listed, paid.run.reasons) == (NEIGHBORS + 1, {"vanished": 1})
    assert unharmed(project, neighbors)
    project.write("gone.md", page(99))
    assert project.ingest().run.items.added == 1
    assert project.ingest().run.items.quarantined == 0


def test_a_file_that_shrinks_or_turns_into_a_folder_after_its_listing_harms_nobody(
    project: Project, neighbors: dict[str, str]
) -> None:
    short, folder = project.write("short.md", page(98)), project.write("folder.md", page(99))

    def changing(name: str, stage: Callable[[], T]) -> T:
        found = stage()
        if name == "list":
            short.write_bytes(b"")
            folder.unlink()
            folder.mkdir()
        return found

    project.ingest(step=changing)

    assert project.quarantined() == {"short.md": "empty_item", "folder.md": "unreadable"}
    assert unharmed(project, neighbors)


def test_odd_names_are_names_like_any_other(project: Project, neighbors: dict[str, str]) -> None:
    folder = os.fsencode(project.root / "docs")
    for n, name in enumerate(NAMES):
        with Path(os.fsdecode(folder + b"/" + name)).open("w", encoding="utf-8") as file:
            file.write(page(100 + n))

    paid = project.ingest()

    assert (paid.run.items.added, paid.run.items.quarantined) == (NEIGHBORS + len(NAMES), 0)
    texts = {row["key"]: row["text"] for row in project.documents() if row["key"] not in neighbors}
    assert sorted(texts.values()) == sorted(page(100 + n).strip() for n in range(len(NAMES)))
    assert unharmed(project, neighbors)
    assert project.ingest().run.state == "unchanged"
    for name in NAMES:
        Path(os.fsdecode(folder + b"/" + name)).unlink()
    assert project.ingest(allow_shrink=True).run.items.removed == len(NAMES)


@pytest.mark.parametrize("follow", [False, True])
def test_links_pipes_and_sockets_lead_nowhere(
    project: Project, neighbors: dict[str, str], follow: bool
) -> None:
    project.source("docs", follow_symlinks=follow)
    docs, outside = project.root / "docs", project.root / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text(HIDDEN)
    (docs / "passwd.txt").symlink_to("/etc/passwd")
    (docs / "secret.md").symlink_to(outside / "secret.md")
    (docs / "outside").symlink_to(outside)
    (docs / "loop.md").symlink_to("loop.md")
    (docs / "dangling.md").symlink_to("nowhere.md")
    (docs / "folder").mkdir()
    (docs / "folder" / "up").symlink_to("..")
    (docs / "folder" / "same").symlink_to("../folder")
    (docs / "alias.md").symlink_to("p00.md")
    os.mkfifo(docs / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(docs):  # a socket's path is short
        listening.bind("socket.md")

    paid = project.ingest()

    items = paid.run.items
    assert project.live("docs") == neighbors.keys() | ({"alias.md"} if follow else set())
    assert project.quarantined() == (
        {"passwd.txt": "outside_root", "secret.md": "outside_root"} if follow else {}
    )
    assert items.listed == items.added + items.quarantined
    shown = "".join(row["text"] for row in project.documents())
    assert HIDDEN not in shown
    assert "root:" not in shown
    assert unharmed(project, neighbors)


def test_a_folder_as_deep_as_a_path_may_be_is_walked(project: Project, neighbors: dict[str, str]) -> None:
    folders = [str(project.root / "docs") + "/d" * n for n in range(1, 1_500)]
    for folder in folders:
        Path(folder).mkdir()
    bottom = Path(folders[-1], "bottom.md")
    bottom.write_text(page(99))

    try:
        assert project.ingest().run.items.added == NEIGHBORS + 1
        assert unharmed(project, neighbors)
    finally:  # deeper than what cleans up temporary folders can go
        bottom.unlink()
        for folder in reversed(folders):
            Path(folder).rmdir()


@pytest.mark.gate
@pytest.mark.timeout(1_800)
def test_a_text_of_20_megabytes_is_read_whole_or_quarantined(
    project: Project, neighbors: dict[str, str]
) -> None:
    lines = "".join(
        f"On day {n} the river stood {n % 97} inches high at the old mill.\n\n" for n in range(335_000)
    )
    assert len(lines) > 20_000_000
    project.write("long.txt", lines)

    paid = project.ingest()

    print(paid.run.as_dict())
    assert unharmed(project, neighbors)
    if paid.run.items.quarantined == 0:
        found = [row["text"] for row in project.documents() if row["key"] == "long.txt"]
        assert [len(text) for text in found] == [len(lines.strip())]
