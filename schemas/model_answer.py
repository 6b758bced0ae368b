"""What a language model wrote for a dataset, kept so that nothing is paid twice; and what it will cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from schemas.document import PRIMARY_KEY, TIMESTAMP

MODEL_ANSWER = pa.schema(
    [
        pa.field("answer_id", pa.string(), nullable=False, metadata=PRIMARY_KEY),  # hash of model and prompt
        pa.field("model", pa.string(), nullable=False),
        pa.field("prompt_hash", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),  # what the prompt shows a part of
        pa.field("text", pa.string(), nullable=False),
        pa.field("prompt_tokens", pa.int64(), nullable=False),  # as the endpoint counted
        pa.field("completion_tokens", pa.int64(), nullable=False),
        pa.field("asked_at", TIMESTAMP, nullable=False),
    ]
)
"""One row is one answer of a language model to one prompt; a cache outside releases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the language model will read and write before a dataset is whole."""

    model: str
    calls: int
    """Prompts that have no answer yet."""
    cached: int
    """Prompts that have one, and cost nothing."""
    prompt_tokens: int
    """Of those calls, counted by the embedder's tokenizer: the model's own may count a fifth more or less."""
    completion_tokens: int
    """Of those calls at most."""
    cost: float | None
    """At most, in the currency of `llm.price_per_million`; None where that is not set."""

    @property
    def tokens(self) -> int:
        """Tokens read and written at most."""
        return self.prompt_tokens + self.completion_tokens

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate as scripts read it."""
        return asdict(self)
