from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.embedders import EmbedderParams
from infra.embedders.engine import Batch
from infra.embedders.layout import read_layout
from infra.embedders.packaged import packaged_folder
from infra.embedders.parity import Verdict, judge, judged_once, probe_vectors
from infra.embedders.probes import PROBES
from schemas.tools import Vectors

REFERENCE = np.random.default_rng(5).normal(size=(len(PROBES), 48)).astype(np.float32)
REFERENCE /= np.linalg.norm(REFERENCE, axis=1, keepdims=True)


def test_equal_vectors_pass() -> None:
    verdict = judge(REFERENCE.copy(), REFERENCE)

    assert verdict.passed
    assert (verdict.mean_cosine, verdict.top_10_overlap) == (pytest.approx(1), 1)


def test_vectors_that_are_near_but_rank_otherwise_fail() -> None:
    lengths = np.linalg.norm(REFERENCE + _noise(0.06), axis=1, keepdims=True)
    verdict = judge((REFERENCE + _noise(0.06)) / lengths, REFERENCE)

    assert verdict.top_10_overlap < 0.99
    assert not verdict.passed


def test_a_rotation_that_keeps_every_neighbor_fails() -> None:
    verdict = judge(REFERENCE[:, ::-1].copy(), REFERENCE)

    assert verdict.top_10_overlap == 1
    assert not verdict.passed


def test_vectors_that_are_not_finite_fail() -> None:
    broken = REFERENCE.copy()
    broken[3, 4] = np.nan

    assert not judge(broken, REFERENCE).passed


def test_a_verdict_is_reached_once_for_each_subject(tmp_path: Path) -> None:
    asked: list[str] = []

    def judging(subject: str, cosine: float) -> Verdict:
        def judged() -> Verdict:
            asked.append(subject)
            return Verdict(mean_cosine=cosine, top_10_overlap=0.995)

        return judged_once(tmp_path, subject, judged)

    assert [judging("bf16", 0.99995).passed, judging("f32", 0.9).passed] == [True, False]
    assert [judging("bf16", 0.0).passed, judging("f32", 1.0).passed] == [True, False]
    assert asked == ["bf16", "f32"]


def test_a_verdict_that_cannot_be_read_is_reached_again(tmp_path: Path) -> None:
    good = Verdict(mean_cosine=1.0, top_10_overlap=1.0)
    judged_once(tmp_path, "bf16", lambda: good)
    (kept,) = tmp_path.iterdir()

    for content in ("", "[]", '{"mean_cosine": 1}'):
        kept.write_text(content)
        assert judged_once(tmp_path, "bf16", lambda: good) == good


def test_the_probes_are_many_distinct_and_of_every_length() -> None:
    lengths = [len(text.split()) for text in PROBES]

    assert len(set(PROBES)) == len(PROBES) >= 64
    assert (min(lengths), max(lengths) > 250) == (0, True)


def test_probes_are_cut_to_what_the_model_reads() -> None:
    layout = read_layout(packaged_folder(), EmbedderParams())

    class Recorder:
        runtime = "none"

        def vectors(self, batch: Batch) -> Vectors:
            self.lengths = [len(ids) for ids in batch.token_ids]
            return np.empty((0, 0), np.float32)

        def give_back(self) -> None:
            raise AssertionError("nothing was left")

    recorder = Recorder()
    probe_vectors(recorder, layout)

    assert max(recorder.lengths) == layout.max_tokens


def _noise(size: float) -> Vectors:
    noise = np.random.default_rng(6).normal(size=REFERENCE.shape) * size / np.sqrt(REFERENCE.shape[1])
    return noise.astype(np.float32)
