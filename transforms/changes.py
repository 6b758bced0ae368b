"""What changed: a source's listing against the items as last listed and the documents last released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from schemas.identity import digest
from schemas.quarantine import TRANSIENT, Reason

LISTED = pa.schema([("key", pa.string()), ("token", pa.string()), ("parse_fp", pa.string())])
"""What the comparison needs of a listing: each item's token, and the fingerprint of its parser."""

KNOWN = pa.schema(
    [
        ("key", pa.string()),
        ("document_id", pa.string()),
        ("record", pa.string()),
        ("content_hash", pa.string()),
        ("parse_fp", pa.string()),
        ("meta_hash", pa.string()),
        ("status", pa.string()),
    ]
)
"""What the comparison needs of the released documents of the source."""

POISON = frozenset({Reason.PARSER_TIMEOUT, Reason.PARSER_MEMORY})
TRIES = 2
"""An item whose parser ran out of time or memory may do so every time: it is tried twice, and waits."""

FIRST_WAIT_S, WAIT_FACTOR, LONGEST_WAIT_S = 60, 4, 24 * 60 * 60
WAITS_S = tuple(min(LONGEST_WAIT_S, FIRST_WAIT_S * WAIT_FACTOR**n) for n in range(7))
"""How long an item whose reason may pass by itself rests after its first failed try, its second, ..."""

DIGESTS = pa.schema([("key", pa.string()), ("digest", pa.string())])

FETCH, REDO, META, UNCHANGED, QUARANTINED = "fetch", "redo", "meta", "unchanged", "quarantined"

COMPARE = """
with documents as (
    select key, min(content_hash) filter (where status = 'live') as content_hash,
           bool_and(parse_fp = listed_fp) filter (where status = 'live') as same_fp,
           bool_and(meta_hash = $meta_hash) as same_meta
    from (select k.*, l.parse_fp as listed_fp from known k join listed l using (key)) group by key
)
select l.key, case
    when i.token is distinct from l.token then 'fetch'
    when i.state = 'quarantined' or i.state = 'stale' then
        case when i.parse_fp is distinct from l.parse_fp then 'fetch'
             when $waits[least(i.tries, len($waits))] * 1e6 <= epoch_us($now) - epoch_us(i.listed_at)
                  and (list_contains($passing, i.reason)
                       or (list_contains($poison, i.reason) and i.tries < $tries)) then 'fetch'
             else 'quarantined' end
    when d.key is null or case when r.digest is null then i.content_hash is distinct from d.content_hash
                               else i.released is distinct from r.digest end then 'fetch'
    when not d.same_fp then 'redo'
    when not d.same_meta then 'meta'
    else 'unchanged' end as change
from listed l left join items i using (key) left join documents d using (key) left join records r using (key)
order by l.key
"""

GONE = """
select key from (select key from known union select key from items)
where key not in (select key from listed) order by key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Every listed key in exactly one list, and the keys that are gone."""

    fetch: tuple[str, ...]
    """New items, and items whose token moved: their bytes decide."""
    redo: tuple[str, ...]
    """Same token, but the parser or its settings moved."""
    meta: tuple[str, ...]
    """Same content, but the source's acl, labels or language moved."""
    unchanged: tuple[str, ...]
    quarantined: tuple[str, ...]
    """Rejected before, and neither bytes nor parser have changed since."""
    gone: tuple[str, ...]

    @property
    def listed(self) -> int:
        """How many items the source listed."""
        return len(self.fetch) + len(self.redo) + len(self.meta) + len(self.unchanged) + len(self.quarantined)


def compare(listed: pa.Table, items: pa.Table, known: pa.Table, *, meta_hash: str, now: datetime) -> Changes:
    """Sort a complete listing into what must be fetched, redone, relabeled, left, and what is gone."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("listed", listed.select(LISTED.names))
        connection.register("items", items)
        connection.register("known", known.select(KNOWN.names))
        digests = records_digests(known)
        connection.register("records", pa.table([[*digests], [*digests.values()]], schema=DIGESTS))
        parameters = {
            "meta_hash": meta_hash,
            "passing": sorted(str(r) for r in TRANSIENT - POISON),
            "poison": sorted(str(r) for r in POISON),
            "tries": TRIES,
            "waits": list(WAITS_S),
            "now": now,
        }
        rows = connection.execute(COMPARE, parameters).fetchall()
        gone = connection.execute(GONE).fetchall()
    by_change: dict[str, list[str]] = {name: [] for name in (FETCH, REDO, META, UNCHANGED, QUARANTINED)}
    for key, change in rows:
        by_change[change].append(key)
    sorted_lists = {name: tuple(keys) for name, keys in by_change.items()}
    return Changes(gone=tuple(key for (key,) in gone), **sorted_lists)


def records_digests(documents: pa.Table) -> dict[str, str]:
    """Return, by item, the digest of the documents that its records are; other items have none.

    A record's document keeps the hash of the record, so that an edited row is one changed document; whether
    the release still has what an item was read as is told by this digest of all of them.
    """
    names = ["key", "document_id", "content_hash", "status"]
    rows = documents.filter(pc.is_valid(documents["record"])).select(names)
    found: dict[str, list[str]] = {}
    for key, *facts in zip(*(rows[name].to_pylist() for name in names), strict=True):
        found.setdefault(key, []).append(digest(*facts))
    return {key: digest("records", *sorted(hashes)) for key, hashes in found.items()}


def may_pass_by_itself(reason: str | None, tries: int, waited_s: float) -> bool:
    """Tell whether an item that was rejected so often for this reason, and last so long ago, is tried again.

    `COMPARE` says the same of many items at once.
    """
    rested = waited_s >= WAITS_S[min(max(tries, 1), len(WAITS_S)) - 1]
    return rested and reason in TRANSIENT and (reason not in POISON or tries < TRIES)


def changed_rows(new: pa.Table, old: pa.Table, *, key: str, ignore: frozenset[str] = frozenset()) -> pa.Table:
    """Return the rows of `new` that `old` does not have equal, by key, in the columns both have."""
    import duckdb

    columns = [n for n in new.schema.names if n in set(old.schema.names) - ignore - {key}]
    differs = " or ".join(f'n."{c}" is distinct from o."{c}"' for c in columns) or "false"
    with duckdb.connect() as connection:
        connection.register("n", new.select([key, *columns]))
        connection.register("o", old.select([key, *columns]))
        found = connection.execute(
            f'select n."{key}" from n left join o using ("{key}") where o."{key}" is null or {differs}'  # noqa: S608
        ).fetchall()
    wanted = pa.array([value for (value,) in found], pa.string())
    return new.filter(pc.is_in(new[key], wanted))
