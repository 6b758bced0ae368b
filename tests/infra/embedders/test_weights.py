from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from infra.embedders.weights import file_sha256, weights_sha256, write_whole


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    return file


def test_one_file_has_its_own_sha256(weights: Path, tmp_path: Path) -> None:
    expected = hashlib.sha256(b"weights").hexdigest()

    assert weights_sha256([weights], tmp_path / "cache") == file_sha256(weights) == expected


def test_a_file_that_did_not_change_is_not_read_again(weights: Path, tmp_path: Path) -> None:
    before = weights_sha256([weights], tmp_path / "cache")
    times = weights.stat()
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert weights_sha256([weights], tmp_path / "cache") == before
    assert weights_sha256([weights], tmp_path / "other cache") != before


@pytest.mark.parametrize("content", [b"WEIGHTS", b"more weights"])
def test_a_file_that_changed_is_read_again(weights: Path, tmp_path: Path, content: bytes) -> None:
    before = weights_sha256([weights], tmp_path / "cache")
    times = weights.stat()
    weights.write_bytes(content)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns + 1))

    assert weights_sha256([weights], tmp_path / "cache") == hashlib.sha256(content).hexdigest() != before


def test_several_files_have_one_hash_that_knows_their_order(weights: Path, tmp_path: Path) -> None:
    second = tmp_path / "more.safetensors"
    second.write_bytes(b"more")

    assert weights_sha256([weights, second], tmp_path) != weights_sha256([second, weights], tmp_path)


def test_a_cache_that_cannot_be_written_costs_only_time(weights: Path) -> None:
    assert weights_sha256([weights], Path("/dev/null/cache")) == hashlib.sha256(b"weights").hexdigest()


def test_a_note_that_was_cut_off_is_made_again(weights: Path, tmp_path: Path) -> None:
    expected = weights_sha256([weights], tmp_path / "cache")
    (note,) = (tmp_path / "cache" / "sha256").iterdir()
    note.write_text(expected[:10])

    assert weights_sha256([weights], tmp_path / "cache") == expected
    assert note.read_text() == expected


def test_a_file_is_written_whole_over_an_older_one(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    write_whole(file, b"one")
    write_whole(file, b"two")

    assert [(found.name, found.read_bytes()) for found in file.parent.iterdir()] == [("file", b"two")]
