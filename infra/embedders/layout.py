"""What a sentence-transformers folder says of its model, read without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.embedders.params import EmbedderParams
from schemas.errors import EmbedderError

SUPPORTED = ("Transformer", "Pooling", "Dense", "LayerNorm", "Dropout", "Normalize")
FAST = (("Transformer", "Pooling"), ("Transformer", "Pooling", "Normalize"))
POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""How older folders spell what newer ones call `pooling_mode`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A model's parts and limits; equal layouts with equal weights make equal vectors."""

    folder: Path
    transformer: Path  # the part that holds the network's configuration, weights and tokenizer
    modules: tuple[str, ...]
    pooling: str  # "mean", "cls", ..., or several joined by "+"
    pools_prompt: bool  # whether the prompt's tokens count in the pooling
    dimension: int
    max_tokens: int  # special tokens included
    pad_token: int
    lowercase: bool
    query_prompt: str
    document_prompt: str
    weights: tuple[Path, ...]

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer, as the `tokenizers` library reads it."""
        return self.transformer / "tokenizer.json"

    @property
    def is_plain(self) -> bool:
        """Whether it is a transformer with mean pooling and nothing else that moves the vectors."""
        prompted = bool(self.query_prompt or self.document_prompt)
        return self.modules in FAST and self.pooling == "mean" and (self.pools_prompt or not prompted)


def read_layout(folder: Path, params: EmbedderParams) -> Layout:
    """Return a model's layout; raises `EmbedderError` naming the part that is missing or not supported."""
    parts = _parts(folder)
    unknown = [name for name, _ in parts if name not in SUPPORTED]
    if unknown or parts[0][0] != "Transformer":
        raise EmbedderError(
            f"the model in {folder} is made of {', '.join(name for name, _ in parts)}",
            fix=f"choose a model made of {', '.join(SUPPORTED)}",
        )
    transformer = parts[0][1]
    config = _json(transformer / "config.json", required=True)
    sentence = _json(transformer / "sentence_bert_config.json")
    pooling, pools_prompt, dimension = _pooling(parts, config)
    query_prompt, document_prompt = _prompts(folder, params)
    return Layout(
        folder=folder,
        transformer=transformer,
        modules=tuple(name for name, _ in parts),
        pooling=pooling,
        pools_prompt=pools_prompt,
        dimension=dimension,
        max_tokens=_max_tokens(sentence, config, transformer),
        pad_token=config.get("pad_token_id") or 0,
        lowercase=bool(sentence.get("do_lower_case")),
        query_prompt=query_prompt,
        document_prompt=document_prompt,
        weights=_weights(parts),
    )


def _parts(folder: Path) -> list[tuple[str, Path]]:
    listed = _json(folder / "modules.json")
    if not listed:  # a plain transformer, which sentence-transformers pools by the mean
        return [("Transformer", folder), ("Pooling", folder / "1_Pooling")]
    return [(part["type"].rpartition(".")[2], folder / part["path"]) for part in listed]


def _pooling(parts: list[tuple[str, Path]], config: dict[str, Any]) -> tuple[str, bool, int]:
    dimension, modes, pools_prompt = int(config.get("hidden_size") or config.get("dim") or 0), ["none"], True
    for name, path in parts:
        part = _json(path / "config.json") if name in ("Pooling", "Dense") else {}
        if name == "Pooling":
            modes = _modes(part)
            dimension = int(
                part.get("embedding_dimension") or part.get("word_embedding_dimension") or dimension
            )
            dimension, pools_prompt = dimension * len(modes), bool(part.get("include_prompt", True))
        elif name == "Dense":
            dimension = int(part["out_features"])
    return "+".join(modes), pools_prompt, dimension


def _modes(pooling: dict[str, Any]) -> list[str]:
    named = pooling.get("pooling_mode") or [mode for flag, mode in POOLING_FLAGS.items() if pooling.get(flag)]
    return [named] if isinstance(named, str) else list(named) or ["mean"]


def _prompts(folder: Path, params: EmbedderParams) -> tuple[str, str]:
    own = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    # The names that encode_query and encode_document look for, in their order.
    query = own.get("query") or ""
    document = next((own[name] for name in ("document", "passage", "corpus") if own.get(name)), "")
    return (
        query if params.query_prompt is None else params.query_prompt,
        document if params.document_prompt is None else params.document_prompt,
    )


def _max_tokens(sentence: dict[str, Any], config: dict[str, Any], transformer: Path) -> int:
    if sentence.get("max_seq_length"):
        return int(sentence["max_seq_length"])
    tokenizer = _json(transformer / "tokenizer_config.json").get("model_max_length")
    limits = [
        int(limit) for limit in (config.get("max_position_embeddings"), tokenizer) if limit and limit > 0
    ]
    if not limits:
        raise EmbedderError(
            f"the model in {transformer} does not say how many tokens it reads",
            fix="set `max_seq_length` in its sentence_bert_config.json",
        )
    return min(limits)


def _weights(parts: list[tuple[str, Path]]) -> tuple[Path, ...]:
    files = tuple(file for _, path in parts for file in sorted(path.glob("*.safetensors")))
    # Only this format: the older ones run code when they are read.
    if not any(file.parent == parts[0][1] for file in files):
        raise EmbedderError(
            f"the model in {parts[0][1]} has no .safetensors weights",
            fix="choose a revision that has them, or save the model again with `safe_serialization=True`",
        )
    return files


def _json(file: Path, *, required: bool = False) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not required:
            return {}
        raise EmbedderError(f"the model lacks {file}", fix="give a sentence-transformers folder") from error
    except ValueError as error:
        raise EmbedderError(f"{file} is not JSON: {error}", fix="fetch the model again") from error
