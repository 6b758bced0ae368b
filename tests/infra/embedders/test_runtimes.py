from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from infra.embedders import EmbedderParams, load
from infra.embedders.convert import MANIFEST, REFERENCE
from infra.embedders.layout import read_layout
from infra.embedders.packaged import packaged_folder
from infra.embedders.parity import probe_vectors
from infra.embedders.runtimes import Machine, _gate_half, start
from infra.embedders.sentence import SentenceEngine
from infra.embedders.weights import file_sha256
from schemas.errors import ConfigError, EmbedderError

Tiny = Callable[..., Path]


@pytest.fixture(scope="module")
def tiny_cache(tiny_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the tiny network is converted."""
    cache = tmp_path_factory.mktemp("cache")
    load(EmbedderParams(model=str(tiny_network)), cache_dir=cache, runtime="openvino-f32")
    return cache


@pytest.mark.parametrize("runtime", ["openvino-f32", "torch-fp32"])
def test_each_kind_of_text_has_its_own_prompt(tiny: Tiny, tiny_cache: Path, runtime: str) -> None:
    from sentence_transformers import SentenceTransformer

    folder = tiny(prompts={"query": "ask: "}, max_tokens=512)
    params = EmbedderParams(model=str(folder), document_prompt="passage: ")
    reference = SentenceTransformer(params.model, device="cpu")

    found = load(params, cache_dir=tiny_cache, runtime=runtime)

    document = reference.encode("passage: stone bridge", normalize_embeddings=True)
    query = reference.encode("ask: stone bridge", normalize_embeddings=True)
    np.testing.assert_allclose(found.embed_documents(["stone bridge"])[0], document, atol=1e-5)
    np.testing.assert_allclose(found.embed_query("stone bridge"), query, atol=1e-5)
    assert found.tokenizer.count(["stone bridge"]) == [6]  # passage, :, stone, bridge and two special ones


def test_other_pooling_falls_back_to_torch_and_says_so(tiny: Tiny, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    params = EmbedderParams(model=str(tiny(pooling="cls_token")))
    expected = SentenceTransformer(params.model, device="cpu").encode("stone", normalize_embeddings=True)

    found = load(params, cache_dir=tmp_path / "cache")

    assert found.runtime == "torch-fp32"
    assert "openvino-bf16: Transformer + Pooling with cls pooling is not covered" in found.note
    np.testing.assert_allclose(found.embed_query("stone"), expected, atol=1e-5)
    with pytest.raises(EmbedderError, match="not covered"):
        load(params, cache_dir=tmp_path / "cache", runtime="openvino-f32")


def test_a_conversion_that_does_not_compute_the_same_is_not_used(
    tiny_network: Path, tiny_cache: Path, tmp_path: Path
) -> None:
    cache = shutil.copytree(tiny_cache, tmp_path / "cache")
    (conversion,) = (file.parent for file in cache.glob(f"*/{REFERENCE}"))
    for verdict in conversion.glob("parity-*"):
        verdict.unlink()
    np.save(conversion / REFERENCE, np.load(conversion / REFERENCE)[:, ::-1])
    manifest = json.loads((conversion / MANIFEST).read_text())
    manifest[REFERENCE] = file_sha256(conversion / REFERENCE)
    (conversion / MANIFEST).write_text(json.dumps(manifest))
    params = EmbedderParams(model=str(tiny_network))

    found = load(params, cache_dir=cache)

    assert found.runtime == "torch-fp32"
    assert "openvino-f32: it failed the parity gate: mean cosine" in found.note
    with pytest.raises(EmbedderError, match="parity gate"):
        load(params, cache_dir=cache, runtime="openvino-f32")


def test_without_openvino_torch_computes(
    tiny_network: Path, tiny_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    found = load(EmbedderParams(model=str(tiny_network)), cache_dir=tiny_cache)

    assert found.runtime == "torch-fp32"
    assert "openvino is not installed" in found.note


@pytest.mark.parametrize(
    ("device", "runtime"), [("cpu", "cuda-fp16"), ("cpu", "fast"), ("mps", "torch-fp32")]
)
def test_a_runtime_that_a_device_does_not_have_is_refused(
    tiny_network: Path, tmp_path: Path, device: str, runtime: str
) -> None:
    with pytest.raises(ConfigError, match=f"no runtime '{runtime}' on {device}; .*use auto"):
        load(EmbedderParams(model=str(tiny_network), device=device), cache_dir=tmp_path, runtime=runtime)


def test_a_device_that_is_not_there_is_an_error_that_says_so(tiny_network: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(EmbedderError, match="could not be loaded on cuda"):
        load(EmbedderParams(model=str(tiny_network), device="cuda"), cache_dir=tmp_path)


def test_half_precision_must_pass_the_same_gate(tmp_path: Path) -> None:
    layout = read_layout(packaged_folder(), EmbedderParams())
    machine = Machine(device="cpu", cache_dir=tmp_path, weights_sha256="ab" * 32)
    engine = SentenceEngine(layout, precision="fp16")

    _gate_half(engine, layout, machine, "cpu")

    lengths = np.linalg.norm(probe_vectors(engine, layout), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-6)
    (verdict,) = tmp_path.glob("torch-*/parity-*.json")
    kept = json.loads(verdict.read_text())
    assert kept["subject"] == "torch-fp16 on cpu"
    verdict.write_text(json.dumps(kept | {"top_10_overlap": 0.98}))
    with pytest.raises(EmbedderError, match="parity gate"):
        _gate_half(engine, layout, machine, "cpu")


def test_the_best_runtime_has_nothing_to_note(tiny_network: Path, tiny_cache: Path) -> None:
    layout = read_layout(tiny_network, EmbedderParams())
    machine = Machine(device="cpu", cache_dir=tiny_cache, weights_sha256=file_sha256(layout.weights[0]))

    engine, note = start(layout, machine, "openvino-f32")

    assert (engine.runtime, note) == ("openvino-f32", "")
