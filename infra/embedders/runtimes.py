"""Choose what computes: the fastest runtime that this machine has and that passes the parity gate."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from infra.embedders.convert import MODEL, REFERENCE, converted
from infra.embedders.engine import Engine
from infra.embedders.layout import Layout
from infra.embedders.openvino import OpenVinoEngine, platform_name, precisions
from infra.embedders.openvino import Precision as OpenVinoPrecision
from infra.embedders.parity import Verdict, judge, judged_once, probe_vectors
from infra.embedders.sentence import Precision, SentenceEngine, cuda_available
from schemas.errors import ConfigError, EmbedderError
from schemas.identity import ID_DIGITS
from schemas.tools import Vectors

AUTO = {
    "cpu": ("openvino-bf16", "openvino-f32", "torch-fp32"),
    "cuda": ("cuda-fp16", "cuda-fp32"),
    "mps": ("mps-fp32",),
}
"""Runtimes by kind of device, the fastest first; the last one covers every model and needs no gate."""
FALL_BACK = "leave the choice to the runtime auto, which then takes another"
LOG = logging.getLogger("headwater.embedders")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where an engine is to start."""

    device: str
    cache_dir: Path
    weights_sha256: str


def start(layout: Layout, machine: Machine, runtime: str = "auto") -> tuple[Engine, str]:
    """Return an engine, and why no faster one was taken ("" if it is the fastest of its device).

    `runtime` is "auto" or the name of the only one wanted; raises `EmbedderError` if that is not to be had.
    """
    device = machine.device if machine.device != "auto" else _device_of(runtime)
    kind = device.partition(":")[0]
    if runtime not in ("auto", *AUTO[kind]):
        raise ConfigError(
            f"there is no runtime {runtime!r} on {kind}", fix=f"use auto, {', '.join(AUTO[kind])}"
        )
    wanted = AUTO[kind] if runtime == "auto" else (runtime,)
    reasons: list[str] = []
    for name in wanted:
        try:
            return _start(name, layout, machine, device), "; ".join(reasons)
        except EmbedderError as error:
            if name == wanted[-1]:
                raise
            reasons.append(f"{name}: {error.detail}")
            LOG.info("%s is not used: %s", name, error.detail)
    raise AssertionError("the last runtime either starts or raises")


def _device_of(runtime: str) -> str:
    named = [kind for kind, runtimes in AUTO.items() if runtime in runtimes]
    return named[0] if named else "cuda" if cuda_available() else "cpu"


def _start(name: str, layout: Layout, machine: Machine, device: str) -> Engine:
    family, _, precision = name.partition("-")
    if family == "openvino":
        return _openvino(layout, machine, cast(OpenVinoPrecision, precision))
    engine = SentenceEngine(layout, device=device, precision=cast(Precision, precision))
    if precision != "fp32":
        _gate_half(engine, layout, machine, device)
    return engine


def _openvino(layout: Layout, machine: Machine, precision: OpenVinoPrecision) -> Engine:
    if not layout.is_plain:
        raise EmbedderError(
            f"{' + '.join(layout.modules)} with {layout.pooling} pooling is not covered", fix=FALL_BACK
        )
    try:
        available = precisions()
    except ImportError as error:
        raise EmbedderError("openvino is not installed", fix="pip install openvino") from error
    if precision not in available:
        raise EmbedderError(f"this CPU does not compute in {precision}", fix=FALL_BACK)
    folder = converted(layout, machine.weights_sha256, machine.cache_dir)
    try:
        engine = OpenVinoEngine(folder / MODEL, layout, precision=precision)
    except RuntimeError as error:
        raise EmbedderError(
            f"openvino could not load {folder}: {error}", fix="delete it and try again"
        ) from error
    reference = folder / REFERENCE
    _gate(engine, layout, folder, platform_name(), lambda: np.load(reference, allow_pickle=False))
    return engine


def _gate_half(engine: SentenceEngine, layout: Layout, machine: Machine, device: str) -> None:
    folder = machine.cache_dir / f"torch-{machine.weights_sha256[:ID_DIGITS]}"
    _gate(
        engine, layout, folder, device, lambda: probe_vectors(SentenceEngine(layout, device=device), layout)
    )


def _gate(
    engine: Engine, layout: Layout, folder: Path, platform: str, reference: Callable[[], Vectors]
) -> None:
    def judging() -> Verdict:
        return judge(probe_vectors(engine, layout), reference())

    verdict = judged_once(folder, f"{engine.runtime} on {platform}", judging)
    if not verdict.passed:
        raise EmbedderError(f"it failed the parity gate: {verdict}", fix=FALL_BACK)
