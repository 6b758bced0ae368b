"""Fetch what may have changed and parse what did, one item in flight per supervised child."""

from __future__ import annotations

import atexit
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger import Ledger
from flows.workspace import Seconds, Workspace
from infra.sandbox import Limits, Reply, Sandbox
from infra.sources import Source
from schemas.document import DOCUMENT
from schemas.identity import content_hash, digest, document_id
from schemas.outcome import rejected_row
from schemas.project import SourceSection
from schemas.quarantine import Reason, Rejected
from transforms import parsers
from transforms.documents import ItemFacts, documents_of
from transforms.parsers import wire
from transforms.parsers.params import ParseParams, ParseResult
from transforms.validate import validate_documents

TARGET = "transforms.parsers.wire:parse_wire"
CHILDREN = 2
Request = tuple[dict[str, Any], bytes]
AHEAD, AHEAD_BYTES = 256, 16 * 1024**2
"""Items read ahead of the parsers, small or large ones; with the batch, the bound on memory."""
GROUP_ITEMS, GROUP_CHARS = 64, 200_000
"""Items made rows at once: a table of one row costs as much as one of fifty."""


class Read(NamedTuple):
    """One item's bytes, as its parser read them."""

    key: str
    content_hash: str
    result: ParseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedItem:
    """One item that passed: its documents, and the records in it that did not."""

    key: str
    content_hash: str
    work: str
    group: pa.Table
    """Documents of several items: a table of its own costs each column of each item half a kilobyte."""
    rows: range
    """Which rows of the group are the item's."""
    characters: int
    rejected: tuple[dict[str, Any], ...] = ()
    stale_documents: tuple[str, ...] = ()
    """Released documents whose record no longer passes."""

    @property
    def ids(self) -> set[str]:
        """The ids of the item's documents."""
        return set(documents_of_items([self])["document_id"].to_pylist())


def documents_of_items(items: Iterable[ParsedItem]) -> pa.Table:
    """Return the documents of one item or more; neighbors in a group are taken as one slice."""
    runs: list[tuple[pa.Table, range]] = []
    for item in items:
        if runs and runs[-1][0] is item.group and runs[-1][1].stop == item.rows.start:
            runs[-1] = (item.group, range(runs[-1][1].start, item.rows.stop))
        else:
            runs.append((item.group, item.rows))
    return pa.concat_tables([group.slice(rows.start, len(rows)) for group, rows in runs])


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What parsing one source needs to know."""

    workspace: Workspace
    name: str
    section: SourceSection
    source: Source
    listing: pa.Table
    known: pa.Table
    tables: tuple[str, ...]
    """Chunk tables of the project's indexes: part of what makes an item's work the same."""
    run_id: str

    def listed(self, key: str) -> dict[str, Any]:
        """Return an item's row of the listing, which is sorted by key."""
        at = bisect_left(self.listing["key"], key, key=pa.StringScalar.as_py)
        row: dict[str, Any] = self.listing.slice(at, 1).to_pylist()[0]
        return row

    def work_of(self, key: str, found: str) -> str:
        """Return the hash of everything that decides what an item's staged rows look like."""
        return digest(found, parse_fingerprint(key, self.section), self.section.meta_hash, *self.tables)


def parse_fingerprint(key: str, section: SourceSection) -> str:
    """Return the fingerprint of the parser an item of this name gets."""
    media_type = parsers.media_type_of(key) or ""
    return parsers.fingerprint(media_type, parse_params(section), extra=section.parsers)


def parse_params(section: SourceSection) -> ParseParams:
    """Return a source's record settings as the parsers take them."""
    return ParseParams(
        records=section.records,
        record_key=section.record_key,
        title=section.title,
        text=section.text,
        time=section.time,
        acl=section.acl_column,
        language=section.language,
        fields=tuple(sorted(section.fields.items())),
    )


def parsed(job: Job, keys: tuple[str, ...], ledger: Ledger, seconds: Seconds) -> Iterator[ParsedItem]:
    """Yield the items among `keys` that changed and passed; everything else goes into the ledger."""
    hashes: dict[str, str] = {}
    requests = _requests(job, keys, ledger, seconds, hashes)
    replies = iter(_sandbox().map(requests, ahead=AHEAD, ahead_bytes=AHEAD_BYTES))
    group: list[Read] = []
    characters = 0
    while True:
        with seconds.spent_on("parse"):
            reply = next(replies, None)
        if reply is None:
            yield from _passed(job, group, ledger)
            return
        key = str(reply.request["key"])
        found = hashes.pop(key)
        ledger.parsed += 1
        try:
            group.append(Read(key, found, _result(reply)))
        except Rejected as verdict:
            ledger.reject(key, "parse", verdict, content_hash=found)
            continue
        characters += sum(len(one.text) for one in group[-1].result.parsed)
        if len(group) >= GROUP_ITEMS or characters >= GROUP_CHARS:
            yield from _passed(job, group, ledger)
            group, characters = [], 0


