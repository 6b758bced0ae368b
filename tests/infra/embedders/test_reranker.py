"""A cross-encoder is loaded from its folder, says the same every time, and stops when its time is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.embedders.reranker import TOGETHER, CrossReranker, load_reranker
from schemas.errors import EmbedderError
from tests.infra.embedders.texts import texts
from tests.infra.embedders.tiny_reranker import make_reranker

QUESTION = "How high is the river at station 3?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reranker(tmp_path_factory.mktemp("reranker"))


@pytest.fixture(scope="module")
def reranker(folder: Path) -> CrossReranker:
    return load_reranker(str(folder), device="cpu")


def test_the_same_texts_have_the_same_scores_also_loaded_anew(folder: Path, reranker: CrossReranker) -> None:
    read = texts()[: 2 * TOGETHER + 1]
    first = reranker.scores(QUESTION, read)

    assert first is not None
    assert len(set(first)) > TOGETHER
    assert first == reranker.scores(QUESTION, read)
    assert first == load_reranker(str(folder), device="cpu").scores(QUESTION, read)
    assert first != reranker.scores("Who pays for it?", read)


def test_over_its_time_it_says_nothing_and_reads_the_next_question(reranker: CrossReranker) -> None:
    many = texts() * 20

    assert reranker.scores(QUESTION, many, within_s=0.001) is None
    found = reranker.scores(QUESTION, many[:3], within_s=60.0)
    assert found is not None
    assert len(found) == 3


def test_a_model_that_scores_no_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="gives 3 numbers for a pair"):
        load_reranker(str(make_reranker(tmp_path / "three", labels=3)), device="cpu")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmbedderError, match="could not be loaded"):
        load_reranker(str(tmp_path / "empty"), device="cpu")
