"""Small models of the tests' own, and programs in fresh interpreters."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedders.packaged import packaged_folder

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[..., str]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a program in a fresh interpreter, through `prefix` if given, and return what it printed."""

    def started(program: str, *arguments: object, prefix: tuple[str, ...] = (), **environment: str) -> str:
        command = [*prefix, sys.executable, "-c", program, *map(str, arguments)]
        found = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        return found.stdout.strip()

    return started


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A transformer of random weights with the default model's tokenizer, saved as transformers does."""
    folder = tmp_path_factory.mktemp("network")
    run(
        """
import sys, torch
from transformers import BertConfig, BertModel
torch.manual_seed(7)
config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
BertModel(config).save_pretrained(sys.argv[1])
""",
        folder,
    )
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(packaged_folder() / name, folder)
    return folder


@pytest.fixture
def tiny(tmp_path: Path, tiny_network: Path) -> Callable[..., Path]:
    """Build a sentence-transformers folder around the tiny network."""

    def built(
        *, pooling: str = "mean_tokens", prompts: dict[str, str] | None = None, max_tokens: int = 64
    ) -> Path:
        folder = shutil.copytree(tiny_network, tmp_path / f"tiny-{len(list(tmp_path.iterdir()))}")
        parts = [("", "Transformer"), ("1_Pooling", "Pooling")]
        write(
            folder / "modules.json",
            [
                {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{name}"}
                for n, (path, name) in enumerate(parts)
            ],
        )
        write(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False})
        write(folder / "config_sentence_transformers.json", {"prompts": prompts or {}})
        write(
            folder / "1_Pooling" / "config.json",
            {"word_embedding_dimension": 32, f"pooling_mode_{pooling}": True},
        )
        return folder

    return built


def write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
