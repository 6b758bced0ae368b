from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedders.layout import Layout, read_layout
from infra.embedders.packaged import packaged_folder
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError
from tests.infra.embedders.conftest import write

Tiny = Callable[..., Path]


def test_the_default_reads_256_tokens_and_makes_384_numbers() -> None:
    found = read_layout(packaged_folder(), EmbedderParams())

    assert (found.max_tokens, found.dimension, found.pooling) == (256, 384, "mean")
    assert found.modules == ("Transformer", "Pooling", "Normalize")
    assert [file.name for file in found.weights] == ["model.safetensors"]
    assert found.is_plain


@pytest.mark.parametrize(
    ("given", "query", "document"),
    [
        (EmbedderParams(), "Q: ", "P: "),
        (EmbedderParams(query_prompt="", document_prompt=""), "", ""),
        (EmbedderParams(query_prompt="ask: "), "ask: ", "P: "),
    ],
)
def test_a_prompt_that_is_given_goes_before_the_models_own(
    tiny: Tiny, given: EmbedderParams, query: str, document: str
) -> None:
    found = read_layout(tiny(prompts={"query": "Q: ", "passage": "P: "}), given)

    assert (found.query_prompt, found.document_prompt) == (query, document)


def test_only_mean_pooling_is_plain(tiny: Tiny) -> None:
    assert _layout(tiny()).is_plain
    assert not _layout(tiny(pooling="cls_token")).is_plain


def test_prompts_that_are_not_pooled_are_not_plain(tiny: Tiny) -> None:
    folder = tiny(prompts={"query": "Q: "})
    write(folder / "1_Pooling" / "config.json", {"pooling_mode": "mean", "include_prompt": False})

    assert not _layout(folder).is_plain
    assert read_layout(folder, EmbedderParams(query_prompt="")).is_plain


def test_newer_folders_name_their_pooling(tiny: Tiny) -> None:
    folder = tiny()
    write(folder / "1_Pooling" / "config.json", {"embedding_dimension": 32, "pooling_mode": ["cls", "max"]})

    found = _layout(folder)

    assert (found.pooling, found.dimension) == ("cls+max", 64)


def test_a_dense_part_says_the_dimension(tiny: Tiny) -> None:
    folder = tiny()
    modules = json.loads((folder / "modules.json").read_text())
    write(
        folder / "modules.json", [*modules, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
    )
    write(folder / "2_Dense" / "config.json", {"in_features": 32, "out_features": 16})

    found = _layout(folder)

    assert found.dimension == 16
    assert not found.is_plain


def test_a_transformer_alone_is_pooled_by_the_mean(tiny_network: Path) -> None:
    found = _layout(tiny_network)

    assert (found.pooling, found.dimension, found.max_tokens) == ("mean", 32, 512)
    assert found.is_plain


def test_weights_in_a_format_that_runs_code_are_refused(tiny: Tiny) -> None:
    folder = tiny()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(EmbedderError, match=r"no \.safetensors weights"):
        _layout(folder)


def test_a_part_that_is_not_supported_is_named(tiny: Tiny) -> None:
    folder = tiny()
    write(folder / "modules.json", [{"path": "", "type": "sentence_transformers.models.CLIPModel"}])

    with pytest.raises(EmbedderError, match="made of CLIPModel"):
        _layout(folder)


def test_a_folder_without_a_model_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"lacks .*config\.json"):
        _layout(tmp_path)


def test_a_damaged_file_is_named(tiny: Tiny) -> None:
    folder = tiny()
    (folder / "modules.json").write_text("[{")

    with pytest.raises(EmbedderError, match=r"modules\.json is not JSON"):
        _layout(folder)


def _layout(folder: Path) -> Layout:
    return read_layout(folder, EmbedderParams())
