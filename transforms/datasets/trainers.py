"""Trainers: ready settings for TRL, Axolotl and LLaMA-Factory, for the formats that each of them reads.

LoRA on all linear layers of a model in four bits (QLoRA), with the numbers of the papers; the model's name is
the one thing to fill in. Paths are relative to the dataset's folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

Settings = dict[str, Any]

MODEL = "Qwen/Qwen2.5-7B-Instruct"
"""An example; any causal model of the Hugging Face hub, or a folder with one."""

LORA_RANK, LORA_ALPHA, LORA_DROPOUT = 16, 32, 0.05
EPOCHS = 3
WARMUP_SHARE = 0.05
CONVERSATION, PREFERENCE, JUDGED, REWARD = "sft", "dpo", "kto", "reward"

STAGES = {
    "messages": CONVERSATION,
    "prompt_completion": CONVERSATION,
    "alpaca": CONVERSATION,
    "sharegpt": CONVERSATION,
    "text": CONVERSATION,
    "trl": PREFERENCE,
    "ranking": PREFERENCE,
    "reward": REWARD,
    "kto": JUDGED,
    "kto_tag": JUDGED,
}
RATES = {CONVERSATION: 2e-4, PREFERENCE: 5e-6, JUDGED: 5e-6, REWARD: 1e-4}
"""Learning rates of LoRA: QLoRA's (Dettmers et al., 2023) for demonstrations, lower where answers compete."""

TRL_READS = ("messages", "prompt_completion", "text", "trl", "reward", "kto")
AXOLOTL_READS: Mapping[str, Settings] = {
    "messages": {"type": "chat_template", "field_messages": "messages"},
    "sharegpt": {
        "type": "chat_template",
        "field_messages": "conversations",
        "field_system": "system",
        "message_property_mappings": {"role": "from", "content": "value"},
    },
    "alpaca": {"type": "alpaca"},
    "text": {"type": "completion", "field": "text"},
    "trl": {"type": "chat_template.default", "field_messages": "prompt"},
}
LLAMA_FACTORY_READS: Mapping[str, Settings] = {
    "alpaca": {
        "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"},
    },
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations", "system": "system"}},
    "messages": {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    },
    "text": {"columns": {"prompt": "text"}},
    "ranking": {
        "ranking": True,
        "formatting": "sharegpt",
        "columns": {
            "messages": "conversations", "chosen": "chosen", "rejected": "rejected", "system": "system"
        },
    },
    "kto_tag": {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "kto_tag": "kto_tag", "system": "system"},
    },
}  # fmt: skip
EMBEDDERS = ("columns",)


