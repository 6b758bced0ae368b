"""The card: README.md of a dataset, whose front matter tells `datasets.load_dataset` what is data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.counts import count

SHOWN_CHARS = 900
AUDIENCE = (
    "Everybody in that audience may read every passage in every row; nobody outside it should use what is "
    "trained on them."
)
SPLIT = "Splits are by families of near-duplicate documents."
BESIDE = "Passages shown beside the answer may come from documents of another split."
SAME = "Rows that ask or say the same, or nearly, were removed, and no row is nearly in two splits."
LIMITS = (
    "It is found by patterns, checksums and names that the data itself gives; a name in running text that "
    "nothing gives away is not found."
)
SHOWN_VALUES = 12
SHOWN_TERMS = 10
LINEAGE = (
    "`_meta/lineage.parquet` has, for every row, each chunk in it with its document, span and hash; "
    "`_meta/refused.parquet` has what was refused, and why; `_meta/manifest.json` has the sha256 of every "
    "file. `headwater lineage ID` answers both ways."
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
    balance: Mapping[str, Mapping[str, int]]
    """Kind (`source`, `author`, `label:license`, ...) -> rows of each, by what is to be learned."""
    documents: int
    sufficiency: str
    """Whether the rows are enough, and by which rule."""
    audience: Sequence[str]
    parts: Mapping[str, str]
    """Files that are not splits, by the name under which `load_dataset` finds them; none for splits."""
    languages: Sequence[str]
    examples: Sequence[Mapping[str, Any]]
    personal: Mapping[str, Any]
    """The policy, and what was replaced, by type."""
    tokens: Mapping[str, Any]
    vocabulary: Mapping[str, Any]
    replayed: int
    """General rows at the end of the train split."""
    held_out: Sequence[str]
    """Files besides the release that decided the rows."""
    plots: str
    """The file of the plots."""
    trainers: Sequence[str]
    """Files that are ready settings of trainers."""


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
    documents = count(facts.documents, "document")
    made = f"{count(rows, 'row')} of {kind}, from {documents} of release {facts.release}."
    sections = [
        f"# {facts.dataset}\n",
        f"{made} Made for: {', '.join(facts.audience)}. {AUDIENCE}\n",
        "## Rows\n",
        f"![Counts]({facts.plots})\n",
        _table("split", facts.splits),
        *(_balance(kind, rows) for kind, rows in facts.balance.items()),
        _kinds(facts.kinds),
        f"{facts.sufficiency}\n",
        *([f"At the end of `train`, {count(facts.replayed, 'general row')}.\n"] if facts.replayed else []),
        "## Tokens\n",
        f"{_tokens(facts)}\n",
        "## Refused\n",
        _table("reason", facts.refused) if facts.refused else "Nothing.\n",
        f"{_kept_out(facts)}\n",
        "## How the rows were made\n",
        f"{facts.how}\n",
        f"{_limits(facts)}\n",
        *_training(facts),
        "## Where a row comes from\n",
        f"{LINEAGE}\n",
        f"Definition `{facts.definition_hash}`. The same release and definition give the same bytes.",
    ]
    return [*sections, *(_example(example) for example in facts.examples)]


def _balance(kind: str, rows: Mapping[str, int]) -> str:
    most = sorted(rows.items(), key=lambda one: (-one[1], one[0]))
    table = _table(kind.replace(":", " "), dict(most[:SHOWN_VALUES]))
    return table if len(most) <= SHOWN_VALUES else f"{table}\nand {len(most) - SHOWN_VALUES} more.\n"


def _tokens(facts: Card) -> str:
    tokens, words = facts.tokens, facts.vocabulary
    if not tokens["total"]:
        return "None."
    counted = (
        f"Counted by {tokens['tokenizer']}, without what a chat template adds: {tokens['total']:,} in all; "
        f"half of the rows have {tokens['p50']:,} or fewer, 95% {tokens['p95']:,}, "
        f"the longest {tokens['max']:,}."
    )
    if not words["worst"]:
        return counted
    worst = ", ".join(f"{one['term']} ({one['pieces']})" for one in words["worst"][:SHOWN_TERMS])
    return (
        f"{counted} Of {words['terms']:,} words that are in several rows it cuts {words['split_badly']:,} "
        f"into three pieces or more, such as {worst}."
    )


def _training(facts: Card) -> list[str]:
    if not facts.trainers:
        return []
    files = ", ".join(f"`{name}`" for name in facts.trainers)
    return ["## Training\n", f"Ready settings, LoRA in four bits, to run in this folder: {files}.\n"]


def _kept_out(facts: Card) -> str:
    replaced = ", ".join(f"{n} {kind}" for kind, n in facts.personal["replaced"].items())
    policy = {
        "redact": f"Personal data was replaced by placeholders: {replaced or 'none was found'}. {LIMITS}",
        "refuse": f"Rows with personal data were refused. {LIMITS}",
        "keep": "Personal data was left as it is.",
    }[facts.personal["policy"]]
    held = f" Kept out, or mixed in: {', '.join(facts.held_out)}." if facts.held_out else ""
    return f"{policy}{held}"


def _limits(facts: Card) -> str:
    """Say how splits and retrieval bear on the rows, where there are any."""
    asked = [f"Retrieval was asked through the view `{facts.view}`, as the audience."] if facts.view else []
    split = [] if facts.parts else [SPLIT, *([BESIDE] if facts.view else [])]
    return " ".join([*asked, *split, SAME])


def _table(name: str, counts: Mapping[str, int]) -> str:
    rows = [f"| {key} | {n} |" for key, n in counts.items() if n]
    return "\n".join([f"| {name} | rows |", "|---|---:|", *rows]) + "\n"


def _kinds(kinds: Mapping[str, int]) -> str:
    """Return what rows were made from, with the shares reached, which refusals may have moved."""
    rows = [f"| {kind} | {n} | {n / sum(kinds.values()):.0%} |" for kind, n in kinds.items() if n]
    return "\n".join(["| made from | rows | share |", "|---|---:|---:|", *rows]) + "\n"


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
