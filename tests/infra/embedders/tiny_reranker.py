"""A cross-encoder of two small layers with weights from a seed: always the same, and it means nothing."""

from __future__ import annotations

from pathlib import Path

from infra.embedders.packaged import packaged_folder


def make_reranker(folder: Path, *, labels: int = 1, seed: int = 3) -> Path:
    """Save one into a folder, as a cross-encoder is published."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(packaged_folder(), local_files_only=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,  # wide enough for texts to differ
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
