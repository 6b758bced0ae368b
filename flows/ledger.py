"""The ledger of a run: what became of every item, kept so that nothing is dropped in silence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schemas.outcome import rejected_row
from schemas.quarantine import Rejected
from schemas.run import ItemCounts
from transforms.changes import may_pass_by_itself, records_digests


@dataclass(kw_only=True)
class KnownItem:
    """What was known of an item before the run."""

    state: str
    content_hash: str | None = None
    parse_fp: str | None = None
    reason: str | None = None
    tries: int = 0
    tried_at: datetime | None = None
    released: str | None = None
    """Digest of the documents its records were released as, when it was last looked at."""
    records: str | None = None
    """Digest of the documents its records are released as now; None when it has no records."""
    documents: list[dict[str, Any]] = field(default_factory=list)

    @property
    def meta_hash(self) -> str | None:
        """Hash of the acl, labels and language its released documents carry."""
        hashes = {row["meta_hash"] for row in self.documents}
        return str(hashes.pop()) if len(hashes) == 1 else None

    @property
    def live(self) -> list[dict[str, Any]]:
        """The released documents that are up to date, not kept although their item no longer passes."""
        return [row for row in self.documents if row["status"] == "live"]

    def released_as(self, content_hash: str, parse_fp: str) -> bool:
        """Tell whether the live released documents were made from this content by this parser."""
        return self.holds(content_hash) and all(row["parse_fp"] == parse_fp for row in self.live)

    def holds(self, content_hash: str) -> bool:
        """Tell whether the live released documents were made from this content, by whatever parser."""
        if not self.live:
            return False
        if self.records is None:
            return all(row["content_hash"] == content_hash for row in self.live)
        return (self.state, self.content_hash, self.released) == ("live", content_hash, self.records)

    def rejected_as(self, content_hash: str, parse_fp: str) -> bool:
        """Tell whether this content was rejected under this parser before."""
        return self.state != "live" and (self.content_hash, self.parse_fp) == (content_hash, parse_fp)


@dataclass(kw_only=True)
class Ledger:
    """Where each listed item of one run ended up."""

    known: dict[str, KnownItem]
    """What was known of each item before the run."""
    staged: dict[tuple[str, str], str]
    """What an earlier, unfinished run had staged: (key, work) to batch."""
    meta_hash: str
    keep: bool = True
    """Whether released documents stay, marked stale, when their item no longer passes."""
    now: datetime | None = None
    """When the source was listed; without it, no rejected item has to wait for its next try."""
    retry: frozenset[str] = frozenset()
    """Keys that a person wants tried again, whatever is known of them."""
    unchanged: set[str] = field(default_factory=set)
    touched: dict[str, str] = field(default_factory=dict)
    """Items read whose content is what was released: key to content hash."""
    meta: set[str] = field(default_factory=set)
    still_quarantined: set[str] = field(default_factory=set)
    passed: dict[str, str] = field(default_factory=dict)
    """Items staged in this run or taken up from an earlier one: key to content hash."""
    rejected: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Items rejected in this run: key to its row of REJECTED and its content hash."""
    rejected_records: list[dict[str, Any]] = field(default_factory=list)
    stale_documents: set[str] = field(default_factory=set)
    batches: dict[str, str] = field(default_factory=dict)
    """Items whose staged rows are to be published: key to batch."""
    parsed: int = 0
    embedded: int = 0
    from_cache: int = 0
    bytes_staged: int = 0

    def settle(self, key: str, content_hash: str, work: str, parse_fp: str) -> bool:
        """Tell whether an item that was read needs no work, having noted why."""
        before = self.known.get(key)
        again = key in self.retry
        if before is not None and not again and before.released_as(content_hash, parse_fp):
            self.touched[key] = content_hash
            if before.meta_hash != self.meta_hash:
                self.meta.add(key)
            return True
        if (
            before is not None
            and not again
            and before.rejected_as(content_hash, parse_fp)
            and not may_pass_by_itself(before.reason, before.tries, self._waited_s(before))
        ):
            self.still_quarantined.add(key)
            self.touched[key] = content_hash
            return True
        return self.take_up(key, content_hash, work)

    def take_up(self, key: str, content_hash: str, work: str) -> bool:
        """Tell whether an earlier, unfinished run had staged this work, having taken it up."""
        batch = self.staged.get((key, work))
        if batch is not None:
            self.passed[key] = content_hash
            self.batches[key] = batch
        return batch is not None

    def reject(self, key: str, stage: str, verdict: Rejected, *, content_hash: str | None = None) -> None:
        """Note that an item did not pass a stage."""
        row = rejected_row(key=key, stage=stage, reason=verdict.reason, message=verdict.message)
        self.rejected[key] = {**row, "content_hash": content_hash}

    def _waited_s(self, before: KnownItem) -> float:
        """Return how long ago an item was last tried, in seconds."""
        if self.now is None or before.tried_at is None:
            return math.inf
        return (self.now - before.tried_at).total_seconds()

    def counts(self, listed: int, gone: int) -> ItemCounts:
        """Return the run's item counts. Raises ValueError when an item was lost (law 1)."""
        changed = {key for key in self.passed if (b := self.known.get(key)) is not None and b.documents}
        relabeled = self.meta - set(self.passed)
        unchanged = (self.unchanged | set(self.touched)) - self.meta - self.still_quarantined
        dropped = [item for item in self._failing() if item.documents]
        return ItemCounts(
            listed=listed,
            added=len(set(self.passed) - changed),
            changed=len(changed | relabeled),
            removed=gone + (0 if self.keep else len(dropped)),
            unchanged=len(unchanged),
            quarantined=len(self.rejected) + len(self.still_quarantined),
        )

    def failing_documents(self) -> set[str]:
        """Return the released documents whose item, or whose record in it, does not pass in this run."""
        rows = (row for item in self._failing() for row in item.documents)
        return {str(row["document_id"]) for row in rows} | self.stale_documents

    def _failing(self) -> list[KnownItem]:
        """Return the items that do not pass: one left alone in quarantine may be live after a rollback."""
        return [self.known[key] for key in self.rejected.keys() | self.still_quarantined if key in self.known]

    def relabeled_documents(self) -> set[str]:
        """Return the released documents that carry other acl, labels or language than their source has now.

        Whatever became of the item: a stale document must not stay open when its source was closed.
        """
        documents = (row for item in self.known.values() for row in item.documents)
        return {str(row["document_id"]) for row in documents if row["meta_hash"] != self.meta_hash}

    def absorb(self, part: Ledger) -> None:
        """Add what became of some of the items elsewhere."""
        self.touched |= part.touched
        self.passed |= part.passed
        self.batches |= part.batches
        self.rejected |= part.rejected
        self.meta |= part.meta
        self.still_quarantined |= part.still_quarantined
        self.stale_documents |= part.stale_documents
        self.rejected_records += part.rejected_records
        self.parsed += part.parsed
        self.embedded += part.embedded
        self.from_cache += part.from_cache
        self.bytes_staged += part.bytes_staged

    def reasons(self) -> dict[str, int]:
        """Return how many items and records were rejected in this run, by reason."""
        rows: Iterable[dict[str, Any]] = [*self.rejected.values(), *self.rejected_records]
        return dict(sorted(Counter(str(row["reason"]) for row in rows).items()))


def known_items(items: pa.Table, documents: pa.Table, keys: Collection[str]) -> dict[str, KnownItem]:
    """Return what is known of some items from their rows in `items` and their released documents."""
    mine = pa.array(keys, pa.string())
    items, documents = (rows.filter(pc.is_in(rows["key"], mine)) for rows in (items, documents))
    known = {row["key"]: KnownItem(state=row["state"], **_facts(row)) for row in items.to_pylist()}
    for row in documents.to_pylist():
        item = known.setdefault(row["key"], KnownItem(state="live"))
        item.documents.append(row)
    for key, records in records_digests(documents).items():
        known[key].records = records
    return known


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "content_hash": row["content_hash"],
        "parse_fp": row["parse_fp"],
        "reason": row["reason"],
        "tries": row["tries"],
        "tried_at": row["listed_at"],
        "released": row["released"],
    }