def trainer_files(dataset: str, written_as: str, splits: Mapping[str, int], longest: int) -> dict[str, str]:
    """Return the trainers' files of a dataset by name, for those that read its format.

    `longest` is the longest row in tokens; the maximum length is a power of two above it: no row is cut.
    """
    there = [split for split, rows in splits.items() if rows]
    held = next((split for split in ("validation", "test") if split in there), None)
    length = max(512, 1 << (longest * 9 // 8).bit_length())
    made: dict[str, Settings] = {}
    if written_as in TRL_READS:
        made["_meta/trl.yaml"] = _trl(written_as, held, length)
    if written_as in AXOLOTL_READS:
        made["_meta/axolotl.yaml"] = _axolotl(written_as, held, length)
    if written_as in LLAMA_FACTORY_READS:
        made["_meta/llamafactory.yaml"] = _llama_factory(dataset, written_as, held, length)
    if written_as in EMBEDDERS:
        made["_meta/sentence-transformers.yaml"] = _sentence_transformers()
    files = {name: _written(name, settings) for name, settings in made.items()}
    if written_as in LLAMA_FACTORY_READS:
        files["dataset_info.json"] = json.dumps(dataset_info(dataset, written_as, there), indent=2) + "\n"
    return files


def dataset_info(dataset: str, written_as: str, splits: list[str]) -> Settings:
    """Return LLaMA-Factory's `dataset_info.json`: the train split has the dataset's name."""
    return {_named(dataset, split): {"file_name": f"{split}.jsonl", **LLAMA_FACTORY_READS[written_as]}
            for split in splits}  # fmt: skip


def _named(dataset: str, split: str) -> str:
    return dataset if split == "train" else f"{dataset}-{split}"


def _trl(written_as: str, held: str | None, length: int) -> Settings:
    stage = STAGES[written_as]
    return {
        "model_name_or_path": MODEL,
        "dataset_name": ".",
        "dataset_train_split": "train",
        **({"dataset_test_split": held, "eval_strategy": "epoch"} if held else {}),
        "use_peft": True,
        "load_in_4bit": True,
        "lora_r": LORA_RANK,
        "lora_alpha": LORA_ALPHA,
        "lora_dropout": LORA_DROPOUT,
        "lora_target_modules": "all-linear",
        "max_length": length,
        **({"completion_only_loss": True} if written_as == "prompt_completion" else {}),
        **({"assistant_only_loss": True} if written_as == "messages" else {}),
        **({"packing": True} if written_as == "text" else {}),
        **_as_transformers(stage),
        "warmup_steps": WARMUP_SHARE,  # as transformers 5 has it; below 1 it is a share
        "output_dir": f"{stage}-lora",
    }


def _axolotl(written_as: str, held: str | None, length: int) -> Settings:
    stage, reads = STAGES[written_as], AXOLOTL_READS[written_as]

    def files(split: str) -> list[Settings]:
        return [{"path": f"{split}.jsonl", "ds_type": "json", "split": "train", **reads}]

    return {
        "base_model": MODEL,
        **({"rl": "dpo"} if stage == PREFERENCE else {}),
        **({"chat_template": "tokenizer_default"} if "chat_template" in reads["type"] else {}),
        "datasets": files("train"),
        **({"test_datasets": files(held)} if held else {}),
        "adapter": "qlora",
        "load_in_4bit": True,
        "lora_r": LORA_RANK,
        "lora_alpha": LORA_ALPHA,
        "lora_dropout": LORA_DROPOUT,
        "lora_target_linear": True,
        "sequence_len": length,
        "sample_packing": written_as == "text",
        "micro_batch_size": 1,
        "gradient_accumulation_steps": 16,
        "num_epochs": EPOCHS,
        "learning_rate": RATES[stage],
        "lr_scheduler": "cosine",
        "warmup_ratio": WARMUP_SHARE,
        "optimizer": "paged_adamw_8bit",
        "bf16": "auto",
        "gradient_checkpointing": True,
        "seed": 42,
        "output_dir": f"{stage}-lora",
    }


def _llama_factory(dataset: str, written_as: str, held: str | None, length: int) -> Settings:
    stage = STAGES[written_as]
    return {
        "model_name_or_path": MODEL,
        "stage": "pt" if written_as == "text" else stage,
        "do_train": True,
        "finetuning_type": "lora",
        "lora_rank": LORA_RANK,
        "lora_alpha": LORA_ALPHA,
        "lora_dropout": LORA_DROPOUT,
        "lora_target": "all",
        "quantization_bit": 4,
        "dataset_dir": ".",
        "dataset": _named(dataset, "train"),
        **({"eval_dataset": _named(dataset, held), "eval_strategy": "epoch"} if held else {}),
        "template": "qwen",
        "cutoff_len": length,
        **_as_transformers(stage),
        "warmup_ratio": WARMUP_SHARE,
        "output_dir": f"{stage}-lora",
    }


def _as_transformers(stage: str) -> Settings:
    """What TRL and LLaMA-Factory call alike, after transformers."""
    return {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 16,
        "num_train_epochs": EPOCHS,
        "learning_rate": RATES[stage],
        "lr_scheduler_type": "cosine",
        "bf16": True,
        "logging_steps": 10,
        "seed": 42,
    }


def _sentence_transformers() -> Settings:
    """In-batch negatives: a passage that is the positive of two rows must not be in one batch twice."""
    return {
        "loss": "MultipleNegativesRankingLoss",
        "batch_sampler": "no_duplicates",
        "per_device_train_batch_size": 64,
        "num_train_epochs": 1,
        "learning_rate": 2e-5,
        "warmup_steps": WARMUP_SHARE,
        "seed": 42,
    }


RUNS = {
    "_meta/trl.yaml": "trl {stage} --config _meta/trl.yaml",
    "_meta/axolotl.yaml": "axolotl train _meta/axolotl.yaml",
    "_meta/llamafactory.yaml": "llamafactory-cli train _meta/llamafactory.yaml",
    "_meta/sentence-transformers.yaml": "for sentence_transformers.SentenceTransformerTrainingArguments",
}
"""How each file is used, from the dataset's folder."""


def _written(name: str, settings: Settings) -> str:
    stage = str(settings.get("output_dir", "")).removesuffix("-lora")
    head = f"# In the dataset's folder: {RUNS[name].format(stage=stage)}\n"
    if "sentence" in name:
        head = f"# {RUNS[name]}, and the loss\n"
    return head + yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
