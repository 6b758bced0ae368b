"""Convert a model for OpenVINO once, in a child process, so that the caller never imports torch.

Run as `python -m infra.embedders.convert FOLDER TARGET`. The child holds a lock beside TARGET from before
it imports torch until TARGET is there whole, so that any number of callers pay for one conversion.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from infra.embedders.layout import Layout, read_layout
from infra.embedders.openvino import import_openvino
from infra.embedders.params import EmbedderParams
from infra.embedders.parity import probe_vectors
from infra.embedders.weights import file_sha256
from schemas.errors import EmbedderError
from schemas.identity import digest

VERSION = 1
"""Bumped when the files of a conversion change."""
LIMIT_S = 1_800
MODEL, WEIGHTS, REFERENCE, MANIFEST = "model.xml", "model.bin", "probes.npy", "manifest.json"


def converted(layout: Layout, weights_sha256: str, cache_dir: Path) -> Path:
    """Return the folder with the converted model and the probe vectors of torch in fp32.

    Converts on first use; raises `EmbedderError` when the model or the disk does not allow it.
    """
    target = location(layout, weights_sha256, cache_dir)
    if not is_whole(target):
        _convert_in_child(layout.folder, target)
    return target


def location(layout: Layout, weights_sha256: str, cache_dir: Path) -> Path:
    """Return the folder of a conversion, whether it is there or not."""
    tokenizer = file_sha256(layout.tokenizer_file)
    key = digest("openvino", VERSION, weights_sha256, tokenizer, layout.max_tokens)
    return (cache_dir / f"openvino-{key}").absolute()


def is_whole(target: Path) -> bool:
    """Return whether the files of a conversion are still those it wrote."""
    try:
        wanted = json.loads((target / MANIFEST).read_text())
        return all(file_sha256(target / name) == wanted[name] for name in (MODEL, WEIGHTS, REFERENCE))
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _convert_in_child(folder: Path, target: Path) -> None:
    command = [sys.executable, "-m", "infra.embedders.convert", str(folder), str(target)]
    rooms = str(Path(__file__).resolve().parents[2])
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",  # the folder is here by now
        "PYTHONPATH": os.pathsep.join(filter(None, [rooms, os.environ.get("PYTHONPATH")])),
        "TRANSFORMERS_OFFLINE": "1",
    }
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=LIMIT_S)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.decode(errors="replace").strip().splitlines() or [str(error)])[-1]
        raise _failed(folder, reason) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(folder, str(error)) from error


def _failed(folder: Path, reason: str) -> EmbedderError:
    return EmbedderError(
        f"the model in {folder} could not be converted: {reason}",
        fix="fetch the model again; the runtime auto takes torch meanwhile",
    )


def main(folder: Path, target: Path) -> None:
    """Convert the model in a folder into a target folder that is either whole or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(target):
            return
        part = target.with_suffix(".part")
        for leftover in (part, target):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir()
        _convert(read_layout(folder, EmbedderParams(query_prompt="", document_prompt="")), part)
        hashes = {name: file_sha256(part / name) for name in (MODEL, WEIGHTS, REFERENCE)}
        (part / MANIFEST).write_text(json.dumps(hashes))
        part.rename(target)


def _convert(layout: Layout, part: Path) -> None:
    import torch

    from infra.embedders.sentence import SentenceEngine

    class Tokens(torch.nn.Module):
        def __init__(self, network: torch.nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.network(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            return found

    engine = SentenceEngine(layout)
    np.save(part / REFERENCE, probe_vectors(engine, layout), allow_pickle=False)
    # One row is padded, so that the mask is traced as something that varies.
    example = {
        "input_ids": torch.ones(2, 7, dtype=torch.int64),
        "attention_mask": torch.ones(2, 7, dtype=torch.int64),
    }
    example["attention_mask"][1, 5:] = 0
    openvino = import_openvino()
    with torch.inference_mode():
        model = openvino.convert_model(Tokens(engine.network).eval(), example_input=example)
    openvino.save_model(model, part / MODEL, compress_to_fp16=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
