"""The card: README.md of a dataset, whose front matter tells `datasets.load_dataset` what is data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN_CHARS = 900
AUDIENCE = (
    "Everybody in that audience may read every passage in every row; nobody outside it should use what is "
    "trained on them."
)
SPLIT = "Splits are by families of near-duplicate documents."
BESIDE = "Passages shown beside the answer may come from documents of another split."
SAME = "Rows that ask or say the same were removed."
LINEAGE = (
    "`_meta/lineage.parquet` has, for every row, each chunk in it with its document, span and hash; "
    "`_meta/manifest.json` has the sha256 of every file. `headwater lineage ID` answers both ways."
)


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
    view: str | None
    """Through which the served retrieval was asked; None where it was not."""
    splits: Mapping[str, int]
    refused: Mapping[str, int]
    kinds: Mapping[str, int]
    sources: Mapping[str, int]
    """Source -> rows whose answer or positive is from it."""
    documents: int
    sufficiency: str
    """Whether the rows are enough, and by which rule."""
    audience: Sequence[str]
    parts: Mapping[str, str]
    """Files that are not splits, by the name under which `load_dataset` finds them; none for splits."""
    languages: Sequence[str]
    examples: Sequence[Mapping[str, Any]]


def card(facts: Card) -> str:
    """Return the card as Markdown; nothing in it depends on when it was written."""
    return "\n".join([*_front_matter(facts), "", *_body(facts)]) + "\n"


def _front_matter(facts: Card) -> list[str]:
    lines = ["---", f"pretty_name: {json.dumps(facts.dataset)}", "language:"]
    lines += [f"- {language}" for language in facts.languages]
    lines += ["task_categories:", f"- {facts.task}", "tags:", "- headwater", f"- {facts.type}"]
    lines += ["configs:"]
    for name, path in facts.parts.items():
        lines += [f"- config_name: {name}", "  data_files:", f"  - split: {name}", f"    path: {path}"]
    if not facts.parts:
        lines += ["- config_name: default", "  data_files:"]
        for split in (split for split, rows in facts.splits.items() if rows):
            lines += [f"  - split: {split}", f"    path: {split}.jsonl"]
    return [*lines, "---"]


def _body(facts: Card) -> list[str]:
    rows, kind = sum(facts.splits.values()), f"type `{facts.type}` in format `{facts.format}`"
    made = f"{rows} rows of {kind}, from {facts.documents} documents of release {facts.release}."
    sections = [
        f"# {facts.dataset}\n",
        f"{made} Made for: {', '.join(facts.audience)}. {AUDIENCE}\n",
        "## Rows\n",
        _table("split", facts.splits),
        _table("source", facts.sources),
        _table("made from", facts.kinds),
        f"{facts.sufficiency}\n",
        "## Refused\n",
        _table("reason", facts.refused) if facts.refused else "Nothing.\n",
        "## How the rows were made\n",
        f"{facts.how}\n",
        f"{_limits(facts)}\n",
        "## Where a row comes from\n",
        f"{LINEAGE}\n",
        f"Definition `{facts.definition_hash}`. The same release and definition give the same bytes.",
    ]
    return [*sections, *(_example(example) for example in facts.examples)]


def _limits(facts: Card) -> str:
    """Say how splits and retrieval bear on the rows, where there are any."""
    asked = [f"Retrieval was asked through the view `{facts.view}`, as the audience."] if facts.view else []
    split = [] if facts.parts else [SPLIT, *([BESIDE] if facts.view else [])]
    return " ".join([*asked, *split, SAME])


def _table(name: str, counts: Mapping[str, int]) -> str:
    rows = [f"| {key} | {n} |" for key, n in counts.items() if n]
    return "\n".join([f"| {name} | rows |", "|---|---:|", *rows]) + "\n"


def _example(example: Mapping[str, Any]) -> str:
    return f"\n## Example\n\n```json\n{json.dumps(_shortened(example), ensure_ascii=False, indent=2)}\n```"


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > SHOWN_CHARS:
        return f"{value[:SHOWN_CHARS]} ... ({len(value) - SHOWN_CHARS} more characters)"
    return value
