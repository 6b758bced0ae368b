"""Embedders: texts in, unit vectors out, by the fastest runtime that makes the same vectors.

`load` gives one that computes; `fingerprint_of` only says what it would be, without importing torch.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

from infra.embedders.embedder import TextEmbedder
from infra.embedders.hub import locate
from infra.embedders.layout import Layout, read_layout
from infra.embedders.packaged import PUBLISHED_SHA256, is_packaged, offline, verify
from infra.embedders.params import DEFAULT_MODEL, EmbedderParams
from infra.embedders.weights import file_sha256, weights_sha256
from schemas.identity import digest

__all__ = ["DEFAULT_MODEL", "EmbedderParams", "TextEmbedder", "fingerprint_of", "load"]

VERSION = 1
"""Bumped when our part of the computation changes its vectors."""


def load(params: EmbedderParams, *, cache_dir: Path | None = None, runtime: str = "auto") -> TextEmbedder:
    """Return an embedder that is ready to compute.

    `cache_dir` keeps converted models (as large as the weights), parity verdicts and hashes; None is
    `headwater/embedders` in the user's cache. `runtime` is "auto" or the only one wanted: `openvino-bf16`,
    `openvino-f32` or `torch-fp32` on CPUs, `cuda-fp16` or `cuda-fp32` on GPUs. Raises `EmbedderError` when
    the model is missing, altered or of a kind that is not supported.
    """
    from infra.embedders.runtimes import Machine, start

    layout = read_layout(locate(params), params)
    packaged = is_packaged(params)
    if packaged:
        verify(layout.folder)
    cache = cache_dir or user_cache()
    weights = _weights(params, layout, cache)
    machine = Machine(device=params.device, cache_dir=cache, weights_sha256=weights)
    with offline() if packaged else nullcontext():
        engine, note = start(layout, machine, runtime)
    return TextEmbedder(
        params.model,
        layout,
        _fingerprint(params, layout, weights),
        engine,
        note=note,
        token_signs=_has_token_signs(params, layout),
    )


def fingerprint_of(params: EmbedderParams, *, cache_dir: Path | None = None) -> str:
    """Return the fingerprint that `load` would give, reading weights only if their hash is not remembered.

    The packaged weights are taken to be the published ones here, and are verified by `load`.
    """
    layout = read_layout(locate(params), params)
    return _fingerprint(params, layout, _weights(params, layout, cache_dir or user_cache()))


def user_cache() -> Path:
    """Return where converted models are kept when nobody says: $XDG_CACHE_HOME or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headwater" / "embedders"


def _has_token_signs(params: EmbedderParams, layout: Layout) -> bool:
    return params.token_signs and layout.is_plain


def _weights(params: EmbedderParams, layout: Layout, cache: Path) -> str:
    return PUBLISHED_SHA256 if is_packaged(params) else weights_sha256(layout.weights, cache)


def _fingerprint(params: EmbedderParams, layout: Layout, weights: str) -> str:
    return digest(
        "embedder",
        VERSION,
        weights,
        file_sha256(layout.tokenizer_file) if layout.tokenizer_file.is_file() else "",
        params.revision or "",
        "+".join(layout.modules),
        layout.pooling,
        layout.pools_prompt,
        "unit",
        layout.query_prompt,
        layout.document_prompt,
        layout.max_tokens,
        layout.dimension,
        *(("token signs",) if _has_token_signs(params, layout) else ()),
    )
