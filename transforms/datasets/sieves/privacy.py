"""Privacy: what a row says of people is replaced by placeholders, or refuses the row."""

from __future__ import annotations

from schemas.dataset import Example, Refusal, Refused
from transforms.datasets.sieves import Sieve
from transforms.datasets.sieves.repeats import refused
from transforms.datasets.sieves.texts import rewritten, texts_of
from transforms.personal import Redactor


def privacy(policy: str, redactor: Redactor) -> Sieve | None:
    """Return the sieve of a policy: `redact`, `refuse`, or `keep`, which needs none."""

    def redact(example: Example) -> Example:
        return rewritten(example, redactor.redacted)

    def refuse(example: Example) -> Example | Refused:
        types = sorted({one.type for text in texts_of(example) for one in redactor.find(text)})
        return refused(Refusal.PERSONAL, example, ", ".join(types)) if types else example

    return {"redact": redact, "refuse": refuse}.get(policy)
