"""judged: one answer to a prompt that was served, and whether people want it; facts as of then join it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.inputs import Inputs
from transforms.datasets.opinions import MIDDLE, opinions
from transforms.datasets.params import Judged
from transforms.datasets.prompted import Prompted, prompted


def build(inputs: Inputs, params: Judged) -> Iterator[Example | Refused]:
    """Yield a row for each answer that was judged, and why there are no others."""
    found: list[Prompted] = []
    for one in prompted(inputs, params.stale):
        if isinstance(one, Refused):
            yield one
        else:
            found.append(one)
    asked = [(one.request.entities, one.asked_at) for one in found]
    facts = {name: inputs.facts(name, asked) for name in params.features}
    for n, one in enumerate(found):
        joined = {f"{name}.{column}": v for name, rows in facts.items() for column, v in rows[n].items()}
        yield from _rows(one, joined, params)


def _rows(one: Prompted, joined: Mapping[str, Any], params: Judged) -> Iterator[Example | Refused]:
    found = opinions(one.said, one.answers, policy=params.policy)
    if not found.verdicts:
        yield Refused(reason=Refusal.NO_PREFERENCE, document_id=one.family)
    for verdict in found.verdicts:
        if verdict.value is None:
            yield Refused(reason=Refusal.CONFLICT, document_id=one.family)
        elif verdict.value == MIDDLE:
            yield Refused(reason=Refusal.NO_PREFERENCE, document_id=one.family)
        else:
            told = {"question": one.context.question, "answer": verdict.answer, "score": verdict.value}
            yield Example(
                row_id=digest("judged", one.key, verdict.answer),
                kind=one.labeled(verdict.kind),
                question=f"{one.context.question}\n{verdict.answer}",
                document_id=one.family,
                uses=one.uses_for(verdict.answer),
                messages=one.followed_by(verdict.answer),
                label=verdict.value > MIDDLE,
                columns={**told, **joined},
                context_id=min(one.answers),
            )
