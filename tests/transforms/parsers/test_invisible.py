from __future__ import annotations

import pytest

from schemas.document import Parsed
from transforms.parsers.invisible import FLAG, flagged


def flags(text: str, title: str | None = None) -> tuple[str, ...]:
    parsed = flagged(Parsed(text=text, elements=(), title=title, flags=("other",)))
    assert (parsed.text, parsed.title) == (text, title)
    return parsed.flags


@pytest.mark.parametrize(
    "text",
    ["pay\u202eot", "a\u200bb", "a\u2066b\u2069", "x\U000e0041", "soft\u00adhyphen", "v\ufe01\ufe02\ufe03"],
)
def test_characters_that_no_reader_sees_are_kept_and_pointed_out(text: str) -> None:
    assert flags(text) == ("other", FLAG)
    assert flags("plain", title=text) == ("other", FLAG)


@pytest.mark.parametrize(
    "text",
    ["❤️\u200d🔥 👨\u200d👩\u200d👧", "\u0645\u06cc\u200c\u062e\u0648", "plain é \u00a0 text", "क्\u200dष"],
)
def test_joiners_that_a_script_or_an_emoji_needs_are_no_secret(text: str) -> None:
    assert flags(text) == ("other",)
