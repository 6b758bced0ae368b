"""Real files, where they are: HEADWATER_SHARED, or the folder `shared` beside the repository."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import read, texts
from transforms.parsers.encoding import decode_text

SHARED = Path(os.environ.get("HEADWATER_SHARED", Path(__file__).parents[4] / "shared")) / "data"
NOT_HERE = f"no real files at {SHARED}: set HEADWATER_SHARED to the folder that holds `data`"
WORD = re.compile(r"[^\W_]+")
TARGET = r"\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*\s*(?:\"[^\"]*\"|'[^']*')?\s*\)"
MARKUP = [  # what is no word of a Markdown file, in the order in which it is taken out
    r"(?s)\A---\n.*?\n(?:---|\.\.\.)\n",
    r"(?s)<!--.*?-->",
    r"(?m)^[\s>]*(?:[-*+]\s+)*(?:\d+[.)]\s+)?(?:```+|~~~+)[^\n`]*$",  # fences
    r"(?m)^[\s>]*(?:[-*+]\s+)*\d+[.)]\s",  # the numbers of lists
    r"(?m)^ {0,3}\[[^\]\n]+\]:\s*\S+.*$",  # the targets of links
    r"</?[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>",
    rf"\]{TARGET}",
    r"\]\[[^\]]*\]",
    r"&[a-zA-Z]+;|&#\d+;",
    r"!?\[",
]


def files(folder: str, pattern: str) -> list[Path]:
    if not (SHARED / folder).is_dir():
        pytest.skip(NOT_HERE)
    return sorted((SHARED / folder).rglob(pattern))


def words_of(markdown: str) -> str:
    for pattern in MARKUP:
        markdown = re.sub(pattern, "", markdown)
    return markdown


def missing(source: str, text: str) -> Counter[str]:
    """Letters that the source has and the text has not: no word hides from this, however it is cut."""
    return Counter("".join(WORD.findall(source))) - Counter("".join(WORD.findall(text)))


@pytest.mark.gate
@pytest.mark.parametrize("folder", ["kubernetes-community/A", "kubernetes-community/B"])
def test_no_word_of_a_large_handbook_is_lost(folder: str) -> None:
    rejected = []
    for file in files(folder, "*.md"):
        try:
            parsed = read(file.name, file.read_bytes())
        except Rejected as bad:
            rejected.append((file.name, bad.reason))
            continue
        source = words_of(decode_text(file.read_bytes()))
        assert not missing(source, f"{parsed.title}\n{parsed.text}"), file

    assert rejected == [("1345-1430_SIGGOVERNANCE.md", Reason.BAD_ENCODING)]


@pytest.mark.gate
def test_the_code_of_a_large_handbook_keeps_every_line() -> None:
    from markdown_it import MarkdownIt

    read_tokens = MarkdownIt("commonmark").enable("table").parse
    for file in files("kubernetes-community/A", "README*.md"):
        code = "\n".join(texts(read(file.name, file.read_bytes()), "code"))
        for token in read_tokens(decode_text(file.read_bytes())):
            if token.type in ("fence", "code_block"):
                assert token.content.removeprefix("\n").rstrip() in code, file


def test_every_proposal_of_a_language_has_its_title_and_its_sections() -> None:
    for file in files("peps", "pep-*.rst"):
        source = file.read_text("utf-8")
        parsed = read(file.name, source)

        assert parsed.title == " ".join(
            re.findall(r"^Title: *(.*(?:\n +.*)*)", source, re.MULTILINE)[0].split()
        )
        underlined = re.findall(r"^(\S.*)\n(?:={3,}|-{3,})$", source, re.MULTILINE)
        assert len(texts(parsed, "heading")) >= len(underlined), file
