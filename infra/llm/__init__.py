"""Language models, behind any endpoint that speaks OpenAI's chat-completions protocol."""

from infra.llm.chat import ChatModel

__all__ = ["ChatModel"]
