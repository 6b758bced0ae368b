"""Two sets that no default was chosen on, made of data that is there for other ends.

`coffee` asks the titles of a forum's questions for their answers; `covid` asks the questions of a FAQ, as
they stand and as somebody else put them, for the answers alone.
"""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

TAG = re.compile(r"<[^>]+>")
Named = Sequence[tuple[str, str]]


def written(name: str, tuning: Path, folder: Path) -> Path:
    """Return the folder of a set under another, made there where it is missing."""
    made = folder / f"{name}-set"
    if not made.is_dir():
        documents, questions, relevant = UNSEEN[name](tuning)
        made.mkdir(parents=True)
        _lines(made / "corpus.jsonl", ({"_id": i, "title": "", "text": text} for i, text in documents))
        _lines(made / "queries.jsonl", ({"_id": i, "text": text} for i, text in questions))
        rows = ["query-id\tcorpus-id\tscore", *(f"{one}\t{other}\t1" for one, other in relevant)]
        (made / "qrels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return made


def coffee(tuning: Path) -> tuple[Named, Named, Named]:
    """Return the answers of a forum, the titles that have one, and which are whose."""
    root = ET.parse(tuning / "stackexchange_coffee" / "Posts.xml").getroot()  # noqa: S314 - of a known dump
    posts = [row.attrib for row in root]
    asked = {post["Id"]: post["Title"] for post in posts if post["PostTypeId"] == "1"}
    answers = [post for post in posts if post["PostTypeId"] == "2" and post["ParentId"] in asked]
    titles = dict.fromkeys(post["ParentId"] for post in answers)
    return (
        [(f"a{post['Id']}", html.unescape(TAG.sub(" ", post["Body"])).strip()) for post in answers],
        [(f"q{i}", asked[i]) for i in titles],
        [(f"q{post['ParentId']}", f"a{post['Id']}") for post in answers],
    )


def covid(tuning: Path) -> tuple[Named, Named, Named]:
    """Return the answers of a FAQ, its questions with those that ask the same, and which are whose."""
    rows = _rows(tuning / "covid_faq" / "faq.csv")
    answers = {row["question"].strip(): row["answer"] for row in rows if row["answer"].strip()}
    number = {question: n for n, question in enumerate(answers)}
    pairs = _rows(tuning / "covid_faq" / "similar_questions.csv")
    alike = [(row["question_1"].strip(), row["question_2"]) for row in pairs if row["similar"] == "1"]
    asked = [(question, question) for question in answers] + [one for one in alike if one[0] in answers]
    return (
        [(f"a{number[question]}", answer) for question, answer in answers.items()],
        [(f"q{n}", text) for n, (_, text) in enumerate(asked)],
        [(f"q{n}", f"a{number[question]}") for n, (question, _) in enumerate(asked)],
    )


UNSEEN = {"coffee": coffee, "covid": covid}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _lines(path: Path, rows: Iterable[dict[str, str]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
