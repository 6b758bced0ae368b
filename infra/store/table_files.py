"""The files of one table of a local store, as Lance lays them out, and whether they are all there.

Judged by names, sizes and last bytes alone: no row is read, and nothing has to open that may not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.release import Release

if TYPE_CHECKING:
    from infra.store.connection import Store

NEWEST = 2**64 - 1
"""Lance names the manifest of version v `NEWEST - v`, so that the newest one is listed first."""
MANIFEST_END, ARROW_END = b"LANC", b"ARROW1"


class TableFiles:
    """The files of one table."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.stem

    def manifests(self) -> dict[int, Path]:
        """Return the manifest of every version, newest first."""
        paths = sorted(self.folder.glob("_versions/*.manifest"))
        return {NEWEST - int(path.stem): path for path in paths if path.stem.isdigit()}

    def is_whole(self) -> bool:
        """Tell whether every manifest has bytes and the newest version's files are all there."""
        manifests = self.manifests()
        newest = next(iter(manifests), None)
        return newest is None or (all(p.stat().st_size for p in manifests.values()) and self.has(newest))

    def has(self, version: int) -> bool:
        """Tell whether a version's manifest is complete, and its files have the sizes that it says.

        Not the files of its search indices: they only speed up what publish makes anew or has synced.
        """
        manifest = self.folder / "_versions" / f"{NEWEST - version}.manifest"
        if not _ends_with(manifest, MANIFEST_END):
            return False
        return all(_has_size(path, size) for path, size in self._named_by(version))

    def rows(self, version: int, columns: list[str]) -> list[dict[str, Any]]:
        """Return columns of a version's rows, whatever the newest version's state."""
        rows: list[dict[str, Any]] = self._open(version).to_table(columns).to_pylist()
        return rows

    def torn_tags(self) -> list[Path]:
        """Return the tag files that do not parse; one of them makes listing tags fail."""
        return [path for path in sorted(self.folder.glob("_refs/tags/*.json")) if not _parses(path)]

    def sizes(self, version: int) -> dict[str, int]:
        """Return the files that hold a version's rows, and their sizes in bytes."""
        return {str(path): path.stat().st_size for path, _ in self._named_by(version)}

    def _named_by(self, version: int) -> Iterator[tuple[Path, int | None]]:
        for fragment in self._open(version).get_fragments():
            for file in fragment.metadata.files:
                yield self.folder / "data" / file.path, file.file_size_bytes
            deleted = fragment.metadata.deletion_file
            if deleted is not None:
                yield self.folder / deleted.path(fragment.fragment_id), None

    def _open(self, version: int) -> Any:
        import lance

        return lance.dataset(str(self.folder), version=version)


def bytes_added(store: Store, before: Release | None, after: Release) -> int:
    """Return the bytes of the files of rows that a release has and the one before it has not."""
    total = 0
    for name, table in after.tables.items():
        old = before.tables.get(name) if before else None
        if old is None or old.version != table.version:
            known = _sizes(store, name, old.version) if old else {}
            total += sum(n for file, n in _sizes(store, name, table.version).items() if file not in known)
    return total


def _sizes(store: Store, name: str, version: int) -> dict[str, int]:
    """Return the files of a version's rows and their bytes; on object storage, as its manifest says them."""
    if store.objects is None:
        return TableFiles(Path(store.uri) / f"{name}.lance").sizes(version)
    dataset: Any = store.open(name, version=version).to_lance()
    files = [file for fragment in dataset.get_fragments() for file in fragment.metadata.files]
    return {file.path: file.file_size_bytes or 0 for file in files}


def _has_size(path: Path, size: int | None) -> bool:
    """Without a recorded size, as for deletions, an Arrow file must have its end and any other some bytes."""
    if size is None and path.suffix == ".arrow":
        return _ends_with(path, ARROW_END)
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return False
    return found == size if size else found > 0


def _ends_with(path: Path, end: bytes) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - len(end)))
            return file.read() == end
    except FileNotFoundError:
        return False


def _parses(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return False
