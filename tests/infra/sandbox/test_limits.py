from __future__ import annotations

from dataclasses import fields

import pytest

from infra.sandbox import Limits
from schemas.errors import ConfigError


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_every_limit_is_above_zero(name: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}` is not above 0"):
        Limits(**{name: 0})
