"""Leads: the first words of a document, which stand with every later piece of it.

A piece from the middle of a page says "net sales rose", and the first line says whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from transforms.chunkers.params import SIZES
from transforms.chunkers.pieces import NO_LEAD, Lead, Piece
from transforms.chunkers.ruler import Ruler

WORDS = 16
TOKENS = 32
"""Of a lead at most; kept free in every piece, so that an edit of the first words moves no cut."""
SHARE = 1 / 4
"""Of the limit: the most that a lead takes from the text under it."""
CHARACTERS = SIZES[-1][0]
"""A longer document is about more than its first words. Figures in `infra/decisions/0031-leads.md`."""


def lead_room(characters: int, limit: int, ruler: Ruler) -> int:
    """Return the tokens that are kept free for the lead of a document; none where it has no lead."""
    return TOKENS + ruler.newline if characters <= CHARACTERS and SHARE * limit >= TOKENS else 0


def with_lead(pieces: Iterable[Piece], texts: list[str], rooms: list[int], ruler: Ruler) -> list[Piece]:
    """Return the pieces of documents in order, each with its document's lead where there is room for one."""
    leads: dict[int, Lead] = {}
    led = []
    for piece in pieces:
        if piece.row not in leads:
            leads[piece.row] = _lead(piece, texts[piece.row], ruler) if rooms[piece.row] else NO_LEAD
        led.append(replace(piece, lead=leads[piece.row]))
    return led


def _lead(first: Piece, text: str, ruler: Ruler) -> Lead:
    words = " ".join(text[first.start : first.end].split(maxsplit=WORDS)[:WORDS])
    cut = ruler.cut(words, TOKENS)
    return Lead(first.start, cut if cut == words else cut.rpartition(" ")[0] or cut)
