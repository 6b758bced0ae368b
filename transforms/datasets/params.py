"""What each dataset type is asked: its own settings in the project file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

QUESTIONS_MAX = 8
"""Rows from one document by default: a long page must not drown the others."""


By = Literal["rules", "model"]
Recipe = Literal["questions", "instructions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Qa:
    """Questions that documents answer: in documents' own words, or as a language model writes them."""

    grounded: bool = True
    """With the served passages in the prompt; without, the bare question (a closed-book row)."""
    max_per_document: int = QUESTIONS_MAX
    by: By = "rules"
    """Who writes: rules, or the project's language model, which is sent the documents' chunks."""
    recipe: Recipe = "questions"
    """What the model writes; the prompts are in `transforms/datasets/recipes.py`."""
    per_chunk: int = 3
    """What the model is asked to write of one chunk, at most."""
    max_tokens: int = 1_024
    """Tokens of one answer of the model, at most."""
    limit_tokens: int = 2_000_000
    """Tokens that the model may read and write: an estimate above is refused before the first call."""
    limit_cost: float | None = None
    """What that may cost, by `llm.price_per_million`."""

    def __post_init__(self) -> None:
        """Refuse what is none, and limits that allow nothing."""
        _one_of("by", self.by, get_args(By))
        _one_of("recipe", self.recipe, get_args(Recipe))
        for name in ("max_per_document", "per_chunk", "max_tokens", "limit_tokens"):
            _at_least(name, getattr(self, name), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triplets:
    """Anchors with the passage that answers them and passages that only look as if they did."""

    hard_negatives: int = 4
    max_per_document: int = QUESTIONS_MAX
    max_similarity: float = 0.9
    """Cosine similarity to the positive from which a passage says the same and is no negative."""
    margin: float = 0.95
    """A negative must be less similar to the anchor than this share of what the positive is."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant."""
        _at_least("hard_negatives", self.hard_negatives, 1)
        _at_least("max_per_document", self.max_per_document, 1)
        for name in ("max_similarity", "margin"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One author's replies, each after what came before it in its thread."""

    author: str
    """Whose replies, by the name that the threads have."""
    system: str = "You are {author}. Reply as {author} would."
    """The system prompt; none if empty."""
    max_messages: int = 16
    """Messages before the reply at most, the nearest ones and those it answers."""
    max_tokens: int = 2048
    """Tokens of prompt and reply at most: the oldest messages are left out first."""
    min_words: int = 3
    """A reply of fewer words teaches no style."""

    def __post_init__(self) -> None:
        """Refuse an author without a name and limits that allow nothing."""
        if not self.author.strip():
            raise ValueError("author is empty; name one who writes in the threads")
        _at_least("max_messages", self.max_messages, 1)
        _at_least("max_tokens", self.max_tokens, 16)
        _at_least("min_words", self.min_words, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Documents as running text, to train a model further on."""

    max_tokens: int = 2048
    """Tokens of a row at most, title and separator included."""
    min_tokens: int = 32
    """A document that has less says too little."""
    separator: str = ""
    """What ends a document, such as `<|endoftext|>`; trainers that pack rows add their own."""

    def __post_init__(self) -> None:
        """Refuse limits that allow nothing."""
        _at_least("max_tokens", self.max_tokens, 64)
        _at_least("min_tokens", self.min_tokens, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Questions and headings, each with the passage that answers it."""

    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beir:
    """Questions with the documents that answer them, to evaluate retrieval on."""

    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


CAUSES = ("before_its_time", "not_permitted", "oracle_removed")
"""Why a question has no answer in what is shown, in the order in which they are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raft:
    """Questions in the served context, with its own distractors; some of them without their answer."""

    oracle_share: float = 0.8
    """Share of the questions whose context has the answer; the others are taught to abstain."""
    distractors: int | None = None
    """Passages besides the answer's at most; without it, as many as are served."""
    causes: tuple[str, ...] = CAUSES
    """Why an answer is not there: each question gets the first that applies."""
    earlier: int | None = None
    """The release that some answers are not yet in; without it, the oldest that is kept."""
    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant and causes that are none."""
        object.__setattr__(self, "causes", tuple(self.causes))
        if not 0 <= self.oracle_share <= 1:
            raise ValueError(f"oracle_share is {self.oracle_share}; it must be from 0 to 1")
        if unknown := set(self.causes) - set(CAUSES):
            raise ValueError(f"causes has {sorted(unknown)}; there are {', '.join(CAUSES)}")
        if self.oracle_share < 1 and not self.causes:
            raise ValueError("causes is empty; name one, or write oracle_share: 1")
        _at_least("distractors", 1 if self.distractors is None else self.distractors, 1)
        _at_least("max_per_document", self.max_per_document, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Questions whose answer changed: today's is chosen, an earlier release's is rejected."""

    earlier: int | None = None
    """The release with the outdated answers; without it, the oldest that is kept."""
    max_per_document: int = QUESTIONS_MAX

    def __post_init__(self) -> None:
        """Refuse a limit that allows nothing."""
        _at_least("max_per_document", self.max_per_document, 1)


Policy = Literal["last", "majority", "expert"]
"""Who is right when those who judged disagree: the newest word, the most, or the experts among them."""
WhenStale = Literal["refuse", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What is made of what people said of answers."""

    policy: Policy = "majority"
    stale: WhenStale = "refuse"
    """Of an answer whose passages have changed since: refused, or kept and labeled `stale_...`."""
    until: str | None = None
    """Feedback after this time does not count: RFC 3339, as the manifest's `pins` has it."""

    def __post_init__(self) -> None:
        """Refuse settings that are none."""
        _one_of("policy", self.policy, get_args(Policy))
        _one_of("stale", self.stale, get_args(WhenStale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference(Feedback):
    """Pairs of answers to one prompt, of which people prefer one."""

    min_gap: float = 0.5
    """How much better, from 0 to 1, an answer must be judged than another; a like is 1, a dislike 0."""

    def __post_init__(self) -> None:
        """Refuse a gap that cannot be meant."""
        Feedback.__post_init__(self)
        if not 0 < self.min_gap <= 1:
            raise ValueError(f"min_gap is {self.min_gap}; it must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Feedback):
    """Single answers, each with whether people want it, and facts as of when it was asked for."""

    features: tuple[str, ...] = ()
    """Features whose facts, of the entities that the question was about, join the row (format `columns`)."""

    def __post_init__(self) -> None:
        """Refuse what `Feedback` refuses."""
        Feedback.__post_init__(self)
        object.__setattr__(self, "features", tuple(self.features))


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(known)}")


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")
