from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedders.hub import locate
from infra.embedders.packaged import offline, packaged_folder
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_default_is_in_its_package() -> None:
    assert locate(EmbedderParams()) == packaged_folder()


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert locate(EmbedderParams(model=str(tmp_path))) == tmp_path


@pytest.mark.parametrize("revision", [None, "v1", COMMIT])
def test_a_model_in_the_hubs_cache_needs_no_network(
    tiny: Callable[..., Path], tmp_path: Path, run: Callable[..., str], revision: str | None
) -> None:
    repository = tmp_path / "hub" / "models--acme--tiny"
    shutil.copytree(tiny(), repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    for name in ("main", "v1"):
        (repository / "refs" / name).write_text(COMMIT)

    found = run(
        """
import sys
from infra.embedders.hub import locate
from infra.embedders.params import EmbedderParams
print(locate(EmbedderParams(model="acme/tiny", revision=sys.argv[1] or None)))
""",
        revision or "",
        HF_HUB_CACHE=str(tmp_path / "hub"),
        HF_ENDPOINT="http://127.0.0.1:9",
    )

    assert Path(found) == repository / "snapshots" / COMMIT


def test_a_model_that_is_nowhere_says_what_to_check() -> None:
    with (
        offline(),
        pytest.raises(EmbedderError, match=r"'acme/none' is neither a folder nor .*check the name"),
    ):
        locate(EmbedderParams(model="acme/none"))
