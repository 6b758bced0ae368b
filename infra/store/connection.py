"""The store: one LanceDB database, its format number and its secret."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from infra.memory import bound_heaps
from infra.store.heal import heal
from infra.store.kept import Kept, text_bytes
from infra.store.light_import import import_lancedb
from infra.store.lock import PUBLISH, TABLES, locked, unwritable
from infra.store.meta import META, fill_meta, read_meta
from infra.store.objects import Objects
from schemas.errors import BusyError, NotFoundError, StoreError, UnwritableError
from schemas.release import STORE_FORMAT

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.table import Table

INDEX_CACHE_BYTES = 512 * 1024**2
METADATA_CACHE_BYTES = 8 * 1024**2
"""LanceDB's own defaults are 6 GiB and 1 GiB per session, more than a small container has. A table's metadata
is kept once per version and grows with its fragments: 400 appends fill 100 MB that nobody reads again."""

LOCAL_READERS = 2
"""Threads that read a local disk. With LanceDB's 8 a scan of 100,000 chunks holds 80 MB more, no sooner."""

SCAN_ROWS = 500
UNREADABLE = (ValueError, RuntimeError, OSError)
"""What LanceDB raises for a table that does not exist, and for one that a power cut damaged."""

MEND_WAIT_S = 1.0
CREATE_WAIT_S = 60.0
PINNED = 64
"""Handles of pinned versions that a store keeps open; a version never changes."""
MADE_BYTES = 640 * 1024**2
"""What is made of pinned versions for those who ask: tables whole up to 120,000 chunks, of which two releases
have room at 100,000; where the rows of larger ones stand."""
TEXT_BYTES = 32 * 1024**2
"""Documents' texts that are kept for the next question."""
ANSWERS = 256
"""Small answers about pinned versions, such as what a caller may not read any more."""
T = TypeVar("T")