@cache
def _sandbox() -> Sandbox:
    """One pair of children serves every source of a process: a child's start costs seconds of imports."""
    sandbox = Sandbox(TARGET, limits=Limits(), workers=CHILDREN)
    atexit.register(sandbox.close)
    return sandbox


def _result(reply: Reply) -> ParseResult:
    if reply.failure is not None:
        raise Rejected(reply.failure.reason, reply.failure.message)
    return wire.from_wire(reply.value or {})


def _requests(
    job: Job, keys: tuple[str, ...], ledger: Ledger, seconds: Seconds, hashes: dict[str, str]
) -> Iterator[Request]:
    """Yield what the parsers are asked, noting each item's content hash; what is settled is not asked."""
    for key in keys:
        try:
            with seconds.spent_on("fetch"):
                content = job.source.fetch(key)
        except Rejected as verdict:
            ledger.reject(key, "fetch", verdict)
            continue
        found = content_hash(content)
        if not ledger.settle(key, found, job.work_of(key, found), parse_fingerprint(key, job.section)):
            hashes[key] = found
            yield _request(job, key), content


def _request(job: Job, key: str) -> dict[str, Any]:
    return wire.request(
        key=key,
        media_type=parsers.media_type_of(key),
        params=parse_params(job.section),
        extra=job.section.parsers,
    )


def _passed(job: Job, group: list[Read], ledger: Ledger) -> Iterator[ParsedItem]:
    """Yield the items of a group that have a document that passes; the others go into the ledger."""
    items = [(_facts(job, one), one.result.parsed) for one in group]
    outcome = validate_documents(documents_of(items, job.section))
    passed = outcome.passed.cast(DOCUMENT)
    counts, rejected = Counter(passed["key"].to_pylist()), defaultdict(list)
    for row in outcome.rejected.to_pylist():
        rejected[row["key"]].append(row)
    sizes = pc.utf8_length(passed["text"]).to_pylist()
    at = 0
    for one in group:  # an item's rows stand together, in the order of the group
        rows = range(at, at + counts[one.key])
        at = rows.stop
        bad = [*_rejected_records(job, one), *rejected[one.key]]
        if not rows:
            first = bad[0] if bad else {"reason": Reason.EMPTY_AFTER_PARSE, "message": "it gave no document"}
            verdict = Rejected(Reason(str(first["reason"])), str(first["message"]))
            ledger.reject(one.key, "parse", verdict, content_hash=one.content_hash)
            continue
        yield ParsedItem(
            key=one.key,
            content_hash=one.content_hash,
            work=job.work_of(one.key, one.content_hash),
            group=passed,
            rows=rows,
            characters=sum(sizes[rows.start : rows.stop]),
            rejected=tuple(bad),
            stale_documents=_still_known(job.known, bad, passed.slice(rows.start, len(rows))),
        )


def _facts(job: Job, one: Read) -> ItemFacts:
    listed = job.listed(one.key)
    return ItemFacts(
        source=job.name,
        key=one.key,
        uri=listed["uri"],
        media_type=parsers.media_type_of(one.key) or "application/octet-stream",
        content_hash=one.content_hash,
        parse_fp=parse_fingerprint(one.key, job.section),
        source_at=listed["source_at"],
        run_id=job.run_id,
        fetched_at=job.workspace.clock(),
    )


def _rejected_records(job: Job, one: Read) -> list[dict[str, Any]]:
    return [
        rejected_row(
            key=one.key,
            record=bad.record,
            document_id=document_id(job.name, one.key, bad.record),
            stage="parse",
            reason=bad.reason,
            message=bad.message,
        )
        for bad in one.result.rejected
    ]


def _still_known(known: pa.Table, bad: list[dict[str, Any]], passed: pa.Table) -> tuple[str, ...]:
    """Return the released documents among the rejected; a repeated record's own document may have passed."""
    if not bad:
        return ()
    lost = {str(row["document_id"]) for row in bad} - set(passed["document_id"].to_pylist())
    kept = known.filter(pc.is_in(known["document_id"], pa.array(sorted(lost), pa.string())))
    return tuple(kept["document_id"].to_pylist())
