from collections.abc import Callable
from typing import Any

import pytest

from infra.store import Store, compact, releases
from schemas.release import Release
from tests.infra.store.rows import document

Publisher = Callable[..., Release]


def files(store: Store) -> int:
    log: Any = store.open(releases.TABLE).to_lance()
    return len(log.get_fragments())


def test_the_log_of_releases_has_few_files_however_many_it_has(
    store: Store, release: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "LOG_FRAGMENTS", 3)
    reader = Store(store.uri)
    made = [release(document("a"))]
    assert releases.current(reader) == made[0]

    for n in range(9):
        made.append(release(document(f"d{n}")))
        assert files(store) <= 4
        assert releases.releases(reader) == made

    assert releases.releases(Store(store.uri)) == made
