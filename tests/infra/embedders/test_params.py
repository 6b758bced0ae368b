from __future__ import annotations

import pytest

from infra.embedders.params import EmbedderParams
from schemas.errors import ConfigError


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:1"])
def test_devices_that_exist_are_taken(device: str) -> None:
    assert EmbedderParams(device=device).device == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "CPU", ""])
def test_a_device_that_does_not_exist_is_refused_with_those_that_do(device: str) -> None:
    with pytest.raises(ConfigError, match=r"auto, cpu, mps, cuda"):
        EmbedderParams(device=device)


def test_a_model_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"embedder\.model"):
        EmbedderParams(model=" ")
