"""Guessing what language texts are in, and whether an embedder is for them; light, and free not to know."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable

from schemas.languages import SCRIPTS, STOP_WORDS, code_of, name_of

WORD = re.compile(r"[^\W\d_]+")
LETTERS = 400
"""Looked at for the script."""
WORDS = 200
SCRIPT_SHARE = 0.3
"""Of the letters: other scripts mix with Latin names and abbreviations."""
MIN_HITS = 3
MIN_SHARE = 0.08
"""Of the words: prose has 25% to 50% of such words; code and tables have hardly any."""
KNOWN = 20
"""Fewer texts whose language is known tell nothing."""
NOTED_SHARE = 0.2
"""Of the texts: from here on it is worth a note."""


def language_of(text: str) -> str | None:
    """Return the code of the language a text is most likely in, or None where too little tells it."""
    letters = [letter for letter in text[: 4 * LETTERS] if letter.isalpha()][:LETTERS]
    scripts = Counter(code for letter in letters if (code := _script(letter)) is not None)
    if scripts and sum(scripts.values()) >= SCRIPT_SHARE * len(letters):
        return "ja" if "ja" in scripts else scripts.most_common(1)[0][0]
    words = [word.lower() for word in WORD.findall(text)[:WORDS]]
    hits = {code: sum(word in known for word in words) for code, known in STOP_WORDS.items()}
    (best, most), (_, second) = sorted(hits.items(), key=lambda one: -one[1])[:2]
    told = most >= MIN_HITS and most >= MIN_SHARE * len(words) and most > second
    return best if told else None


def misfit(texts: Iterable[str], spoken: Collection[str], embedder: str) -> str | None:
    """Return a note when many texts are in no language that an embedder is for; None when there is none.

    `spoken` are codes as the model's card gives them; none of them means that it does not say. Texts whose
    language cannot be told count neither way.
    """
    if not spoken:
        return None
    found = Counter(code for text in texts if (code := language_of(text)) is not None)
    known, fits = sum(found.values()), {code_of(one) for one in spoken}
    others = Counter({code: n for code, n in found.items() if code not in fits})
    share = sum(others.values()) / known if known else 0.0
    if known < KNOWN or share < NOTED_SHARE:
        return None
    names = " or ".join(map(name_of, sorted(fits)))
    most = ", ".join(name_of(code) for code, _ in others.most_common(2))
    return (
        f"{share:.0%} of chunks are not {names} (most of them {most}), which is what {embedder} is for: "
        "name a model for these languages under `embedder.model`"
    )


def _script(letter: str) -> str | None:
    return None if letter.isascii() else SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0])
