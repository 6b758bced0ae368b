"""A reader that follows the newest release until it is told to stop, and notes what does not fit together.

Run as `python -m tests.promises.reading STORE`, the store's uri and options in JSON; it stops when its stdin
closes, and prints JSON.
"""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Iterator
from typing import Any

from infra.store import Store, releases
from schemas.identity import digest
from schemas.release import Release

PAUSE_S = 0.02


def main(place: dict[str, Any]) -> None:
    """Read until stdin closes."""
    kept, seen = Store(**place), dict[int, str]()
    found: dict[str, Any] = {"reads": 0, "newest": 0, "torn": []}
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        store = (
            kept if found["reads"] % 2 else Store(**place)
        )  # a reader that stays, and one that has just come
        try:
            release = releases.current(store)
            if release is not None:
                number, problems = release.release, list(torn(store, release, seen))
                problems += [f"it follows {found['newest']}"] if number < found["newest"] else []
                found["torn"] += [f"release {number}: {problem}" for problem in problems]
                found |= {"reads": found["reads"] + 1, "newest": number}
        except Exception as problem:  # noqa: BLE001 - a reader that cannot read is what is looked for
            found["torn"].append(repr(problem))
    sys.stdout.write(json.dumps(found))


def torn(store: Store, release: Release, seen: dict[int, str]) -> Iterator[str]:
    """Yield what does not fit in a release, or is not what it was when it was read before."""
    pinned = sorted(release.tables.items())
    tables = {name: store.scan(name, version=table.version).to_pylist() for name, table in pinned}
    for name, rows in tables.items():
        if len(rows) != release.tables[name].rows:
            yield f"{name} has {len(rows)} rows and not {release.tables[name].rows}"
    documents = {row["document_id"]: row for row in tables.pop("documents")}
    for name, chunks in tables.items():
        if without := documents.keys() - {row["document_id"] for row in chunks}:
            yield f"{name} has no chunk of {sorted(without)}"
        for row in chunks:
            if row["document_id"] not in documents:
                yield f"{name} has a chunk of {row['document_id']}, which is not there"
            elif not fits(row, documents[row["document_id"]]):
                yield f"{name} has chunk {row['chunk_id']}, which does not fit its document {row['key']}"
    rows = [row for chunks in tables.values() for row in chunks]
    checksum = digest(*sorted(repr(row) for row in [*documents.values(), *rows]))
    if seen.setdefault(release.release, checksum) != checksum:
        yield "it is not what it was"


def fits(chunk: dict[str, Any], document: dict[str, Any]) -> bool:
    """Tell whether a chunk is of the version of its document that it is released with."""
    same = all(chunk[name] == document[name] for name in ("acl", "labels", "status", "title", "uri"))
    return same and document["text"][chunk["start"] : chunk["end"]] == chunk["quote"]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