class Store:
    """Opens tables by name and version. `uri` is a local folder, or a prefix such as `s3://bucket/store`."""

    def __init__(self, uri: str | Path, *, storage_options: dict[str, str] | None = None) -> None:
        bound_heaps()
        self.uri = str(uri)
        self.options = dict(storage_options or {})
        self.objects = Objects(self.uri, self.options) if "://" in self.uri else None
        """Its single objects, when it is on object storage; None for a local folder."""
        self._heads: dict[str, Table] = {}
        self._pinned: dict[tuple[str, int], Table] = {}
        self._derived: dict[str, tuple[int, list[Any]]] = {}
        self._made: Kept[Any] = Kept(MADE_BYTES, lambda made: min(made.kept_bytes, MADE_BYTES))
        self.texts: Kept[str] = Kept(TEXT_BYTES, text_bytes)
        self.answers: Kept[Any] = Kept(ANSWERS)
        self._healed = False
        self._whole: set[str] = set()
        """Tables on object storage that were seen to have a version."""

    def exists(self) -> bool:
        """Tell whether anything was ever written here."""
        if self.objects is not None:
            return self._is_whole("store")
        return (Path(self.uri) / "store.lance").is_dir()

    @cached_property
    def db(self) -> DBConnection:
        """The connection, opened at first use; a store of a newer format is refused."""
        if self.objects is None:
            os.environ.setdefault("LANCE_IO_THREADS", str(LOCAL_READERS))
        lancedb = import_lancedb()
        session = lancedb.Session(
            index_cache_size_bytes=INDEX_CACHE_BYTES, metadata_cache_size_bytes=METADATA_CACHE_BYTES
        )
        if self.objects is not None:
            self._is_whole("store")  # tells what is wrong with the address or the rights, in words
        else:
            try:
                Path(self.uri).mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise unwritable(self.uri, problem) from problem
        db: DBConnection = lancedb.connect(self.uri, storage_options=self.options or None, session=session)
        self._mending(lambda: self._check_format(db))
        return db

    @cached_property
    def secret(self) -> bytes:
        """The store's own secret, which fences of retrieved text are derived from."""
        return bytes.fromhex(read_meta(self.db)["secret"])

    def names(self) -> list[str]:
        """Return the names of all tables; looking does not create the store."""
        if not self.exists():
            return []
        found: list[str] = []
        token: str | None = None
        while True:
            page = self.db.list_tables(page_token=token, limit=1_000)
            found += page.tables
            token = page.page_token
            if not token:
                return [name for name in found if self._is_whole(name)]

    def has(self, name: str) -> bool:
        """Tell whether a table exists."""
        self._whole.discard(name)  # somebody else may have dropped it
        return self.exists() and self._is_whole(name)

    def open(self, name: str, *, version: int | None = None) -> Table:
        """Open a table at its head, or pinned to a version; a pinned one is opened once."""
        if version and (kept := self._pinned.get((name, version))) is not None:
            return kept
        try:
            table = self._mending(lambda: self.db.open_table(name, version=version or None))
        except UNREADABLE as problem:
            at = f" version {version}" if version else ""
            raise NotFoundError(
                f"the store {self.uri!r} has no table {name!r}{at}", fix="run `headwater release verify`"
            ) from problem
        if version:
            while len(self._pinned) >= PINNED:
                self._pinned.pop(next(iter(self._pinned)), None)
            self._pinned[name, version] = table
        return table

    def head(self, name: str) -> Table | None:
        """Return a kept handle of a table, to read at its newest version; None where there is no table."""
        kept = self._heads.get(name)
        if kept is not None:
            with suppress(*UNREADABLE):
                kept.checkout_latest()  # type: ignore[no-untyped-call]
                return kept
        self._heads.pop(name, None)
        if self.exists() and self.has(name):
            self._heads[name] = self.open(name)
        return self._heads.get(name)

    def made_of(self, name: str, version: int, make: Callable[[Table], T]) -> T:
        """Return what a function makes of a pinned table, made once for as long as there is room.

        It says in `kept_bytes` about what it takes.
        """
        found: T = self._made.made((make, name, version), lambda: make(self.open(name, version=version)))
        return found

    def derived(self, name: str, make: Callable[[], list[T]]) -> list[T]:
        """Return what is made of all of a small table, made again only when the table has a new version."""
        return self.derived_at(name, make)[1]

    def derived_at(self, name: str, make: Callable[[], list[T]]) -> tuple[int, list[T]]:
        """Return the table's version too; 0 where there is no table."""
        head = self.head(name)
        if head is None:
            return 0, []
        version = head.version
        if name not in self._derived or self._derived[name][0] != version:
            self._derived[name] = (version, make())
        return version, list(self._derived[name][1])

    def ensure(self, name: str, schema: pa.Schema) -> Table:
        """Open a table, created empty when it is missing."""
        db = self.db

        def create() -> Table:
            return self._mending(lambda: db.create_table(name, schema=schema, exist_ok=True))

        if self.has(name):
            return create()  # opens it, and compares the columns
        with locked(self, TABLES, wait_s=CREATE_WAIT_S):
            return create()

    def drop(self, name: str) -> None:
        """Delete a table and its files."""
        if self.has(name):
            self._whole.discard(name)
            self.db.drop_table(name)

    def scan(
        self,
        name: str,
        columns: Iterable[str] | None = None,
        *,
        where: str | None = None,
        version: int | None = None,
    ) -> pa.Table:
        """Read rows of a table into memory; a table that does not exist has none and is an error."""
        wanted = None if columns is None else list(columns)

        def read() -> pa.Table:
            query = self.open(name, version=version).search()
            if where:
                query = query.where(where)
            if wanted is not None:
                query = query.select(wanted)
            return query.limit(None).to_arrow()

        return self._mending(read)

    def stream(
        self,
        name: str,
        *,
        columns: list[str] | None = None,
        where: str | None = None,
        version: int | None = None,
        rows: int = SCAN_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        """Read rows of a table batch by batch."""
        query = self.open(name, version=version).search()
        if where:
            query = query.where(where)
        if columns is not None:
            query = query.select(columns)
        yield from query.limit(None).to_batches(batch_size=rows)

    def mend(self) -> None:
        """Heal what a power cut left; left to the publisher that is at work, who heals first of all."""
        if self.objects is None and not self._healed and Path(self.uri).is_dir():
            with suppress(BusyError, UnwritableError, OSError), locked(self, PUBLISH, wait_s=MEND_WAIT_S):
                self.heal()

    def heal(self) -> None:
        """Heal, once in a process: a power cut ends all of a machine's. The caller holds the publish lock."""
        if not self._healed:
            heal(self)
            self._healed = True

    def reopen(self) -> None:
        """Forget the connection and all it has read."""
        self.__dict__.pop("db", None)
        self._healed = False
        self._whole.clear()
        for kept in (self._heads, self._pinned, self._derived, self._made, self.texts, self.answers):
            kept.clear()

    def _mending(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except UNREADABLE:
            self._healed = False
            self.mend()
            return action()

    def _is_whole(self, name: str) -> bool:
        """A crash while a table is made leaves no version, or an empty one: that is no table yet."""
        if self.objects is not None:
            if name not in self._whole and self.objects.any(f"{name}.lance/_versions/"):
                self._whole.add(name)
            return name in self._whole
        try:
            with os.scandir(Path(self.uri) / f"{name}.lance" / "_versions") as files:
                return any(file.name.endswith(".manifest") and file.stat().st_size for file in files)
        except FileNotFoundError:
            return False

    def _check_format(self, db: Any) -> None:
        if "store" in db.list_tables().tables and self._is_whole("store"):
            fill_meta(db.open_table("store"))
        else:
            with locked(self, TABLES, wait_s=CREATE_WAIT_S):
                fill_meta(db.create_table("store", schema=META, exist_ok=True))
        found = int(read_meta(db)["format"])
        if found > STORE_FORMAT:
            raise StoreError(
                f"the store {self.uri!r} has format {found}; this Headwater reads up to {STORE_FORMAT}",
                fix="install a newer Headwater",
            )
