"""What the interfaces that speak OpenAI's protocol take. What has no meaning here is refused, not ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.api import ANSWER_TOKENS, GROUPS, Group
from schemas.context import BUDGET_TOKENS, ENTITIES, EntityText
from schemas.filters import Filters

MESSAGES = 1_000
FORWARDED = (
    "top_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "reasoning_effort",
)
"""Sent to the language model's endpoint as they are."""
WITHOUT_EFFECT = (
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    "prompt_cache_retention", "parallel_tool_calls",
)  # fmt: skip
"""Taken and not used: they change nothing of an answer. `user` is not who asks: the API key says that."""
HARMLESS: dict[str, tuple[Any, ...]] = {
    "n": (1,), "logprobs": (False,), "response_format": ({"type": "text"},), "modalities": (["text"],),
    "tools": ([],), "tool_choice": ("none", "auto"), "functions": ([],), "top_logprobs": (0,),
}  # fmt: skip
"""Parameters of which only values that ask for nothing are taken."""


class Wire(BaseModel):
    """A part of a request; what a newer client adds is left to whoever reads it."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Part(Wire):
    """A part of a message's content."""

    type: str
    text: str | None = None


class ChatMessage(Wire):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(Wire):
    """How a streamed answer is told."""

    include_usage: bool = False


class Where(Wire):
    """Who asks and at which release, beyond OpenAI's protocol: a client sends it as `extra_body`."""

    principal: Annotated[str | None, Field(max_length=200)] = None
    """Who asks, as user:NAME; refused with an API key."""
    groups: Annotated[tuple[Group, ...], Field(max_length=GROUPS)] = ()
    release: Annotated[int, Field(ge=1)] | None = None
    as_of: datetime | None = None
    entities: Annotated[dict[EntityText, EntityText], Field(max_length=ENTITIES)] = Field(
        default_factory=dict
    )
    budget_tokens: Annotated[int, Field(ge=64, le=BUDGET_TOKENS)] | None = None


class ChatBody(Where):
    """A conversation whose last message is answered from the passages of a context view."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "support",
                    "messages": [{"role": "user", "content": "How many days of vacation do I have?"}],
                    "stream": True,
                }
            ]
        }
    )

    model: str
    """A context view's name, as GET /v1/models lists them."""
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1, le=ANSWER_TOKENS)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=ANSWER_TOKENS)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    filters: Filters = Filters()

    @property
    def others(self) -> dict[str, Any]:
        """Every other parameter that says something."""
        return {name: value for name, value in (self.model_extra or {}).items() if value is not None}


class RankingOptions(Wire):
    """How results are ranked: a threshold is kept, a ranker's name has no meaning here."""

    score_threshold: Annotated[float, Field(ge=0, le=1)] = 0.0


class SearchBody(Where):
    """A search of a context view as if it were a vector store."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "How much notice does a price change need?",
                    "max_num_results": 5,
                    "filters": {"type": "eq", "key": "source", "value": "handbook"},
                }
            ]
        }
    )

    query: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1, max_length=8)]
    max_num_results: Annotated[int, Field(ge=1, le=50)] = 10
    filters: dict[str, Any] | None = None
    """Attributes compared with `eq` or `in`, `source_at` with `gte` and `lt`, joined with `and`."""
    ranking_options: RankingOptions = RankingOptions()
    rewrite_query: bool = False
