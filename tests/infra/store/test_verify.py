from collections.abc import Callable
from pathlib import Path

from infra.store import Store
from infra.store.verify import verify
from schemas.release import Release
from tests.infra.store.rows import CHUNKS, chunk, document

Publisher = Callable[..., Release]


def test_a_published_release_is_whole_and_stays_so_when_others_follow(
    store: Store, release: Publisher
) -> None:
    first = release(document("d"), chunk_rows=(chunk("c", "river"),))
    second = release(document("e"))

    assert verify(store, first) == verify(store, second) == []


def test_a_data_file_that_was_cut_short_is_named_with_its_table(store: Store, release: Publisher) -> None:
    made = release(document("d"), chunk_rows=(chunk("c", "river"),))
    data = next((Path(store.uri) / f"{CHUNKS}.lance" / "data").iterdir())
    data.write_bytes(data.read_bytes()[:-8])

    (problem,) = verify(store, made)

    assert CHUNKS in problem
    assert "cut short" in problem


def test_a_chunk_without_its_document_is_told(store: Store, release: Publisher) -> None:
    made = release(document("other"), chunk_rows=(chunk("c", "river", of="d"),))

    assert verify(store, made) == [f"not in documents: 1 document of table {CHUNKS!r}"]
