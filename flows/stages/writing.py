"""A language model writes for a dataset: an estimate first, every prompt once, rows from what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from flows.stages.dataset_inputs import inputs_of
from flows.stages.dataset_plan import Plan, plan_of
from flows.workspace import Workspace
from infra.store.model_answers import ModelAnswers
from schemas.context import Message
from schemas.errors import ConfigError, RefusedError
from schemas.identity import digest
from schemas.model_answer import Estimate
from schemas.tools import Completion, LanguageModel
from transforms.datasets.inputs import Inputs
from transforms.datasets.recipes import VERSION
from transforms.datasets.written import prompts

WORKERS = 4
"""Prompts that wait for an answer at once."""
ANSWERS = "answers"
Prompts = Sequence[tuple[str, tuple[Message, ...]]]


@dataclass(slots=True, kw_only=True)
class Kept:
    """A language model whose answers are kept with the document they are about: asked twice, paid once."""

    name: str
    model: LanguageModel
    answers: ModelAnswers
    document_id: str
    workspace: Workspace

    def complete(
        self, messages: Sequence[Message], *, max_tokens: int | None = None, temperature: float = 0.0
    ) -> Completion:
        """Return the answer that is kept, or a new one once it is on disk."""
        key = answer_id(self.name, messages, max_tokens, temperature)
        row = self.answers.get(key)
        if row is None:
            said = self.model.complete(messages, max_tokens=max_tokens, temperature=temperature)
            row = {
                "answer_id": key,
                "model": self.name,
                "prompt_hash": _hash(messages),
                "document_id": self.document_id,
                "text": said.text,
                "prompt_tokens": said.prompt_tokens,
                "completion_tokens": said.completion_tokens,
                "asked_at": self.workspace.clock(),
            }
            self.answers.put(row)
        return Completion(
            text=row["text"],
            model=row["model"],
            prompt_tokens=row["prompt_tokens"],
            completion_tokens=row["completion_tokens"],
        )

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int | None = None, temperature: float = 0.0
    ) -> Iterator[str]:
        """Yield the whole answer at once."""
        yield self.complete(messages, max_tokens=max_tokens, temperature=temperature).text


def answer_id(
    model: str, messages: Iterable[Message], max_tokens: int | None, temperature: float = 0.0
) -> str:
    """Return the id of a model's answer to a prompt, under this version of the recipes."""
    return digest("answer", VERSION, model, _hash(messages), max_tokens or 0, str(temperature))


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a dataset's rows are written from: the prompts, the model, and the answers there are."""

    workspace: Workspace
    plan: Plan
    asked: Prompts
    answers: ModelAnswers
    counted: int
    """Tokens of the prompts that have no answer yet."""
    prices: tuple[float, float] | None
    """What a million tokens read and a million written cost."""

    def estimate(self) -> Estimate:
        """Return what is still to be paid for."""
        calls = len(self.missing())
        written, cost = calls * self.plan.params.max_tokens, None
        if self.prices is not None:
            read_price, written_price = self.prices
            cost = round((self.counted * read_price + written * written_price) / 1e6, 4)
        return Estimate(
            model=self.answers.model,
            calls=calls,
            cached=len(self.asked) - calls,
            prompt_tokens=self.counted,
            completion_tokens=written,
            cost=cost,
        )

    def missing(self) -> Prompts:
        """Return the prompts that have no answer yet."""
        return [one for one in self.asked if self.answers.get(self._id(one[1])) is None]

    def fill(self) -> None:
        """Ask what was never asked. What is answered stays, whatever happens then."""
        missing, done = self.missing(), 0
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="writing") as threads:
            try:
                for _ in threads.map(self._ask, missing):
                    done += 1
                    self.workspace.progress.advance(f"write {self.plan.name}", done, len(missing))
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise

    def pin(self) -> str:
        """Return the sha256 of all answers, which the release does not pin."""
        hasher = hashlib.sha256()
        for _, messages in self.asked:
            row = self.answers.get(self._id(messages))
            hasher.update(digest(self._id(messages), row["text"] if row else "").encode())
        return hasher.hexdigest()

    def model_for(self, document_id: str) -> Kept:
        """Return the model, which keeps its answers with a document."""
        return Kept(
            name=self.answers.model,
            model=self.workspace.language_model,
            answers=self.answers,
            document_id=document_id,
            workspace=self.workspace,
        )

    def _ask(self, one: tuple[str, tuple[Message, ...]]) -> None:
        document, messages = one
        self.model_for(document).complete(messages, max_tokens=self.plan.params.max_tokens)

    def _id(self, messages: Iterable[Message]) -> str:
        return answer_id(self.answers.model, messages, self.plan.params.max_tokens)


