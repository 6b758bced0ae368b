"""Contamination: rows that hold what models or retrieval are evaluated with."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.dataset import Example, Refusal, Refused
from schemas.identity import digest
from transforms.datasets.duplicates import question_key
from transforms.datasets.sieves.repeats import refused
from transforms.datasets.sieves.texts import texts_of
from transforms.datasets.signatures import runs_of, words

RUN_WORDS = 13
"""A run of so many words is no chance: GPT-3's measure (Brown et al., 2020, appendix C)."""

LEAST_WORDS = 5
"""A shorter text is looked for as a question alone: its words are anywhere."""


ASKED_WORDS = 3
"""Fewer words are no question: `yes` is contained in nothing that is worth a refusal."""


class Contamination:
    """Refuses rows that share a run of words with an evaluation's texts, or ask one of its questions.

    `texts` are pairs of a place, such as `question.jsonl:7`, and what stands there. A text shorter than the
    run is looked for as a whole. Memory: 100 bytes for each word of the evaluation.
    """

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self._runs: dict[int, dict[str, str]] = {}
        self._asked: dict[str, str] = {}
        for place, text in texts:
            said = words(text)
            if len(said) >= ASKED_WORDS:
                self._asked.setdefault(_asked(text), place)
            length = min(RUN_WORDS, len(said))
            if length >= LEAST_WORDS:
                runs = self._runs.setdefault(length, {})
                for run in runs_of(said, length):
                    runs.setdefault(run, place)

    def __call__(self, example: Example) -> Example | Refused:
        """Return the example, unless an evaluation holds a part of it."""
        place = self._asked.get(_asked(example.question)) or next(
            (found for text in texts_of(example) if (found := self.holds(text))), None
        )
        return example if place is None else refused(Refusal.CONTAMINATED, example, place)

    def holds(self, text: str) -> str | None:
        """Return the place in an evaluation that a text has a run of words in common with."""
        said = words(text)
        return next(
            (
                runs[run]
                for length, runs in self._runs.items()
                for run in runs_of(said, length)
                if run in runs
            ),
            None,
        )


def _asked(text: str) -> str:
    return digest(*question_key(text))
