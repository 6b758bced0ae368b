from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.embedders.convert import MANIFEST, REFERENCE, WEIGHTS, converted, is_whole, location
from infra.embedders.layout import read_layout
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError
from tests.infra.embedders.conftest import ROOT

SHA256 = "ab" * 32


@pytest.fixture(scope="module")
def conversion(tiny_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What three callers at the same time got."""
    layout, cache = read_layout(tiny_network, EmbedderParams()), tmp_path_factory.mktemp("cache")
    with ThreadPoolExecutor(3) as callers:
        (target,) = set(callers.map(lambda _: converted(layout, SHA256, cache), range(3)))
    return target


def test_callers_at_the_same_time_share_one_conversion(conversion: Path) -> None:
    assert is_whole(conversion)
    assert sorted(file.name for file in conversion.parent.iterdir()) == [
        conversion.name,
        f"{conversion.name}.lock",
    ]


def test_a_conversion_is_not_made_twice(conversion: Path, tiny_network: Path) -> None:
    before = (conversion / WEIGHTS).stat()

    again = converted(read_layout(tiny_network, EmbedderParams()), SHA256, conversion.parent)

    assert (again, (again / WEIGHTS).stat()) == (conversion, before)


def test_whatever_moves_the_vectors_moves_the_conversion(tiny: Callable[..., Path], tmp_path: Path) -> None:
    layout, shorter = (read_layout(tiny(max_tokens=limit), EmbedderParams()) for limit in (64, 32))

    found = {location(layout, SHA256, tmp_path), location(layout, "cd" * 32, tmp_path)}

    assert len(found | {location(shorter, SHA256, tmp_path)}) == 3


@pytest.mark.parametrize("name", [WEIGHTS, REFERENCE, MANIFEST])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_conversion_is_not_whole(conversion: Path, tmp_path: Path, name: str, damage: str) -> None:
    file = shutil.copytree(conversion, tmp_path / "copy") / name
    content = file.read_bytes()
    file.unlink()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    if damage == "flipped":
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])

    assert not is_whole(file.parent)


def test_a_conversion_that_was_cut_off_is_made_again(tiny_network: Path, tmp_path: Path) -> None:
    target = tmp_path / "openvino-x"
    (tmp_path / "openvino-x.part").mkdir()
    (tmp_path / "openvino-x.part" / "model.bin").write_bytes(b"half")
    target.mkdir()
    (target / MANIFEST).write_text("{")

    command = [sys.executable, "-m", "infra.embedders.convert", str(tiny_network), str(target)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)

    assert is_whole(target)
    assert not (tmp_path / "openvino-x.part").exists()


def test_a_model_that_cannot_be_converted_says_why(tiny: Callable[..., Path], tmp_path: Path) -> None:
    folder = tiny()
    layout = read_layout(folder, EmbedderParams())
    (folder / "model.safetensors").write_bytes(b"not weights")

    with pytest.raises(EmbedderError, match=r"could not be converted: .*Error"):
        converted(layout, SHA256, tmp_path / "cache")

    assert not list((tmp_path / "cache").glob("*/model.xml"))