def writing_of(workspace: Workspace, plan: Plan, inputs: Inputs) -> Writing:
    """Return what a model is to write for a dataset. Raises ConfigError when the project names no model."""
    name = workspace.language_model.name
    answers = ModelAnswers(workspace.store, name)
    asked = list(prompts(inputs, plan.params))
    new = [
        message.content
        for _, messages in asked
        if answers.get(answer_id(name, messages, plan.params.max_tokens)) is None
        for message in messages
    ]
    counted = sum(inputs.tokenizer.count(new)) if new else 0
    section = workspace.opened.project.llm
    return Writing(
        workspace=workspace,
        plan=plan,
        asked=asked,
        answers=answers,
        counted=counted,
        prices=section.price_per_million if section else None,
    )


def written_ahead(
    workspace: Workspace, plan: Plan, inputs: Inputs, given: Mapping[str, Any]
) -> tuple[Plan, Inputs]:
    """Let the model answer every prompt that a plan needs, and return plan and inputs with its answers.

    `given` are the pins of an earlier export. Raises RefusedError, before anything is asked, for an estimate
    above the definition's limits; UnavailableError when the model does not answer: what it said is kept.
    """
    if not plan.written:
        return plan, inputs
    writing = writing_of(workspace, plan, inputs)
    check_limits(plan, writing.estimate())
    writing.fill()
    pins = pinned(plan, writing, given)
    return replace(plan, pins=pins), replace(inputs, model=writing.model_for)


def estimate_of(workspace: Workspace, name: str, release: int | None = None) -> Estimate:
    """Return what a language model would have to be paid for an export; it is not asked.

    Raises ConfigError for a dataset that no language model writes.
    """
    plan = plan_of(workspace, name, release)
    if not plan.written:
        raise ConfigError(f"no language model writes dataset {name!r}", fix="export it: that costs nothing")
    return writing_of(workspace, plan, inputs_of(workspace, plan)).estimate()


def check_limits(plan: Plan, estimate: Estimate) -> None:
    """Raise RefusedError when the estimate is above what the definition allows; nothing was asked then."""
    params = plan.params
    dear = params.limit_cost is not None and (estimate.cost or 0) > params.limit_cost
    if dear or estimate.tokens > params.limit_tokens:
        price = f" and cost {estimate.cost}" if estimate.cost is not None else ""
        raise RefusedError(
            f"dataset {plan.name!r} takes {estimate.calls} calls of {estimate.model}: up to "
            f"{estimate.tokens:,} tokens{price}, above limit_tokens {params.limit_tokens:,} or limit_cost "
            f"{params.limit_cost}",
            fix="raise the limit, or lower max_per_document or max_tokens",
            state="no language model was asked, and no file was written",
        )


def pinned(plan: Plan, writing: Writing, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan's pins with those of the answers. RefusedError when others were pinned."""
    pins = {**plan.pins, "model": writing.answers.model, "recipes": VERSION, ANSWERS: writing.pin()}
    if ANSWERS in given and given[ANSWERS] != pins[ANSWERS]:
        raise RefusedError(
            f"the answers of {writing.answers.model} that are kept are not those of the manifest",
            fix="export without --like, or with the store that the dataset was made with",
            state="no file was written",
        )
    return pins


def _hash(messages: Iterable[Message]) -> str:
    said = json.dumps([one.model_dump() for one in messages], ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
