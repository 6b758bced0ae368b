"""Texts of every shape that an embedder meets."""

from __future__ import annotations

WORDS = ("river", "stone", "copper", "lantern", "meadow", "engine", "harbor", "winter", "letter", "bridge")


def texts(count: int = 24) -> list[str]:
    """Return texts of different lengths, none longer than 256 tokens, in no order of length."""
    shapes = ["", "Yes.", "naïve café 😀", "def f(x):\n    return x + 1", "日本語のテキスト", "  a  b  "]
    prose = [
        " ".join(WORDS[(n * 5 + k * (n + 1)) % len(WORDS)] for k in range(1 + (n * 37) % 200))
        for n in range(count - len(shapes))
    ]
    return [*prose[::2], *shapes, *prose[1::2]]
