"""Rights: who may read a row, what its documents are labeled with, and what each audience would get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from schemas.acl import EVERYONE, intersection
from schemas.dataset import Example, Refusal, Refused
from transforms.datasets.inputs import admits
from transforms.datasets.sieves import Sieve
from transforms.datasets.sieves.repeats import refused

Labels = Mapping[str, str]
Readable = Callable[[str, Collection[str]], bool]


class Audience:
    """Refuses rows that somebody in the audience may not read, and counts whom each row would be for."""

    def __init__(self, readable: Readable, acls: Mapping[str, Collection[str]]) -> None:
        self._readable, self._acls = readable, acls
        self._rows: Counter[tuple[str, ...]] = Counter()

    def __call__(self, example: Example) -> Example | Refused:
        """Return the example if everybody in the audience may read all that it uses."""
        self._rows[intersection(use.acl for use in example.uses)] += 1
        if all(self._readable(use.document_id, use.acl) for use in example.uses):
            return example
        return refused(Refusal.AUDIENCE, example, "")

    def missed(self, one: Refused) -> None:
        """Count a row that its builder refused for its document's acl."""
        if one.reason is Refusal.AUDIENCE and one.document_id in self._acls:
            self._rows[tuple(sorted(self._acls[one.document_id]))] += 1

    def rows_for(self) -> dict[str, int]:
        """Return how many rows each possible audience might read, before anything else is refused."""
        entries = sorted({EVERYONE, *(entry for acl in self._rows for entry in acl)})
        return {entry: sum(n for acl, n in self._rows.items() if admits(acl, (entry,))) for entry in entries}


def labeled(required: Mapping[str, Collection[str]], labels: Mapping[str, Labels]) -> Sieve:
    """Return the sieve that asks every document of a row for labels, such as a license to train."""

    def ask(example: Example) -> Example | Refused:
        for use in example.uses:
            mine = labels.get(use.document_id, {})
            for name, values in required.items():
                if mine.get(name) not in values:
                    return refused(Refusal.NOT_LABELED, example, f"{name}={mine.get(name, '')}")
        return example

    return ask


def labels_of(rows: Iterable[Mapping[str, object]]) -> dict[str, dict[str, str]]:
    """Return each document's labels by name; `rows` have a document_id and labels."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        pairs = row["labels"] if isinstance(row["labels"], list) else []
        found[str(row["document_id"])] = {one["name"]: one["value"] for one in pairs}
    return found
