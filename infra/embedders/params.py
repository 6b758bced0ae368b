"""Which model embeds, and what is put before its texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.errors import ConfigError

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEVICES = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderParams:
    """A sentence-transformers model by its hub name or by the path of its folder.

    A prompt that is None is the model's own (most have none); "" switches it off.
    """

    model: str = DEFAULT_MODEL
    revision: str | None = None
    query_prompt: str | None = None
    document_prompt: str | None = None
    device: str = "auto"
    token_signs: bool = False
    """Whether documents come with the signs of their tokens' vectors, where the model pools by the mean."""

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ConfigError(
                "`embedder.model` is empty", fix=f"name a model, or leave it out for {DEFAULT_MODEL}"
            )
        if not DEVICES.fullmatch(self.device):
            raise ConfigError(
                f"`embedder.device` is {self.device!r}", fix="use auto, cpu, mps, cuda or cuda:<number>"
            )
