from __future__ import annotations

import json

import pytest

from infra.plugins import opener_of
from schemas.errors import ConfigError


def test_a_built_in_name_and_an_import_string_both_name_a_function() -> None:
    assert opener_of("source 'a'", "text", {"text": "json:loads"}) is json.loads
    assert opener_of("source 'a'", "json:dumps", {}) is json.dumps


@pytest.mark.parametrize("wrong", ["nowhere:open", "json:nothing", "text", ""])
def test_what_cannot_be_imported_is_told_with_the_place_that_names_it(wrong: str) -> None:
    with pytest.raises(ConfigError, match="source 'a' has type"):
        opener_of("source 'a'", wrong, {})
