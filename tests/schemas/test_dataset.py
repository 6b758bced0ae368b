from schemas.dataset import LINEAGE, SPLITS, Export, Refusal


def test_an_export_is_read_by_scripts_under_the_agreed_keys() -> None:
    export = Export(
        dataset="faq",
        release=3,
        out="/srv/faq/3",
        splits=dict.fromkeys(SPLITS, 1),
        refused={"audience": 2},
        manifest="/srv/faq/3/_meta/manifest.json",
    )
    assert export.as_dict() == {
        "dataset": "faq",
        "release": 3,
        "out": "/srv/faq/3",
        "splits": {"train": 1, "validation": 1, "test": 1},
        "refused": {"audience": 2},
        "manifest": "/srv/faq/3/_meta/manifest.json",
    }


def test_a_reason_is_written_as_its_plain_code() -> None:
    assert f"{Refusal.NOT_RETRIEVED}" == "not_retrieved"
    assert len(set(Refusal)) == len(Refusal)


def test_lineage_says_who_may_read_each_chunk_and_where_it_was_read() -> None:
    assert {"acl", "table", "version", "release", "start", "end", "quote_hash"} <= set(LINEAGE.names)
    assert [field.name for field in LINEAGE if field.nullable] == ["context_id"]  # of a served prompt alone
