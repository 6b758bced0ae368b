"""Questions are read in two shapes, and a mistake in them names its file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.questions import read_questions
from schemas.errors import ConfigError


def lines(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_a_file_of_questions_says_what_each_expects_and_who_asks(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "q.jsonl",
        {"question": "When?", "expected": {"document": "a.md", "text": "in May"}},
        "",
        {
            "question": "Who?",
            "expected": [{"document": "b.md", "grade": 2, "span": [3, 9]}, {"answer": "Ann"}],
            "principal": "user:ann",
            "groups": ["group:hr"],
            "id": "who",
        },
        {"question": "Why?", "answerable": False},
    )

    when, who, why = read_questions(path).questions

    assert (when.id, when.documents, when.spans[0].text) == ("1", {"a.md": 1}, "in May")
    assert (who.id, who.documents, who.answers) == ("who", {"b.md": 2}, ("Ann",))
    assert (who.spans[0].start, who.spans[0].end) == (3, 9)
    assert who.principal.entries() == ("everyone", "group:hr", "user:ann")
    assert (why.id, why.answerable, why.documents) == ("4", False, {})


@pytest.mark.parametrize("judgments", ["qrels.tsv", "qrels/test.tsv"])
def test_a_beir_folder_is_read_with_the_queries_that_are_judged(tmp_path: Path, judgments: str) -> None:
    lines(tmp_path / "queries.jsonl", {"_id": "1", "text": "When?", "meta": {}}, {"_id": 2, "text": "Who?"},
          {"_id": "3", "text": "Why?", "answerable": False})  # fmt: skip
    lines(tmp_path / judgments, "query-id\tcorpus-id\tscore", "2\ta.md\t2", "2\tb.md\t0")

    who, why = read_questions(tmp_path).questions

    assert (who.id, who.documents) == ("2", {"a.md": 2, "b.md": 0})
    assert (why.id, why.answerable) == ("3", False)


def test_a_folder_may_judge_spans_instead(tmp_path: Path) -> None:
    lines(tmp_path / "queries.jsonl", {"_id": "1", "text": "When?"})
    lines(tmp_path / "spans.jsonl", {"query_id": "1", "doc_id": "a", "start": 3, "end": 9})

    (when,) = read_questions(tmp_path).questions

    assert [(span.document, span.start, span.end) for span in when.spans] == [("a", 3, 9)]


def test_the_hash_moves_with_every_file_that_was_read(tmp_path: Path) -> None:
    lines(tmp_path / "queries.jsonl", {"_id": "1", "text": "When?"})
    seen = set()
    for grade in "112":
        lines(tmp_path / "qrels.tsv", f"1\ta\t{grade}")
        seen.add(read_questions(tmp_path).hash)

    assert len(seen) == 2


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("{", "q.jsonl, line 2: is not JSON"),
        ("[]", "q.jsonl, line 2: is not a JSON object"),
        ({"question": " "}, "q.jsonl, line 2: question: the question is blank"),
        ({"asked": "a?"}, "q.jsonl, line 2: "),
        ({"question": "a?", "answerble": False}, "q.jsonl, line 2: answerble: "),
        ({"question": "a?", "expected": {"text": "x"}}, "q.jsonl, line 2: expects a place, and names no"),
        ({"question": "a?", "expected": {"document": "d", "span": [9, 3]}}, "line 2: a span ends after"),
        (
            {"question": "a?", "expected": {"document": "d"}, "answerable": False},
            "line 2: a question that is",
        ),
        ({"question": "a?", "id": "1"}, "q.jsonl, line 2: the id '1' is there twice"),
        ({"question": "a?", "groups": [""]}, "q.jsonl, line 2: 'group:' is not an acl entry"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, row: Any, detail: str) -> None:
    path = lines(tmp_path / "q.jsonl", {"question": "fine?"}, row)

    with pytest.raises(ConfigError) as told:
        read_questions(path)

    assert detail in told.value.detail
    assert told.value.fix


@pytest.mark.parametrize(
    ("qrels", "detail"),
    [
        ("1 a 1", "qrels.tsv, line 1: is not query-id"),
        ("1\ta\tmuch", "qrels.tsv, line 1: is not query-id"),
        ("7\ta\t1", "qrels.tsv, line 1: judges query '7'"),
        ("", "has no question"),
    ],
)
def test_judgments_that_are_wrong_are_named(tmp_path: Path, qrels: str, detail: str) -> None:
    lines(tmp_path / "queries.jsonl", {"_id": "1", "text": "When?"})
    lines(tmp_path / "qrels.tsv", qrels)

    with pytest.raises(ConfigError) as told:
        read_questions(tmp_path)

    assert detail in told.value.detail


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no judgments"):
        read_questions(tmp_path)
    lines(tmp_path / "qrels.tsv", "1\ta\t1")
    with pytest.raises(ConfigError, match=r"queries.jsonl.* cannot be read"):
        read_questions(tmp_path)
    (tmp_path / "q.jsonl").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_questions(tmp_path / "q.jsonl")
