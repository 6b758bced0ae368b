"""The card: README.md of a dataset, whose front matter tells `datasets.load_dataset` what is data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN_CHARS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card says."""

    dataset: str
    type: str
    format: str
    task: str
    how: str
    release: int
    definition_hash: str
    view: str
    splits: Mapping[str, int]
    refused: Mapping[str, int]
    kinds: Mapping[str, int]
    sources: Mapping[str, int]
    """Source -> rows whose answer or positive is from it."""
    documents: int
    audience: Sequence[str]
    languages: Sequence[str]
    examples: Sequence[Mapping[str, Any]]


def card(facts: Card) -> str:
    """Return the card as Markdown; nothing in it depends on when it was written."""
    return "\n".join([*_front_matter(facts), "", *_body(facts)]) + "\n"


def _front_matter(facts: Card) -> list[str]:
    lines = ["---", f"pretty_name: {json.dumps(facts.dataset)}", "language:"]
    lines += [f"- {language}" for language in facts.languages]
    lines += ["task_categories:", f"- {facts.task}", "tags:", "- headwater", f"- {facts.type}"]
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for split, rows in facts.splits.items():
        if rows:
            lines += [f"  - split: {split}", f"    path: {split}.jsonl"]
    return [*lines, "---"]


def _body(facts: Card) -> list[str]:
    rows = sum(facts.splits.values())
    lines = [
        f"# {facts.dataset}",
        "",
        f"{rows} rows of type `{facts.type}` in format `{facts.format}`, from {facts.documents} documents of release "
        f"{facts.release}. Whoever uses what is trained on them must be one of: {', '.join(facts.audience)}.",
        "",
        "## Rows",
        "",
        *_table("split", facts.splits),
        "",
        *_table("source", facts.sources),
        "",
        *_table("made from", facts.kinds),
        "",
        "## Refused",
        "",
        *(_table("reason", facts.refused) if facts.refused else ["Nothing."]),
        "",
        "## How the rows were made",
        "",
        facts.how,
        "",
        f"Retrieval was asked through the view `{facts.view}` as the audience, so that no passage in a row is one that "
        "the audience may not read. Splits are by families of near-duplicate documents; passages shown beside the "
        "answer may come from documents of another split. Questions that ask the same were removed.",
        "",
        "## Where a row comes from",
        "",
        "`_meta/lineage.parquet` has, for every row, each chunk in it with its document, span and hash; "
        "`_meta/manifest.json` has the sha256 of every file. `headwater lineage ID` answers both ways.",
        "",
        f"Definition `{facts.definition_hash}`. The same release and definition give the same bytes.",
    ]
    for example in facts.examples:
        lines += [
            "",
            "## Example",
            "",
            "```json",
            json.dumps(_shortened(example), ensure_ascii=False, indent=2),
            "```",
        ]
    return lines


def _table(name: str, counts: Mapping[str, int]) -> list[str]:
    return [f"| {name} | rows |", "|---|---:|", *(f"| {key} | {n} |" for key, n in counts.items() if n)]


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > SHOWN_CHARS:
        return f"{value[:SHOWN_CHARS]} ... ({len(value) - SHOWN_CHARS} more characters)"
    return value
