"""A folder, or one file, on a disk. The token is modification time and size; bytes are read no-follow.

Symbolic links to files are not followed unless asked for, and never out of the folder; links to folders
are not walked, since what they lead to is listed where it is; devices, pipes and sockets are not items.
A name that is not UTF-8 is listed with its bytes escaped.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa

from infra.sources import Listing
from infra.sources.globs import matcher
from schemas.errors import SourceError, UnavailableError
from schemas.item import LISTING
from schemas.project import FilesOptions, SourceSection
from schemas.quarantine import Reason, Rejected

TABLE_ROWS = 4_000
"""Files that are a table at once: as columns they take a tenth of what they take one by one."""

SHOWN_ENDINGS = 6
"""Of the files that no pattern names: so many endings are told apart in the note."""


def open_files(section: SourceSection, root: Path) -> Files:
    """Open a folder or a file; a relative path starts at the project file's folder.

    `..` is taken out by name alone: what a symbolic link leads to never shows in a document's URI.
    """
    options = FilesOptions.model_validate(section.options)
    return Files(Path(os.path.normpath(root / options.uri)), options)


class Files:
    """A folder's files, by their path relative to it with `/` between parts."""

    def __init__(self, place: Path, options: FilesOptions) -> None:
        self._options = options
        self._single = place.is_file()
        self._root = place.parent if self._single else place
        self._only = place.name if self._single else None
        self._included = matcher(options.include, ())
        self._excluded = matcher(options.exclude, ())

    def list(self) -> Listing:
        """Return every file that the patterns name, sorted by key; a note counts those that none names."""
        if not self._root.is_dir():
            raise UnavailableError(
                f"the folder {str(self._root)!r} does not exist or is not a folder",
                fix="mend `uri`, or mount it; nothing is deleted while it is away",
            )
        unmatched: Counter[str] = Counter()
        rows = self._rows(unmatched)
        parts = iter(lambda: list(islice(rows, TABLE_ROWS)), [])
        tables = [pa.Table.from_pylist(part, schema=LISTING) for part in parts]
        items = pa.concat_tables([LISTING.empty_table(), *tables]).sort_by("key")
        return Listing(items=items, notes=_notes(unmatched))

    def fetch(self, key: str) -> bytes:
        """Return a file's bytes, refusing what is no longer a plain file inside the folder."""
        path = self._root / _path(key)
        try:
            if not self._inside(path):
                raise Rejected(Reason.OUTSIDE_ROOT, f"{key!r} leads out of {str(self._root)!r}")
            return self._read(key, os.open(path, os.O_RDONLY | os.O_NONBLOCK | self._no_follow()))
        except FileNotFoundError:
            raise Rejected(Reason.VANISHED, f"{key!r} was listed and is gone") from None
        except (OSError, RuntimeError) as problem:  # a link to itself is a RuntimeError until Python 3.13
            raise Rejected(Reason.UNREADABLE, f"{key!r} cannot be read: {problem}") from None

    def _read(self, key: str, descriptor: int) -> bytes:
        try:
            self._check(key, os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)

    def _rows(self, unmatched: Counter[str]) -> Iterator[dict[str, object]]:
        for path, key in self._walk():
            if self._excluded(key):
                continue
            try:
                found = path.stat(follow_symlinks=self._options.follow_symlinks)
            except OSError:
                continue
            if not stat.S_ISREG(found.st_mode):
                continue
            if not self._included(key):
                unmatched[path.suffix.lower()] += 1
                continue
            yield {
                "key": key,
                "token": f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}",
                "uri": path.as_uri() if "\\x" not in key else f"file:{key}",
                "size": found.st_size,
                "source_at": datetime.fromtimestamp(found.st_mtime, UTC),
                "problem": None,
            }

    def _walk(self) -> Iterator[tuple[Path, str]]:
        if self._only is not None:
            yield self._root / self._only, self._only
            return
        folders = [(self._root, "")]
        while folders:
            folder, prefix = folders.pop()
            for entry in _entries(folder):
                key = prefix + _key(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append((Path(entry.path), key + "/"))
                else:
                    yield Path(entry.path), key

    def _inside(self, path: Path) -> bool:
        root, real = self._root.resolve(), path.parent.resolve() / path.name
        if self._options.follow_symlinks:
            real = path.resolve()
        return real.is_relative_to(root) and real != root

    def _no_follow(self) -> int:
        return 0 if self._options.follow_symlinks else os.O_NOFOLLOW

    def _check(self, key: str, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise Rejected(Reason.UNREADABLE, f"{key!r} is not a plain file")
        if found.st_size > self._options.max_bytes:
            limit = self._options.max_bytes
            raise Rejected(Reason.TOO_LARGE, f"{key!r} has {found.st_size} bytes; `max_bytes` is {limit}")


def _notes(unmatched: Counter[str]) -> tuple[str, ...]:
    """Return how many files no pattern names, by their endings, the most frequent first."""
    if not unmatched:
        return ()
    most = sorted(unmatched.items(), key=lambda one: (-one[1], one[0]))
    told = [f"{number} {ending or 'without one'}" for ending, number in most[:SHOWN_ENDINGS]]
    others = sum(number for _, number in most[SHOWN_ENDINGS:])
    endings = ", ".join([*told, *([f"{others} others"] if others else [])])
    total = unmatched.total()
    files = "1 file matches" if total == 1 else f"{total} files match"
    return (f"{files} no pattern of `include`, by ending: {endings}",)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as problem:
        raise SourceError(
            f"the folder {str(folder)!r} cannot be listed: {problem.strerror}",
            fix="mend its permissions; nothing is deleted while a part of the source cannot be seen",
        ) from problem


def _key(name: str) -> str:
    """Return a file's name as text; bytes that are not UTF-8, and backslashes, are escaped as hexadecimal."""
    return os.fsencode(name).replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")


def _path(key: str) -> Path:
    first, *escaped = key.encode("utf-8").split(b"\\x")
    return Path(os.fsdecode(first + b"".join(bytes([int(part[:2], 16)]) + part[2:] for part in escaped)))
