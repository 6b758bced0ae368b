"""What a model's card says it is for."""

from __future__ import annotations

import re

import yaml

from infra.embedders.hub import locate
from infra.embedders.params import EmbedderParams

FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*\n", re.DOTALL)
MANY = frozenset({"multilingual", "mul"})


def spoken_by(params: EmbedderParams) -> tuple[str, ...]:
    """Return the codes of the languages that a model says it is for; none when it names none, or many.

    Read from `language` in the front matter of its README.md, as model hubs do.
    """
    card = locate(params) / "README.md"
    found = FRONT.match(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else None
    if found is None:
        return ()
    try:
        named = (yaml.safe_load(found.group(1)) or {}).get("language")
    except (yaml.YAMLError, AttributeError):
        return ()
    codes = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    spoken = tuple(sorted(code for code in codes if isinstance(code, str)))  # `no` reads as false in YAML
    return () if MANY & set(spoken) else spoken
