from dataclasses import replace

import yaml

from transforms.datasets.card import SHOWN_CHARS, Card, card

FACTS = Card(
    dataset="faq: ours",
    type="qa",
    format="messages",
    task="question-answering",
    how="By rules.",
    release=7,
    definition_hash="abc",
    view="support",
    splits={"train": 3, "validation": 0, "test": 1},
    refused={"audience": 2},
    kinds={"oracle": 3, "not_permitted": 0, "oracle_removed": 1},
    balance={"source": {"handbook": 4}, "label:license": {f"L{n:02}": 1 for n in range(14)}},
    personal={"policy": "redact", "replaced": {"EMAIL": 3}},
    tokens={"tokenizer": "the embedder's tokenizer", "total": 40, "p50": 9, "p95": 12, "p99": 12, "max": 12},
    vocabulary={"terms": 2, "split_badly": 1, "worst": [{"term": "sallowbrook", "rows": 4, "pieces": 4}]},
    replayed=1,
    held_out=("mt_bench",),
    plots="_meta/counts.png",
    trainers=("_meta/trl.yaml",),
    documents=2,
    sufficiency="Thin: 4 rows.",
    parts={},
    audience=("everyone",),
    languages=("en",),
    examples=({"messages": [{"role": "user", "content": "x" * (SHOWN_CHARS + 5)}]},),
)


def test_the_front_matter_names_exactly_the_splits_that_are_written() -> None:
    front = yaml.safe_load(card(FACTS).split("---\n")[1])
    assert front["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "train.jsonl"},
                {"split": "test", "path": "test.jsonl"},
            ],
        }
    ]
    assert front["pretty_name"] == "faq: ours"


def test_the_card_tells_counts_refusals_audience_and_shows_rows_in_short() -> None:
    text = card(FACTS)
    for told in (
        "| train | 3 |",
        "| oracle | 3 | 75% |",
        "| audience | 2 |",
        "Thin: 4 rows.",
        "Made for: everyone",
        "release 7",
        "(5 more characters)",
        "| handbook | 4 |",
        "and 2 more.",
        "3 EMAIL",
        "sallowbrook (4)",
        "At the end of `train`, 1 general row.",
        "mt_bench",
        "![Counts](_meta/counts.png)",
        "`_meta/trl.yaml`",
    ):
        assert told in text
    assert "| validation |" not in text


def test_what_is_for_evaluation_alone_is_found_by_its_name_and_has_no_splits() -> None:
    told = card(replace(FACTS, view=None, parts={"corpus": "corpus.jsonl", "queries": "queries.jsonl"}))
    assert "- config_name: corpus\n  data_files:\n  - split: corpus\n    path: corpus.jsonl\n" in told
    assert "config_name: default" not in told
    assert "Splits are" not in told
    assert "Retrieval was asked" not in told
