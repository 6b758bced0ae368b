"""Datasets: released documents and chunks become examples to train on.

A builder is a function of `Inputs` and its own settings that yields an `Example`, or a `Refused` with its
reason. It writes no file and knows no format. Add a type here, or name your own in the project file:
`type: acme.datasets:letters`, where `letters` is a `DatasetType`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from schemas.dataset import Example, Refused
from schemas.errors import ConfigError
from schemas.settings import advice, read_settings
from transforms.datasets.inputs import Inputs
from transforms.datasets.params import (
    Beir,
    Completion,
    Judged,
    Pairs,
    Preference,
    Qa,
    Raft,
    Revisions,
    Style,
    Triplets,
)
from transforms.datasets.sufficiency import ANCHORS, CONVERSATIONS, JUDGMENTS, QUERIES, TEXTS, Rule

Builder = Callable[[Inputs, Any], Iterator[Example | Refused]]


Layout = Literal["splits", "beir"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetType:
    """What is known of a dataset type before its builder is imported."""

    params: type[Any]
    """A frozen keyword-only dataclass that checks itself."""
    formats: tuple[str, ...]
    """Names in `transforms.datasets.formats`; the first is the default."""
    version: int
    """Goes up when the same release and definition give other rows."""
    function: str | Builder
    """The builder, or "module:function", imported when first used."""
    task: str
    """The kind of task, as dataset cards name it."""
    how: str
    """How the rows are made and what to know before training on them, for the card."""
    how_by_model: str = ""
    """The same, where a language model writes the rows."""
    rule: Rule = CONVERSATIONS
    """How many rows to train on (or, of `beir`, to evaluate on) are enough."""
    retrieves: bool = True
    """Whether the served retrieval decides or is in the rows; the card then says through which view."""
    layout: Layout = "splits"
    """`splits`: a file per split; `beir`: queries, corpus and judgments, all of them for evaluation."""
    vectors: bool = False
    """Whether the builder compares chunks by their vectors."""
    interactions: bool = False
    """Whether the rows are made of what was served and said of it, rather than of documents."""
    earlier: bool = False
    """Whether the rows compare the release with an earlier one."""


CONVERSATION = ("messages", "prompt_completion", "alpaca", "sharegpt", "text")

DATASETS = {
    "qa": DatasetType(
        params=Qa,
        formats=(*CONVERSATION, "answers"),
        version=2,
        function="transforms.datasets.qa:build",
        task="question-answering",
        how=(
            "Questions were made from headings, sentences, tables and lists by rules; no language model "
            "wrote anything. Each answer is a span of a document, character for character. A row is kept "
            "only if the served retrieval, asked the question as the audience, brings the passage that "
            "holds the answer; its prompt is the served prompt. The questions sound like the documents: "
            "they teach a model to answer from passages and to cite them, not how people ask."
        ),
        how_by_model=(
            "A language model wrote questions and answers from chunks of the documents, under the prompts of "
            "`transforms/datasets/recipes.py`. A row is kept only if the evidence that the model copied is "
            "in the chunk, word for word, and the served retrieval, asked the question as the audience, "
            "brings that chunk; its prompt is the served prompt. That the answer follows from its evidence "
            "was not judged: read a sample before you train."
        ),
    ),
    "style": DatasetType(
        params=Style,
        formats=CONVERSATION,
        version=2,
        function="transforms.datasets.style:build",
        task="text-generation",
        retrieves=False,
        how=(
            "Each row is one author's reply, with the messages of the thread that came before it as the "
            "prompt: those that it answers, as far as the source says so, and the nearest ones. Messages in "
            "a row by one author are one turn; in threads of more than two authors each names its own. "
            "Quoted text, attribution lines and signatures are left out, nothing later than the reply is "
            "shown, and a thread is in one split. The rows teach how the author writes, and what they said "
            "then, which may no longer be true: leave facts to the context."
        ),
    ),
    "completion": DatasetType(
        rule=TEXTS,
        params=Completion,
        formats=("text",),
        version=2,
        function="transforms.datasets.completion:build",
        task="text-generation",
        retrieves=False,
        how=(
            "Each row is running text of one document under its title, within a limit of tokens counted by "
            "the embedder's tokenizer; longer documents are cut where sections or chunks end. It is text as "
            "it stands: it teaches words and manner of a field, and no task."
        ),
    ),
    "pairs": DatasetType(
        rule=ANCHORS,
        params=Pairs,
        formats=("columns",),
        version=2,
        function="transforms.datasets.pairs:build",
        task="sentence-similarity",
        retrieves=False,
        how=(
            "An anchor is a question made from the documents by rules, or a heading; the positive is the "
            "chunk that answers it, as it is embedded, whether or not today's retrieval finds it. Train with "
            "negatives from the batch, and a sampler that keeps duplicates out of it: a passage can be the "
            "positive of several rows."
        ),
    ),
    "beir": DatasetType(
        rule=QUERIES,
        params=Beir,
        formats=("beir",),
        version=2,
        function="transforms.datasets.beir:build",
        task="text-retrieval",
        retrieves=False,
        layout="beir",
        how=(
            "Questions were made from headings, sentences, tables and lists by rules; the documents that "
            "hold the answer, character for character, are the relevant ones, and no other was judged. It is "
            "for evaluation: `headwater evaluate --queries` reads the folder. The questions share words with "
            "the documents more than people's questions do, so figures are higher than they would be for "
            "those; compare them with each other, not with anything else."
        ),
    ),
    "preference": DatasetType(
        rule=JUDGMENTS,
        params=Preference,
        formats=("trl", "openai", "reward", "ranking"),
        version=2,
        function="transforms.datasets.preference:build",
        task="text-generation",
        interactions=True,
        retrieves=False,
        how=(
            "Each row is a prompt that was served, byte for byte as it was logged with its passages, and two "
            "answers to it of which people prefer one: by an edit, a ranking, or likes, dislikes and scores "
            "of both. Where labelers differ the definition's policy decides. People judge what they were "
            "shown: answers that nobody saw are not here, and those who judge are not everybody."
        ),
    ),
    "judged": DatasetType(
        rule=JUDGMENTS,
        params=Judged,
        formats=("kto", "kto_tag", "labeled"),
        version=2,
        function="transforms.datasets.judged:build",
        task="text-generation",
        interactions=True,
        retrieves=False,
        how=(
            "Each row is a prompt that was served, byte for byte as it was logged with its passages, one "
            "answer to it, and whether people want such an answer: a like, a dislike, a score, or the text "
            "that somebody put in its place. Facts that join a row are those that held when it was asked, "
            "not later ones."
        ),
    ),
    "raft": DatasetType(
        params=Raft,
        formats=CONVERSATION,
        version=2,
        function="transforms.datasets.raft:build",
        task="question-answering",
        vectors=True,
        earlier=True,
        how=(
            "Questions were made from the documents by rules; the prompt is the served one, with what the "
            "served retrieval brings beside the answer. Where the kind is `oracle` the passage with the "
            "answer is there, and the row answers and cites it. In the others it is not, for a real cause: "
            "`oracle_removed` (its documents were kept from the search), `not_permitted` (asked as somebody "
            "in no group), `before_its_time` (asked at an earlier release); the row says, in the server's "
            "words, that no passage answers. Whether another passage answers in other words was not judged."
        ),
    ),
    "revisions": DatasetType(
        rule=JUDGMENTS,
        params=Revisions,
        formats=("trl", "openai", "reward", "ranking"),
        version=2,
        function="transforms.datasets.revisions:build",
        task="text-generation",
        earlier=True,
        how=(
            "Each row is a question that this release and an earlier one answer differently, under today's "
            "served prompt: today's answer is chosen, the earlier one rejected. Both are spans of their "
            "documents, character for character; the questions were made by rules. They teach a model to "
            "follow its context where it remembers something else."
        ),
    ),
    "triplets": DatasetType(
        rule=ANCHORS,
        params=Triplets,
        formats=("columns",),
        version=2,
        function="transforms.datasets.triplets:build",
        task="sentence-similarity",
        vectors=True,
        how=(
            "An anchor is a question made from the documents by rules, or a heading; the positive is the "
            "chunk that answers it, as it is embedded. Negatives are what the served hybrid retrieval ranks "
            "below the positive, from other documents, without passages that hold the answer, nearly repeat "
            "the positive, or are as near to the anchor as the positive is. A passage can be the positive "
            "of one row and a negative of another, in any split. Train with a sampler that keeps duplicates "
            "out of a batch."
        ),
    ),
}


def find(name: str) -> DatasetType:
    """Return the dataset type of a name or import string; ConfigError if there is none."""
    if name in DATASETS:
        return DATASETS[name]
    found = _imported(name) if ":" in name else None
    if not isinstance(found, DatasetType):
        raise ConfigError(
            f"unknown dataset type {name!r}",
            fix=f"{advice(name, sorted(DATASETS))}, or 'module:name' of a transforms.datasets.DatasetType",
        )
    return found


def read_params(name: str, settings: Mapping[str, Any]) -> Any:
    """Return a type's parameters from its settings in the project file; ConfigError if they are wrong."""
    return read_settings(f"dataset type {name!r}", find(name).params, settings)


def build(name: str, inputs: Inputs, params: Any) -> Iterator[Example | Refused]:
    """Yield the examples of a type, and what was refused, in the order of the documents."""
    function = find(name).function
    builder: Builder = _imported(function) if isinstance(function, str) else function
    return builder(inputs, params)


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"dataset type {path!r} cannot be imported: {error}", fix="check the import string and PYTHONPATH"
        ) from error
