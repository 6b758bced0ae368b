"""What people wrote, as the logs keep it: personal data is replaced, unless `policy.pii.log` is `keep`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from schemas.context import QUESTION_CHARS, Context
from transforms.personal import Redactor, finder

if TYPE_CHECKING:
    from flows.stages.interactions import Interaction


class LogPrivacy:
    """Replaces personal data that people wrote. What the passages say is in the released tables anyway."""

    def __init__(self, workspace: Workspace) -> None:
        policy = workspace.opened.project.policy.pii
        self._keeps = policy.log == "keep"
        self._find = finder(allow=policy.allow)
        self._key = workspace.store.secret

    def interaction(self, one: Interaction) -> Interaction:
        """Return an interaction with placeholders for whom its asker wrote of, wherever they are in it."""
        wrote = [one.request.question, *(turn.content for turn in one.turns if turn.role != "assistant")]
        marks = {} if self._keeps else self._marks(wrote)
        if not marks:
            return one
        longest = sorted(marks, key=len, reverse=True)
        anywhere = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in longest))

        def clean(text: str) -> str:
            return anywhere.sub(lambda found: marks[found.group()], text)

        question = clean(one.request.question)[:QUESTION_CHARS]
        messages = tuple(
            message.model_copy(update={"content": clean(message.content)}) for message in one.context.messages
        )
        return replace(
            one,
            request=one.request.model_copy(update={"question": question}),
            context=one.context.model_copy(update={"question": question, "messages": messages}),
            answer=None if one.answer is None else clean(one.answer),
            turns=tuple(turn.model_copy(update={"content": clean(turn.content)}) for turn in one.turns),
        )

    def said(self, text: str, about: Context) -> str:
        """Return what somebody says of an answer; what its passages say stays."""
        shown = "\n".join(citation.quote for citation in about.citations)
        redactor = Redactor(
            find=lambda one: [found for found in self._find(one) if found.text not in shown], key=self._key
        )
        return text if self._keeps else redactor.redacted(text)

    def _marks(self, texts: list[str]) -> dict[str, str]:
        redactor = Redactor(find=self._find, key=self._key)
        return {found.text: redactor.placeholder(found) for text in texts for found in self._find(text)}
