"""Trainers' settings: files that are there, columns that the format has, nothing for who cannot read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from schemas.context import Message
from tests.transforms.datasets.examples import example
from transforms.datasets.formats import FORMATS
from transforms.datasets.trainers import (
    AXOLOTL_READS,
    LLAMA_FACTORY_READS,
    STAGES,
    TRL_READS,
    dataset_info,
    trainer_files,
)

SPLITS = {"train": 8, "validation": 0, "test": 2}
ROW = example(
    "r",
    "How many?",
    "22",
    rejected=(Message(role="assistant", content="23"),),
    label=True,
    columns={"text": "Running text."},
)
KNOWN = sorted({*TRL_READS, *AXOLOTL_READS, *LLAMA_FACTORY_READS} & FORMATS.keys())


def columns_of(settings: dict[str, Any]) -> set[str]:
    """Return the columns that settings name, wherever they do."""
    named = settings.get("columns", {}).values()
    fields = (v for k, v in settings.items() if k.startswith("field"))
    return {*named, *fields}


@pytest.mark.parametrize("written_as", KNOWN)
def test_settings_name_the_columns_and_files_that_are_there(written_as: str) -> None:
    row = set(FORMATS[written_as](ROW))
    files = trainer_files("faq", written_as, SPLITS, longest=700)
    for reads in (AXOLOTL_READS, LLAMA_FACTORY_READS):
        assert columns_of(dict(reads.get(written_as, {}))) <= row
    for name, text in files.items():
        told = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
        assert "validation" not in text
        assert told
    assert {f"_meta/{n}.yaml" for n, r in READERS.items() if written_as in r} == {
        name for name in files if name.endswith(".yaml")
    }


READERS = {"trl": TRL_READS, "axolotl": AXOLOTL_READS, "llamafactory": LLAMA_FACTORY_READS}


def test_no_row_is_cut_at_the_maximum_length() -> None:
    for longest in (1, 400, 511, 512, 700, 3_000):
        told = yaml.safe_load(trainer_files("faq", "messages", SPLITS, longest)["_meta/trl.yaml"])
        assert told["max_length"] > longest
        assert told["max_length"] <= max(512, 4 * longest)


def test_the_split_that_trains_has_the_name_of_the_dataset() -> None:
    told = dataset_info("faq", "alpaca", ["train", "test"])
    assert {name: one["file_name"] for name, one in told.items()} == {
        "faq": "train.jsonl",
        "faq-test": "test.jsonl",
    }


def test_every_format_of_a_conversation_has_somebody_who_reads_it() -> None:
    for written_as in STAGES:
        assert trainer_files("faq", written_as, SPLITS, longest=10)
    assert trainer_files("faq", "beir", SPLITS, longest=10) == {}
    assert list(trainer_files("faq", "columns", SPLITS, 10)) == ["_meta/sentence-transformers.yaml"]


SAID = {"from": str, "value": str}
DEMONSTRATED = {
    "alpaca": {"instruction": str, "input": str, "output": str},
    "sharegpt": {"conversations": [SAID]},
    "messages": {"messages": [{"role": str, "content": str}]},
    "ranking": {"conversations": [SAID], "chosen": SAID, "rejected": SAID},
    "kto_tag": {"conversations": [SAID], "kto_tag": bool},
}
"""What LLaMA-Factory's own demonstration files look like, by the columns that `dataset_info.json` names."""


def is_like(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return all(name in value and is_like(value[name], inner) for name, inner in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(is_like(one, shape[0]) for one in value)
    return isinstance(value, shape)


@pytest.mark.parametrize("written_as", sorted(DEMONSTRATED))
def test_rows_are_laid_out_as_llama_factorys_demonstration(written_as: str) -> None:
    row = FORMATS[written_as](ROW)
    assert is_like(row, DEMONSTRATED[written_as])
    turns = row.get("conversations", [])
    assert [turn["from"] for turn in turns] == ["human", "gpt"][: len(turns)]
    entry = dataset_info("faq", written_as, ["train"])["faq"]
    assert set(entry.get("columns", {}).values()) <= set(row)
    assert (entry.get("ranking", False), "kto_tag" in entry["columns"]) == (
        written_as == "ranking",
        written_as == "kto_tag",
    )
