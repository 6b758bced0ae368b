"""preference: two answers to a prompt that was served, of which people prefer one."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.context import Message
from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.inputs import Inputs
from transforms.datasets.opinions import Better, opinions
from transforms.datasets.params import Preference
from transforms.datasets.prompted import Prompted, prompted


def build(inputs: Inputs, params: Preference) -> Iterator[Example | Refused]:
    """Yield a row for each pair of answers to one prompt, and why there are no others."""
    for one in prompted(inputs, params.stale):
        if isinstance(one, Refused):
            yield one
        else:
            yield from _rows(one, params)


def _rows(one: Prompted, params: Preference) -> Iterator[Example | Refused]:
    found = opinions(one.said, one.answers, policy=params.policy, min_gap=params.min_gap)
    yield from [Refused(reason=Refusal.CONFLICT, document_id=one.family)] * found.conflicts
    yield from (_row(one, better) for better in found.better)
    if not found.better and not found.conflicts:
        yield Refused(reason=Refusal.NO_PREFERENCE, document_id=one.family)


def _row(one: Prompted, better: Better) -> Example:
    return Example(
        row_id=digest("pair", one.key, better.chosen, better.rejected),
        kind=one.labeled(better.kind),
        question=f"{one.context.question}\n{better.chosen}\n{better.rejected}",
        document_id=one.family,
        uses=one.uses_for(better.chosen),
        messages=one.followed_by(better.chosen),
        rejected=(Message(role="assistant", content=better.rejected),),
        context_id=min(one.answers),
    )
