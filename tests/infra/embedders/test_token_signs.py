"""What an embedder keeps of each token of a document, and what it reads of a question's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from infra.embedders import EmbedderParams, TextEmbedder, fingerprint_of, load
from schemas.token_signs import pack, unpack
from tests.infra.embedders.texts import texts

RUNTIMES = ("auto", "openvino-f32", "torch-fp32")
SIGNED = EmbedderParams(token_signs=True)


@pytest.fixture(scope="module")
def by_runtime(model_cache: Path) -> dict[str, TextEmbedder]:
    return {name: load(SIGNED, cache_dir=model_cache, runtime=name) for name in RUNTIMES}


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    """Every text's token vectors, by sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer

    from infra.embedders.packaged import packaged_folder

    model = SentenceTransformer(str(packaged_folder()), device="cpu", local_files_only=True)
    return [one.numpy() for one in model.encode(texts(), output_value="token_embeddings")]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_document_comes_with_its_vector_and_the_signs_of_every_token(
    by_runtime: dict[str, TextEmbedder], expected: list[np.ndarray], runtime: str
) -> None:
    embedder = by_runtime[runtime]

    found = embedder.encode_documents(texts())

    np.testing.assert_allclose(found.vectors, embedder.embed_documents(texts()), atol=1e-6)
    assert found.token_signs is not None
    for signs, tokens in zip(found.token_signs, expected, strict=True):
        bits = unpack(signs, embedder.dimension)
        assert bits.shape == tokens.shape
        assert (bits == (tokens > 0)).mean() > 0.97  # in bf16 numbers near 0 may fall to the other side


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_question_comes_with_its_vector_and_each_tokens_place(
    by_runtime: dict[str, TextEmbedder], runtime: str
) -> None:
    embedder, question = by_runtime[runtime], "Does the ferry leave at noon?"

    found = embedder.encode_question(question)

    np.testing.assert_allclose(found.vector, embedder.embed_query(question), atol=1e-6)
    assert [question[start:end] for start, end in found.spans] == [
        "", "Does", "the", "ferry", "leave", "at", "noon", "?", "",
    ]  # fmt: skip
    assert found.tokens.shape == (9, embedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(found.tokens, axis=1), 1, atol=1e-6)


def test_what_a_prompt_adds_to_a_question_has_no_place_in_it(
    tiny: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tiny(prompts={"query": "ask: "}, max_tokens=64)
    params = EmbedderParams(model=str(folder), token_signs=True)

    found = load(params, cache_dir=tmp_path, runtime="torch-fp32").encode_question("stone bridge")

    assert found.spans == ((0, 0), (0, 0), (0, 0), (0, 5), (6, 12), (0, 0))


def test_no_texts_have_no_signs(by_runtime: dict[str, TextEmbedder]) -> None:
    for embedder in by_runtime.values():
        found = embedder.encode_documents([])
        assert (found.vectors.shape, found.token_signs) == ((0, 384), ())


def test_a_model_that_pools_in_another_way_has_none(tiny: Callable[..., Path], tmp_path: Path) -> None:
    params = EmbedderParams(model=str(tiny(pooling="cls_token")), token_signs=True)
    without = EmbedderParams(model=params.model)

    embedder = load(params, cache_dir=tmp_path)
    found = embedder.encode_documents(["stone bridge"])

    assert not embedder.has_token_signs
    assert found.token_signs is None
    assert embedder.fingerprint == fingerprint_of(without, cache_dir=tmp_path)


def test_an_embedder_with_signs_is_another_than_one_without() -> None:
    assert fingerprint_of(SIGNED) != fingerprint_of(EmbedderParams())


def test_signs_are_those_of_the_text_whatever_is_embedded_with_it(
    by_runtime: dict[str, TextEmbedder],
) -> None:
    embedder = by_runtime["openvino-f32"]
    together = embedder.encode_documents(texts()).token_signs
    assert together is not None

    for text, signs in zip(texts()[:8], together, strict=False):
        (alone,) = embedder.encode_documents([text]).token_signs or ()
        assert (unpack(alone, 384) == unpack(signs, 384)).mean() > 0.999


def test_signs_point_where_the_vectors_do(expected: list[np.ndarray]) -> None:
    tokens = expected[0] / np.linalg.norm(expected[0], axis=1, keepdims=True)
    signs = 2.0 * unpack(pack(tokens), 384) - 1

    cosines = (tokens @ signs.T) / np.sqrt(384)

    assert (cosines.argmax(axis=1) == np.arange(len(tokens))).all()
    assert np.corrcoef(cosines.ravel(), (tokens @ tokens.T).ravel())[0, 1] > 0.9
