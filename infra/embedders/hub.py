"""Where a model's files are: in the package, in a folder, or in the hub's local cache."""

from __future__ import annotations

from pathlib import Path

from infra.embedders.packaged import is_packaged, packaged_folder
from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError

WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]
UNWANTED = ["onnx/*", "openvino/*"]


def locate(params: EmbedderParams) -> Path:
    """Return the folder with the model's files, downloaded if the hub's cache does not have them yet.

    What the cache has is used without asking the hub, so that a model does not change under its name;
    name a `revision` to choose one. Raises `EmbedderError` when there is no such model to be had.
    """
    if is_packaged(params):
        return packaged_folder()
    local = Path(params.model).expanduser()
    if local.is_dir():
        return local
    return _from_hub(params.model if "/" in params.model else f"sentence-transformers/{params.model}", params)


def _from_hub(name: str, params: EmbedderParams) -> Path:
    from huggingface_hub import snapshot_download

    failure: Exception | None = None
    for cached_only in (True, False):
        try:
            folder = snapshot_download(
                name,
                revision=params.revision,
                allow_patterns=WANTED,
                ignore_patterns=UNWANTED,
                local_files_only=cached_only,
            )
        except Exception as error:  # noqa: BLE001 - the hub's client raises its own, the network's and the system's
            failure = error
        else:
            if any(Path(folder).rglob("*.safetensors")) or not cached_only:
                return Path(folder)
    raise EmbedderError(
        f"the model {name!r} is neither a folder nor to be had from the hub: {failure}",
        fix="check the name, the revision and the network, or give the path of a folder with the model",
    ) from failure
