from collections.abc import Callable
from pathlib import Path

import pytest

from infra.store import Store, connection, releases
from infra.store.embedding_cache import EmbeddingCache
from infra.store.heal import heal, heal_staging
from infra.store.logs import append_quarantine, quarantine
from infra.store.staging import STAGED_ITEM, StagedBatch, Staging
from schemas.errors import NotFoundError, StoreError
from schemas.quarantine import QUARANTINE
from schemas.release import Release
from schemas.run import RUN
from tests.infra.store.rows import CHUNKS, NOW, chunk, chunks, document, documents, embeddings

Publisher = Callable[..., Release]
Cut = Callable[[bytes], bytes]

CUTS: dict[str, Cut] = {
    "empty": lambda whole: whole[:0],
    "short": lambda whole: whole[: len(whole) // 2],
    "zeros": lambda whole: bytes(len(whole)),
}


def files(store: Store, pattern: str = "*") -> set[Path]:
    return {path for path in Path(store.uri).rglob(pattern) if path.is_file() and "_lost" not in path.parts}


def newest(store: Store, table: str, pattern: str, commit: Callable[[], object]) -> Path:
    """Commit something, and return the file of that kind that it wrote."""
    before = files(store, pattern)
    commit()
    (made,) = [path for path in files(store, pattern) - before if f"{table}.lance" in path.parts]
    return made


def after_the_power_cut(store: Store, path: Path, cut: Cut) -> Store:
    """What is found after a power cut that took bytes of one file."""
    path.write_bytes(cut(path.read_bytes()))
    return Store(store.uri)


def keys(store: Store, release: Release) -> list[str]:
    version = release.tables["documents"].version
    return sorted(store.scan("documents", ["key"], version=version)["key"].to_pylist())


def rejected(key: str) -> dict[str, object]:
    empty = {field.name: None if field.nullable else key for field in QUARANTINE}
    return {**empty, "key": key, "at": NOW}


def staged(batch: str) -> StagedBatch:
    item = {"batch": batch, "source": "s", "key": batch, "work": "w", "state": "passed", "content_hash": "h"}
    markers = documents().select([]).from_pylist([item], schema=STAGED_ITEM).drop_columns(["batch"])
    return StagedBatch(batch=batch, items=markers, rows={"documents": documents(document(batch))})


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("table", ["documents", CHUNKS, "releases"])
def test_a_torn_manifest_that_no_release_names_takes_nothing_from_the_last_release(
    store: Store, release: Publisher, table: str, cut: Cut
) -> None:
    release(document("a"), chunk_rows=(chunk("c", "hello"),))
    made = release(document("b"))
    head = store.open(table).version
    torn = newest(store, table, "*.manifest", lambda: store.open(table).restore(head))
    found = after_the_power_cut(store, torn, cut)

    healed = heal(found)

    assert healed.versions_set_aside == (f"{table}:{head + 1}",)
    assert (Path(store.uri) / "_lost" / "1" / torn.relative_to(store.uri)).is_file()
    assert not heal(found)
    assert releases.current(found) == made
    assert keys(found, made) == ["a", "b"]
    assert keys(found, release(document("c"))) == ["a", "b", "c"]


@pytest.mark.parametrize("pattern", ["*.lance", "*.arrow"])
def test_rows_or_deletions_lost_before_they_were_published_take_nothing_from_the_last_release(
    store: Store, release: Publisher, pattern: str
) -> None:
    made = release(document("a"), document("b"))

    def commit() -> None:
        if pattern == "*.arrow":
            store.open("documents").delete("key = 'a'")
        else:
            store.open("documents").add(documents(document("torn")))

    found = after_the_power_cut(store, newest(store, "documents", pattern, commit), CUTS["empty"])

    assert heal(found).versions_set_aside == (f"documents:{made.tables['documents'].version + 1}",)
    assert keys(found, made) == ["a", "b"]
    assert keys(found, release(document("c"))) == ["a", "b", "c"]


def test_an_older_torn_manifest_goes_too_and_the_newest_version_stays(
    store: Store, release: Publisher
) -> None:
    made = release(document("a"))
    table = store.open("documents")
    torn = newest(store, "documents", "*.manifest", lambda: table.restore(table.version))
    table.add(documents(document("b")))
    found = after_the_power_cut(store, torn, CUTS["empty"])

    assert heal(found).versions_set_aside == (f"documents:{made.tables['documents'].version + 1}",)
    assert found.open("documents").count_rows() == 2
    assert found.open("documents").list_versions()


def test_a_torn_tag_is_deleted_and_the_next_release_makes_its_own(store: Store, release: Publisher) -> None:
    release(document("a"))
    head = store.open("documents").version
    tag = newest(store, "documents", "*.json", lambda: store.open("documents").tags.create("release-2", head))
    found = after_the_power_cut(store, tag, CUTS["empty"])

    assert heal(found).tags_deleted == ("documents:release-2",)
    assert keys(found, release(document("b"))) == ["a", "b"]
    assert set(found.open("documents").tags.list()) == {"release-1", "release-2"}


def test_publishing_heals_by_itself(store: Store, release: Publisher) -> None:
    release(document("a"))
    torn = newest(
        store, "documents", "*.lance", lambda: store.open("documents").add(documents(document("b")))
    )
    torn.write_bytes(b"")
    store.reopen()

    made = release(document("c"))

    assert (made.release, keys(Store(store.uri), made)) == (2, ["a", "c"])


def test_a_process_looks_for_damage_once_and_again_where_it_meets_some(
    store: Store, release: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(connection, "heal", lambda found: (looked.append(found.uri), heal(found))[1])
    release(document("a"))
    Staging(store, "s")
    release(document("b"))
    assert len(looked) == 1

    torn = newest(store, "runs", "*.manifest", lambda: store.ensure("runs", RUN))
    torn.write_bytes(b"")
    assert not store.has("runs")
    with pytest.raises(NotFoundError):
        store.open("runs")
    assert len(looked) == 2


@pytest.mark.parametrize("pattern", ["*.lance", "*.manifest"])
def test_a_reader_who_finds_a_torn_log_reads_what_is_whole_of_it(store: Store, pattern: str) -> None:
    append_quarantine(store, [rejected("a")])
    torn = newest(store, "quarantine", pattern, lambda: append_quarantine(store, [rejected("b")]))
    found = after_the_power_cut(store, torn, CUTS["empty"])

    assert quarantine(found)["key"].to_pylist() == ["a"]

    append_quarantine(found, [rejected("c")])
    assert quarantine(found)["key"].to_pylist() == ["a", "c"]
    assert quarantine(Store(store.uri))["key"].to_pylist() == ["a", "c"]


def test_a_log_that_lost_its_only_versions_is_empty_and_goes_on(store: Store) -> None:
    append_quarantine(store, [rejected("a")])
    for manifest in files(store, "*.manifest"):
        manifest.write_bytes(b"")
    found = Store(store.uri)

    assert quarantine(found).num_rows == 0
    append_quarantine(found, [rejected("b")])
    assert quarantine(found)["key"].to_pylist() == ["b"]


@pytest.mark.parametrize("pattern", ["*.lance", "*.manifest"])
def test_embeddings_that_were_lost_are_made_again_and_the_others_are_kept(store: Store, pattern: str) -> None:
    name, schema = "0123456789", embeddings().schema
    cache = EmbeddingCache(store, fingerprint=name, schema=schema)
    cache.put(embeddings("old"))
    torn = newest(store, f"embeddings__{name[:8]}", pattern, lambda: cache.put(embeddings("new")))
    cut = after_the_power_cut(store, torn, CUTS["empty"])
    found = EmbeddingCache(cut, fingerprint=name, schema=schema)

    assert found.get(["old", "new"])["text_hash"].to_pylist() == ["old"]
    found.put(embeddings("new"))
    assert set(found.get(["old", "new"])["text_hash"].to_pylist()) == {"old", "new"}


@pytest.mark.parametrize("pattern", ["*.lance", "*.manifest"])
@pytest.mark.parametrize("name", ["items", "documents"])
def test_damaged_staging_is_set_aside_whole_and_that_of_other_sources_stays(
    store: Store, name: str, pattern: str
) -> None:
    for source in ("s", "other"):
        Staging(store, source).append(staged("first"))
    table = f"staging__s__{name}"
    torn = newest(store, table, pattern, lambda: Staging(store, "s").append(staged("second")))
    found = after_the_power_cut(store, torn, CUTS["empty"])

    staging = Staging(found, "s")

    assert staging.items() == []
    assert not [name for name in found.names() if name.startswith("staging__s__")]
    assert [marker["key"] for marker in Staging(found, "other").items()] == ["first"]
    staging.append(staged("again"))
    assert [marker["key"] for marker in Staging(found, "s").items()] == ["again"]


def test_the_staging_of_a_run_that_is_at_work_is_left_alone(store: Store) -> None:
    staging = Staging(store, "s")
    staging.append(staged("first"))
    torn = newest(store, "staging__s__items", "*.manifest", lambda: staging.append(staged("second")))
    found = after_the_power_cut(store, torn, CUTS["empty"])

    assert not heal(found)
    assert heal_staging(found, "s").tables_set_aside == ("staging__s__items", "staging__s__documents")


@pytest.mark.parametrize("table", ["store", "releases", "documents"])
def test_a_store_that_lost_its_first_release_is_an_empty_store(
    store: Store, release: Publisher, table: str
) -> None:
    release(document("a"))
    for manifest in files(store, "*.manifest"):
        if f"{table}.lance" in manifest.parts or "releases.lance" in manifest.parts:
            manifest.write_bytes(b"")
    found = Store(store.uri)

    assert table in heal(found).tables_set_aside
    assert releases.current(found) is None
    assert len(found.secret) == 32
    made = release(document("b"))
    assert keys(found, made) == ["b"]


def test_the_newest_release_whose_files_are_all_there_is_current(store: Store, release: Publisher) -> None:
    release(document("a"))
    kept = release(document("b"))
    torn = newest(store, CHUNKS, "data/*.lance", lambda: release(chunk_rows=(chunk("c", "hello"),)))
    found = after_the_power_cut(store, torn, CUTS["short"])

    healed = heal(found)

    assert healed.releases_lost == (3,)
    assert not heal(found)
    assert releases.current(found) == kept
    made = release(document("d"), chunk_rows=(chunk("e", "hello"),))
    assert (made.release, keys(found, made)) == (3, ["a", "b", "d"])
    assert found.scan(CHUNKS, ["chunk_id"])["chunk_id"].to_pylist() == ["e"]


def test_damage_to_every_release_is_reported_and_nothing_is_set_aside(
    store: Store, release: Publisher
) -> None:
    torn = newest(store, "documents", "data/*.lance", lambda: release(document("a")))
    release(document("b"))
    found = after_the_power_cut(store, torn, CUTS["empty"])

    before = files(store)
    with pytest.raises(StoreError, match=r"no release .* has all its files"):
        heal(found)

    assert files(store) == before
    assert [made.release for made in releases.releases(found)] == [1, 2]


def test_a_whole_store_is_left_as_it_is(store: Store, release: Publisher) -> None:
    release(document("a"), chunk_rows=tuple(chunk(f"c{n}", "hello") for n in range(5)))
    release(document("b"), gone=("a",))
    store.open(CHUNKS).add(chunks(chunk("unpublished", "hello")))
    append_quarantine(store, [rejected("a")])
    Staging(store, "s").append(staged("first"))
    before = {path: path.stat().st_mtime_ns for path in files(store)}

    assert not heal(store)
    assert not heal_staging(store, "s")

    assert {path: path.stat().st_mtime_ns for path in files(store)} == before
    assert not (Path(store.uri) / "_lost").exists()
