"""What every example of a dataset goes through, in this order, whatever its type.

Rights first, then what models are evaluated with, then people, then repeats, caps last: so a row that may not
be there keeps no other one out.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.stages.dataset_documents import Documents
from flows.stages.dataset_plan import Plan
from flows.workspace import Workspace
from schemas.dataset import Example, Refusal, Refused
from transforms.datasets.inputs import Inputs
from transforms.datasets.lengths import Lengths
from transforms.datasets.sieves import Sieve
from transforms.datasets.sieves.caps import Groups, over, rank_of, within
from transforms.datasets.sieves.contamination import Contamination
from transforms.datasets.sieves.privacy import privacy
from transforms.datasets.sieves.repeats import Exact, Near, Similar, refused
from transforms.datasets.sieves.rights import Audience, labeled
from transforms.personal import Redactor, finder

SPOOL = "examples.pickle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieves:
    """The sieves of an export, in order, and those that are asked afterwards."""

    in_order: tuple[Sieve, ...]
    audience: Audience
    contamination: Contamination
    redactor: Redactor
    lengths: Lengths


def sieves_of(workspace: Workspace, plan: Plan, inputs: Inputs, documents: Documents) -> Sieves:
    """Return what the examples of a definition go through."""
    audience = Audience(inputs.readable, documents.acl)
    contamination = Contamination(plan.reads.evaluations())
    redactor = _redactor(workspace, plan, documents)
    section = plan.section
    chosen = (
        audience,
        labeled(section.require, documents.labels) if section.require else None,
        contamination,
        privacy(plan.policy, redactor),
        Exact(asked_again=plan.type.interactions),
        Near(section.duplicates.near),
        _similar(workspace, plan),
    )
    in_order = tuple(sieve for sieve in chosen if sieve is not None)
    return Sieves(
        in_order=in_order,
        audience=audience,
        contamination=contamination,
        redactor=redactor,
        lengths=_lengths(plan, inputs),
    )


def groups_of(example: Example, documents: Documents) -> Groups:
    """Return what a row is of: its source, author, document and labels, which caps and the balance go by."""
    use = example.uses[0] if example.uses else None
    labels = documents.labels.get(example.document_id, {})
    of: list[tuple[str, str]] = [("document", example.document_id)]
    of += [("source", use.source)] if use else []
    of += [("author", example.author)] if example.author else []
    return tuple(of + [(f"label:{name}", value) for name, value in sorted(labels.items())])


def capped(
    examples: Iterable[Example],
    limits: Mapping[str, int],
    documents: Documents,
    folder: Path,
    refuse: Callable[[Refused], None],
) -> Iterator[Example]:
    """Yield examples within the caps, in their order.

    Which stay is only known once all are there: until then they wait in a file in `folder`.
    """
    if not limits:
        yield from examples
        return
    spool, rows = folder / SPOOL, list[tuple[str, Groups]]()
    with spool.open("wb") as file:
        for example in examples:
            rows.append((rank_of(example.row_id), groups_of(example, documents)))
            pickle.dump(example, file)
    kept = within(rows, limits)
    with spool.open("rb") as file:
        for n in range(len(rows)):
            example = pickle.load(file)  # noqa: S301 - written a moment ago, by the lines above
            if n in kept:
                yield example
            else:
                refuse(refused(Refusal.OVER_CAP, example, over(rows[n][1], limits)))
    spool.unlink()


def _redactor(workspace: Workspace, plan: Plan, documents: Documents) -> Redactor:
    """Of names that the data gives, all but the author whose manner is to be learned."""
    learned = getattr(plan.params, "author", None)
    return Redactor(
        find=finder(documents.people - {learned}, plan.allow), key=workspace.store.secret + plan.name.encode()
    )


def _lengths(plan: Plan, inputs: Inputs) -> Lengths:
    """By the trainer's tokenizer where the definition names it, else by the embedder's, which it says."""
    if plan.reads.tokenizer is not None:
        return Lengths(tokenizer=plan.reads.tokenizer, counter=f"the tokenizer `{plan.section.tokenizer}`")
    embedder = plan.release.indexes[plan.view_section.index]["embedder"]["model"]
    counter = f"the embedder's tokenizer (`{embedder}`), since `tokenizer` names no trainer's"
    return Lengths(tokenizer=inputs.tokenizer, counter=counter)


def _similar(workspace: Workspace, plan: Plan) -> Similar | None:
    cosine = plan.section.duplicates.meaning
    if cosine is None:
        return None
    index = plan.release.indexes[plan.view_section.index]
    return Similar(cosine, workspace.embedder_for(index["embedder"], index["embedder_fp"]))
