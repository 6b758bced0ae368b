"""Quotes: what a message says in its author's own words, without what mail programs copy into it."""

from __future__ import annotations

import re

QUOTED = re.compile(r"^[ \t]{0,3}(?:>|&gt;)")
_TWO_LINES = r"[^\n]{4,200}(?:\n(?!>)[^\n]{0,120})?"
ATTRIBUTION = re.compile(
    rf"^[ \t]*(?:On\b{_TWO_LINES}\bwrote|Am\b{_TWO_LINES}\bschrieb[^\n:]{{0,120}}"
    rf"|Le\b{_TWO_LINES}\ba \u00e9crit)[ \t]?:[ \t]*$",
    re.MULTILINE,
)
"""`On Monday, Ann wrote:`, which mail programs may break in two lines; also in German and French."""

FORWARDED = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*(?:Original Message|Forwarded message|Urspr\u00fcngliche Nachricht)[ \t]*-{2,}"
    r"|_{10,}[ \t]*\n[ \t]*From:|From:[^\n]*\n(?:Sent|Date):)",
    re.MULTILINE | re.IGNORECASE,
)
"""What stands above a whole mail that is copied below an answer."""

SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
"""The line that a signature stands under (RFC 3676, section 4.3)."""

BLANK_LINES = re.compile(r"\n{3,}")


def own_words(text: str) -> str:
    """Return a message without quoted lines, the lines that announce them, copied mails and signature.

    Below an announcement without quote marks everything is quoted: some programs do not mark it.
    """
    text = _before(SIGNATURE, _before(FORWARDED, text.replace("\r\n", "\n")))
    while (found := ATTRIBUTION.search(text)) is not None:
        below = text[found.end() :]
        marked = QUOTED.match(below.lstrip("\n")) is not None
        text = text[: found.start()] + (below if marked else "")
    lines = [line for line in text.split("\n") if not QUOTED.match(line)]
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _before(mark: re.Pattern[str], text: str) -> str:
    found = mark.search(text)
    return text if found is None else text[: found.start()]
