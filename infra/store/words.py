"""How the keyword leg takes words apart: as the language of a table's chunks asks, where they share one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from schemas.languages import NAMES, STOP_WORDS, UNSPACED, code_of

if TYPE_CHECKING:
    from lancedb.table import Table

STEMMED = {
    "ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru", "sv", "ta",
    "tr",
}  # fmt: skip
"""Languages that lancedb 0.40 has a stemmer and stop words for."""
DEFAULT = "en"
"""Of chunks that say no language."""
SCAN_ROWS = 50_000


def word_settings(table: Table) -> dict[str, Any]:
    """Return the settings of a table's full-text index.

    One language throughout: its stemmer and its stop words. Several, or one without a stemmer: no stemming,
    since one language's would maim another's, and the stop words of all of them. On English texts and
    questions that costs up to .01 of nDCG@10, and .08 were it without stop words (cranfield, anthropic_docs,
    lihua_world). Languages written without spaces are cut by a dictionary, which costs up to .04.
    """
    return settings_for(spoken_in(table))


def settings_for(codes: frozenset[str]) -> dict[str, Any]:
    """Return the settings for texts in these languages."""
    cut = "icu" if codes & UNSPACED else "simple"
    always = {"base_tokenizer": cut, "ascii_folding": True}
    if len(codes) == 1 and codes <= STEMMED:
        name = NAMES[next(iter(codes))]
        return {
            **always,
            "language": name,
            "stem": True,
            "remove_stop_words": True,
            "custom_stop_words": None,
        }
    stops = sorted({word for code in codes for word in STOP_WORDS.get(code, ())})
    return {
        **always,
        "language": NAMES[DEFAULT],
        "stem": False,
        "remove_stop_words": bool(stops),
        "custom_stop_words": stops or None,
    }


def spoken_in(table: Table) -> frozenset[str]:
    """Return the codes of the languages that a table's chunks say they are in."""
    if "language" not in table.schema.names:
        return frozenset({DEFAULT})
    codes: set[str] = set()
    for rows in table.search().select(["language"]).limit(None).to_batches(batch_size=SCAN_ROWS):
        codes |= {code_of(one) if one else DEFAULT for one in pc.unique(rows["language"]).to_pylist()}
    return frozenset(codes)
