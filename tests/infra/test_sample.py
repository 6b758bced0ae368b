"""The bundled sample keeps its promises: whoever edits it learns here what else must move."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest

from infra.project_file import open_project
from infra.sample.make_binaries import SAMPLE, TEXTS, binaries, docx_bytes, pdf_bytes, read_blocks
from infra.sources import open_source
from infra.store import Store

PUBLIC = ("handbook", "products", "tickets", "chat")
RESTRICTED = ("hr", "finance")
SUFFIXES = {
    "handbook": {".md": 21, ".html": 3, ".docx": 3, ".pdf": 2, ".rst": 1, ".txt": 1},
    "products": {".md": 8, ".html": 3, ".jsonl": 1},
    "tickets": {".csv": 1},
    "chat": {".jsonl": 1},
    "hr": {".md": 5, ".docx": 1},
    "finance": {".md": 3, ".html": 1},
}
SECRETS = {
    "hr/salary-bands.md": ["$52,400", "$76,900", "$99,800", "$110,600", "$121,400", "$148,900", "$183,500"],
    "hr/review-calibration-2025.md": ["3.6 percent of base pay", "seven ratings"],
    "hr/reorganization-plan.md": ["Confluence", "Customer Operations", "severance"],
    "hr/parental-leave-exceptions.md": ["PL-09", "$61,300", "at least 20 weeks of service"],
    "hr/exit-interviews-2025.md": ["10.9 percent", "Seven people left"],
    "hr/hiring-plan-2026.docx": ["$112,500", "offer out"],
    "finance/price-floor.md": ["$2,443", "$3,940", "$9,640", "$3,090", "0.62,", "38 percent"],
    "finance/product-margins.md": ["44.6%", "$7,866,000", "$38,750", "by 4 percent on January 1, 2027"],
    "finance/supplier-contracts.md": [
        "Lumenthal",
        "Brackwater",
        "Northfork",
        "Ardent Echo",
        "$212.40",
        "$402.75",
    ],
    "finance/budget-2026.html": ["$2,640,000", "$76,800", "$252,500"],
}
"""Figures and names of each restricted document that nobody else may come across."""
LISTED = [(path, words) for path, secrets in SECRETS.items() for words in secrets]


def text_of(path: str) -> str:
    """Return what a file of the sample says; of a generated one, the text it is generated from."""
    written = TEXTS / f"{path}.md"
    return (written if written.exists() else SAMPLE / path).read_text(encoding="utf-8")


def files(folder: str) -> list[Path]:
    return sorted(path for path in (SAMPLE / folder).rglob("*") if path.is_file())


def path_of(file: Path) -> str:
    return file.relative_to(SAMPLE).as_posix()


def json_lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(path).splitlines()]


def tickets() -> list[dict[str, str]]:
    return list(csv.DictReader(text_of("tickets/tickets.csv").splitlines(keepends=True)))


def public_text() -> str:
    return "\n".join(text_of(path_of(file)) for folder in PUBLIC for file in files(folder))


QUESTIONS = json_lines("questions.jsonl")
ANSWERABLE = [row for row in QUESTIONS if row["answerable"]]
UNANSWERABLE = [row for row in QUESTIONS if not row["answerable"]]


@pytest.fixture(scope="module")
def generated() -> dict[str, bytes]:
    return binaries()


@pytest.mark.parametrize("folder", SUFFIXES)
def test_each_folder_holds_the_files_that_the_about_page_counts(folder: str) -> None:
    assert dict(Counter(path.suffix for path in files(folder))) == SUFFIXES[folder]
    kinds = ", ".join(f"{count} {suffix[1:]}" for suffix, count in SUFFIXES[folder].items())
    row = next(line for line in text_of("ABOUT.md").splitlines() if line.startswith(f"| `{folder}/` |"))
    total = sum(SUFFIXES[folder].values())
    assert f"| {total}: {kinds} |" in row or (total == 1 and f"| {kinds} |" in row)


def test_the_records_are_as_many_as_the_about_page_says() -> None:
    parts, threads = json_lines("products/spare-parts.jsonl"), json_lines("chat/chat.jsonl")
    assert (len(parts), len(tickets()), len(threads)) == (14, 60, 26)
    records = len(parts) + len(tickets()) + len(threads)
    one_document_each = sum(len(files(folder)) for folder in SUFFIXES) - 3
    about = text_of("ABOUT.md")
    assert f"{one_document_each + 3} files and {one_document_each + records} documents" in about
    assert f"{len(QUESTIONS)} questions" in about


def test_the_binaries_are_committed_as_the_script_makes_them(generated: dict[str, bytes]) -> None:
    assert len(generated) == 6
    different = [path for path, content in generated.items() if (SAMPLE / path).read_bytes() != content]
    assert different == [], "run python infra/sample/make_binaries.py"


def test_the_project_file_lists_every_file_and_closes_the_restricted_folders() -> None:
    opened = open_project(SAMPLE / "headwater.yaml")
    for folder, section in opened.project.sources.items():
        listed = (
            open_source(folder, section, opened.root, Store("unused")).list().items.column("key").to_pylist()
        )
        single = (SAMPLE / str(section.options["uri"])).is_file()
        assert listed == sorted(
            f.name if single else f.relative_to(SAMPLE / folder).as_posix() for f in files(folder)
        )
        assert section.acl == ((f"group:{folder}",) if folder in RESTRICTED else ("everyone",))
    assert set(opened.project.sources) == set(SUFFIXES)


def test_every_binary_has_a_source_text(generated: dict[str, bytes]) -> None:
    everything = [file for folder in SUFFIXES for file in files(folder)]
    assert {path_of(file) for file in everything if file.suffix in (".docx", ".pdf")} == set(generated)


def test_the_binaries_are_the_same_on_a_second_run(generated: dict[str, bytes]) -> None:
    blocks = read_blocks(text_of("handbook/money/procurement.docx"))
    assert docx_bytes(blocks) == generated["handbook/money/procurement.docx"]
    blocks = read_blocks(text_of("handbook/field/site-survey-guide.pdf"))
    assert pdf_bytes(blocks) == generated["handbook/field/site-survey-guide.pdf"]


def test_a_binary_stays_small_enough_to_commit(generated: dict[str, bytes]) -> None:
    assert all(len(content) < 100_000 for content in generated.values())


@pytest.mark.parametrize("path", ["field/site-survey-guide.pdf", "people/field-certificate-syllabus.pdf"])
def test_the_text_of_a_pdf_can_be_selected_and_none_of_it_is_missing(path: str) -> None:
    pdf = pypdfium2.PdfDocument(SAMPLE / "handbook" / path)
    assert len(pdf) > 1
    read = " ".join(page.get_textpage().get_text_range() for page in pdf).split()
    written = [word for block in read_blocks(text_of(f"handbook/{path}")) for word in block.text.split()]
    assert Counter(written) - Counter(read) == Counter()


def test_no_line_of_a_pdf_runs_past_the_right_margin() -> None:
    for path in files("handbook"):
        if path.suffix == ".pdf":
            for page in pypdfium2.PdfDocument(path):
                text = page.get_textpage()
                edges = [text.get_charbox(n)[2] for n in range(text.count_chars())]
                assert max(edges) < page.get_width() - 36


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: str(row["question"]))
def test_the_span_of_a_question_is_literally_in_its_document(row: dict[str, Any]) -> None:
    text = text_of(f"{row['source']}/{row['key']}")
    if row["key"].endswith(".csv"):
        text = next(" ".join(t.values()) for t in tickets() if t["id"] == row["record"])
    elif row["key"].endswith(".jsonl"):
        text = next(line for line in text.splitlines() if f'"{row["record"]}"' in line)
    assert row["span"] in text
    assert not set("|*<>`\n") & set(row["span"]), "a span holds words, no markup"


def test_the_questions_have_the_promised_mix() -> None:
    restricted = [row for row in ANSWERABLE if row["source"] in RESTRICTED]
    assert len(QUESTIONS) >= 40
    assert len({(row["question"], row["as"]) for row in QUESTIONS}) == len(QUESTIONS)
    assert len(restricted) == 6
    assert all(row["groups"] == [row["source"]] and row["as"].startswith("user:") for row in restricted)
    assert len([row for row in UNANSWERABLE if "secret" not in row]) == 6
    assert {row["source"] for row in ANSWERABLE} == {*PUBLIC, *RESTRICTED}


@pytest.mark.parametrize(("path", "words"), LISTED)
def test_a_secret_is_in_its_restricted_document_and_in_no_public_one(path: str, words: str) -> None:
    assert words in text_of(path)
    assert words not in public_text()


def test_every_restricted_document_has_secrets_on_the_list() -> None:
    assert set(SECRETS) == {path_of(file) for folder in RESTRICTED for file in files(folder)}


def test_a_question_from_the_wrong_person_names_a_listed_secret() -> None:
    secrets = [row["secret"] for row in UNANSWERABLE if "secret" in row]
    assert len(secrets) == 3
    assert set(secrets) <= {words for _, words in LISTED}


def test_tickets_have_their_columns_ids_of_their_own_and_times_in_order() -> None:
    rows = tickets()
    assert list(rows[0]) == ["id", "created_at", "updated_at", "product", "team", "subject", "body", "answer"]
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["created_at"] < row["updated_at"] for row in rows)
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert {row["team"] for row in rows} == {"hardware", "firmware", "cloud", "billing"}
    assert all(len(re.findall(r"[.?!](?:\s|$)", row["body"] + " " + row["answer"])) >= 4 for row in rows)


def test_chat_threads_are_whole_and_their_replies_point_into_the_thread() -> None:
    threads = json_lines("chat/chat.jsonl")
    assert len({thread["thread_id"] for thread in threads}) == len(threads)
    for thread in threads:
        seen: set[str | None] = set()
        for message in thread["messages"]:
            assert message.get("reply_to") in (seen or {None})
            seen.add(message["id"])
        times = [message["at"] for message in thread["messages"]]
        assert times == sorted(times)


def test_mara_answers_in_her_own_voice_in_at_least_fifteen_threads() -> None:
    threads = json_lines("chat/chat.jsonl")
    hers = [[m["text"] for m in thread["messages"] if m["author"] == "U-mara"] for thread in threads]
    assert sum(1 for texts in hers if texts) >= 15
    for text in (text for texts in hers for text in texts):
        assert "\n1. " in text
        assert text.endswith("\n\nDry feet. M.")
        assert len(text.split()) < 80
    others = [m["text"] for t in threads for m in t["messages"] if m["author"] != "U-mara"]
    assert not any("Dry feet" in text for text in others)


def test_no_address_or_number_in_the_sample_can_belong_to_anyone() -> None:
    everything = "\n".join(text_of(path_of(file)) for folder in SUFFIXES for file in files(folder))
    addresses = re.findall(r"[\w.]+@[\w.]*\w", everything)
    assert len(addresses) >= 20
    assert all(address.endswith(".test") for address in addresses)
    numbers = re.findall(r"\b555-\d{4}\b", everything)
    assert len(numbers) >= 5
    assert all(number.startswith("555-01") for number in numbers)


def test_every_link_between_pages_leads_to_a_page() -> None:
    links = [
        (page, link)
        for f in SUFFIXES
        for page in files(f)
        if page.suffix == ".md"
        for link in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 40
    assert [(page.name, link) for page, link in links if not (page.parent / link).is_file()] == []
