"""What the lock and the project's settings promise to someone who clones on another machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "infra" / "lock"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
HASHED = ["build", "runtime", "test"]
# Linux on both machines and both Pythons, as environment markers see them.
PLATFORMS = [
    {
        "sys_platform": "linux",
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.9",
    }
    for machine in ("x86_64", "aarch64")
    for python in ("3.11", "3.12")
]


def pins(*names: str) -> dict[str, Requirement]:
    lines = [line for name in names for line in (LOCK / f"{name}.txt").read_text().splitlines()]
    found = [Requirement(line.removesuffix("\\").strip()) for line in lines if line[:1].isalnum()]
    assert len({pin.name for pin in found}) == len(found)
    return {pin.name: pin for pin in found}


def direct(extra: str | None = None) -> list[Requirement]:
    project = PROJECT["project"]
    return [
        Requirement(line)
        for line in (project["optional-dependencies"][extra] if extra else project["dependencies"])
    ]


def version(pin: Requirement) -> str:
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


@pytest.mark.parametrize("extra", [None, "test"])
def test_every_direct_dependency_is_locked_inside_its_bounds(extra: str | None) -> None:
    locked = pins("build", "runtime", "torch", *(["test"] if extra else []))

    for need in direct(extra):
        assert need.specifier.contains(version(locked[need.name])), f"run `make lock`: {need}"


@pytest.mark.parametrize("extra", [None, "test"])
def test_every_direct_dependency_is_bounded_from_above(extra: str | None) -> None:
    for need in direct(extra):
        assert {"<", "=="} & {bound.operator for bound in need.specifier}, need


@pytest.mark.parametrize(
    "platform", PLATFORMS, ids=lambda found: f"{found['platform_machine']}-{found['python_version']}"
)
def test_a_platform_gets_everything_but_what_only_old_pythons_need(platform: dict[str, str]) -> None:
    left_out = {
        name
        for name, pin in pins("build", "runtime", "test").items()
        if pin.marker is not None and not pin.marker.evaluate(platform)
    }

    assert left_out <= {"async-timeout", "overrides", "importlib-metadata", "lazy-importer", "zipp"}


@pytest.mark.parametrize("name", HASHED)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (LOCK / f"{name}.txt").read_text(), flags=re.MULTILINE)[1:]

    assert blocks
    assert all(re.search(r"^    --hash=sha256:[0-9a-f]{64}", block, flags=re.MULTILINE) for block in blocks)


def test_torch_is_pinned_alike_in_all_three_places_and_to_no_build() -> None:
    (need,) = (need for need in direct() if need.name == "torch")
    (described,) = (
        found for found in PROJECT["tool"]["uv"]["dependency-metadata"] if found["name"] == "torch"
    )

    assert version(pins("torch")["torch"]) == version(need) == described["version"]
    assert "+" not in version(need)
    assert "--hash" not in (LOCK / "torch.txt").read_text()


def test_torchs_own_dependencies_are_hashed_and_no_build_of_it_is_in_the_lock() -> None:
    locked = pins(*HASHED)
    (described,) = (
        found for found in PROJECT["tool"]["uv"]["dependency-metadata"] if found["name"] == "torch"
    )

    for line in described["requires-dist"]:
        need = Requirement(line)
        assert need.specifier.contains(version(locked[need.name]))
    assert not [name for name in locked if name.startswith(("torch", "nvidia", "triton", "cuda"))]


@pytest.mark.parametrize(
    "file", ["infra/lock/runtime.txt", "infra/lock/test.txt", "pyproject.toml", "Makefile", ".ci/run"]
)
def test_no_file_that_installs_names_an_index_or_a_path_of_one_machine(file: str) -> None:
    text = (ROOT / file).read_text()

    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|/(root|home|opt)/", text)


def test_the_command_is_the_one_the_readme_names() -> None:
    assert PROJECT["project"]["scripts"] == {"headwater": "flows.cli:main"}


def test_continuous_integration_runs_make_test_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make reads, in a folder of its own where everything counts as installed."""
    (tmp_path / "infra").mkdir()
    for name in ("Makefile", "pyproject.toml", "infra/lock"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").mkdir()
    for stamp in re.findall(
        r"^(?:RUNTIME|PROJECT|TESTS) := (\S+)$", make(tmp_path, "-p", "help"), re.MULTILINE
    ):
        (tmp_path / stamp).touch()
        os.utime(tmp_path / stamp, (0, 0))  # none newer than another
    return tmp_path


def test_a_second_make_installs_nothing(clone: Path) -> None:
    assert make(clone, "demo").split() == [".venv/bin/headwater", "demo"]
    assert "pip" not in make(clone, "test")


def test_another_python_is_refused_before_anything_is_made(clone: Path) -> None:
    for stamp in (clone / ".venv").iterdir():
        stamp.unlink()

    done = subprocess.run(
        ["make", "demo", "PYTHON=false"], cwd=clone, check=False, capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "Python 3.11 or 3.12" in done.stderr
    assert list((clone / ".venv").iterdir()) == []


@pytest.mark.parametrize("file", ["build", "runtime", "torch", "test"])
def test_a_changed_lock_is_installed_again(clone: Path, file: str) -> None:
    with (clone / "infra" / "lock" / f"{file}.txt").open("a") as lock:
        lock.write("# changed\n")

    assert "pip --disable-pip-version-check --no-input install" in make(clone, "test")
    assert f"{file}.txt" in make(clone, "test")


def make(folder: Path, *words: str) -> str:
    """What make would do, without doing it."""
    command = ["make", "--no-print-directory", "--dry-run", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
