from datetime import UTC, datetime

from schemas.document import Element, Parsed
from schemas.project import SourceSection
from transforms.documents import ItemFacts, relabel, to_documents

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def section(**more: object) -> SourceSection:
    return SourceSection.model_validate(
        {"type": "files", "uri": ".", "acl": ["group:hr", "everyone"], **more}
    )


def facts() -> ItemFacts:
    return ItemFacts(
        source="s", key="a.csv", uri="file:a.csv", media_type="text/csv", content_hash="h", parse_fp="p",
        source_at=NOW, run_id="r", fetched_at=NOW,
    )  # fmt: skip


def parsed(text: str, **more: object) -> Parsed:
    return Parsed(text=text, elements=(Element(type="paragraph", start=0, end=len(text)),), **more)  # type: ignore[arg-type]


def test_each_record_is_a_document_of_its_own() -> None:
    rows = to_documents(
        facts(), [parsed("one", record="1"), parsed("two", record="2")], section()
    ).to_pylist()

    assert [row["uri"] for row in rows] == ["file:a.csv#1", "file:a.csv#2"]
    assert len({row["document_id"] for row in rows}) == 2
    assert [row["n"] for row in rows] == [0, 1]


def test_the_acl_is_the_sources_unless_the_record_says_who() -> None:
    rows = to_documents(
        facts(), [parsed("one", record="1"), parsed("two", record="2", acl=("user:ann",))], section()
    )

    assert rows["acl"].to_pylist() == [["everyone", "group:hr"], ["user:ann"]]


def test_an_id_does_not_move_with_content_clock_or_run() -> None:
    first = to_documents(facts(), [parsed("one")], section())
    later = to_documents(facts(), [parsed("another")], section(labels={"license": "cc0"}))

    assert first["document_id"] == later["document_id"]
    assert first["record_hash"] != later["record_hash"]


def test_labels_carry_the_owner_and_what_the_parser_flagged() -> None:
    rows = to_documents(
        facts(), [parsed("one", flags=("needs_ocr",))], section(labels={"license": "cc0"}, owner="o@x")
    )

    named = {(label["name"], label["value"]) for label in rows["labels"].to_pylist()[0]}
    assert named == {("license", "cc0"), ("owner", "o@x"), ("flag", "needs_ocr")}


def test_relabeling_moves_labels_and_staleness_and_nothing_else() -> None:
    before = to_documents(facts(), [parsed("one", flags=("x",)), parsed("two", record="2")], section())
    ids = before["document_id"].to_pylist()
    closed = section(acl=["group:hr"], labels={"license": "cc0"})

    after = relabel(before, closed, relabeled={ids[0]}, stale={ids[1]})

    assert after["acl"].to_pylist() == [["group:hr"], ["everyone", "group:hr"]]
    assert after["status"].to_pylist() == ["live", "stale"]
    assert after["meta_hash"].to_pylist() == [closed.meta_hash, before["meta_hash"].to_pylist()[1]]
    assert {label["name"] for label in after["labels"].to_pylist()[0]} == {"license", "flag"}
    assert after.drop_columns(["acl", "labels", "meta_hash", "status"]) == before.drop_columns(
        ["acl", "labels", "meta_hash", "status"]
    )
