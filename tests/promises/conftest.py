"""The seed of a test, printed and settable, the real data, and what the tests of flows use."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import embedders, parses, project
from tests.promises.trials import Runtimes, two_runtimes

__all__ = ["embedders", "parses", "project", "runtimes", "seed", "shared"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def seed() -> int:
    """What chance is made of: shown when the test fails, and HEADWATER_SEED replays it."""
    chosen = int(os.environ.get("HEADWATER_SEED") or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"HEADWATER_SEED={chosen}\n")
    return chosen


@pytest.fixture(scope="session")
def runtimes(model_cache: Path) -> Runtimes:
    return two_runtimes(model_cache)


@pytest.fixture
def shared() -> Path:
    """The folder of real data beside the project, or a skip that says what is missing."""
    folder = Path(os.environ.get("HEADWATER_SHARED") or ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set HEADWATER_SHARED to the folder that holds data/")
    return folder
