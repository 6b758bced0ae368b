"""A BEIR-shaped folder: beside the queries, the corpus and the judgments, and where the answers stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas.dataset import Example
from transforms.datasets.beir import CORPUS_COLUMNS, PARTS, QRELS, SPANS, corpus_row, grades, spans
from transforms.datasets.inputs import Inputs

HEADER = "query-id\tcorpus-id\tscore\n"


def judged(folder: Path, inputs: Inputs, examples: Iterable[Example]) -> Iterator[Example]:
    """Yield examples as they come; their judgments are written, and after the last one the corpus."""
    qrels, places = folder / QRELS, folder / SPANS
    with (
        qrels.open("w", encoding="utf-8", newline="\n") as judgments,
        places.open("w", encoding="utf-8", newline="\n") as found,
    ):
        judgments.write(HEADER)
        for example in examples:
            judgments.writelines(f"{example.row_id}\t{name}\t{n}\n" for name, n in grades(example))
            found.writelines(json.dumps(span, ensure_ascii=False) + "\n" for span in spans(example))
            yield example
    with (folder / PARTS["corpus"]).open("w", encoding="utf-8", newline="\n") as corpus:
        for row in inputs.rows(CORPUS_COLUMNS):
            if inputs.barred(row) is None:
                corpus.write(json.dumps(corpus_row(row), ensure_ascii=False) + "\n")
