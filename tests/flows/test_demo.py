"""The demonstration, as a newcomer sees it, on a machine that reaches nothing but itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEADWATER = Path(sys.executable).parent / "headwater"


def alone() -> list[str]:
    """Return what to put before a command to run it with a loopback interface and nothing else."""
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("ip")):
        return []
    probe = subprocess.run(
        ["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True, check=False
    )
    return (
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] if probe.returncode == 0 else []
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    env = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("demo"))}
    done = subprocess.run(
        [*alone(), str(HEADWATER), "--json", "demo"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {**json.loads(done.stdout), "said": done.stderr}


def test_it_needs_no_network(demo: dict[str, Any]) -> None:
    if not alone():
        pytest.skip("needs root and iproute2 to make a network namespace")
    routes = subprocess.run([*alone(), "ip", "route"], capture_output=True, text=True, check=True)

    assert routes.stdout == ""
    assert demo["seconds"] > 0


def test_every_source_is_published_and_nothing_is_lost(demo: dict[str, Any]) -> None:
    assert [run["source"] for run in demo["runs"]] == [
        "handbook",
        "products",
        "tickets",
        "chat",
        "hr",
        "finance",
    ]
    assert all(run["published"] and run["items"]["quarantined"] == 0 for run in demo["runs"])


def test_one_person_may_not_see_what_the_other_sees(demo: dict[str, Any]) -> None:
    _, anybody, _, ines = demo["contexts"]

    assert "hr" not in {citation["source"] for citation in anybody["citations"]}
    assert "hr" in {citation["source"] for citation in ines["citations"]}


def test_the_dataset_is_on_disk_with_its_lineage(demo: dict[str, Any]) -> None:
    out = Path(demo["export"]["out"])

    assert demo["export"]["splits"]["train"] > 0
    assert {path.name for path in out.iterdir()} >= {"train.jsonl", "README.md", "_meta"}
    assert "lineage" in demo["said"]


def test_an_edited_file_is_all_that_is_paid_for(demo: dict[str, Any]) -> None:
    edited = demo["edited"]

    assert (edited["items"]["changed"], edited["parsed"]) == (1, 1)
    assert 0 < edited["embedded"] <= 3


def test_it_ends_by_saying_what_to_try_next(demo: dict[str, Any]) -> None:
    for words in ("make up", "headwater init", "embedder.model"):
        assert words in demo["said"]
    assert f"rm -r {Path(demo['project']).parents[1]} " in demo["said"]
