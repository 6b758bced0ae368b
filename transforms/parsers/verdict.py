"""Verdicts: what a parser's exception means for the item, and what its result must be to be kept."""

from __future__ import annotations

import zipfile
from dataclasses import replace

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.invisible import flagged
from transforms.parsers.params import BadRecord, ParseResult

REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (MemoryError, Reason.PARSER_MEMORY),
    (UnicodeError, Reason.BAD_ENCODING),
    (zipfile.BadZipFile, Reason.CORRUPT),
    (EOFError, Reason.CORRUPT),
)
MESSAGE_MAX = 500


def verdict(error: Exception) -> Rejected:
    """Return the rejection that an exception in a parser amounts to."""
    if isinstance(error, Rejected):
        return error
    reason = next((reason for kind, reason in REASONS if isinstance(error, kind)), Reason.PARSER_FAILED)
    return Rejected(reason, f"{type(error).__name__}: {error}"[:MESSAGE_MAX])


def checked(result: ParseResult) -> ParseResult:
    """Return a result without what cannot be stored, each such record rejected by name.

    Raises Rejected(EMPTY_AFTER_PARSE) when nothing is left and nothing was rejected, and the rejection of an
    item that is one document.
    """
    passed, rejected = [], list(result.rejected)
    for parsed in result.parsed:
        bad = _why_not(parsed)
        if bad is None:
            passed.append(flagged(parsed))
        elif parsed.record is None:
            if bad.reason is not Reason.EMPTY_AFTER_PARSE or not rejected:  # all its records may be rejected
                raise bad
        else:
            rejected.append(BadRecord(record=parsed.record, reason=bad.reason, message=bad.message))
    if not passed and not rejected:
        raise Rejected(Reason.EMPTY_AFTER_PARSE, "the parser found no text")
    return replace(result, parsed=tuple(passed), rejected=tuple(rejected))


def _why_not(parsed: Parsed) -> Rejected | None:
    if not parsed.text.strip():
        return Rejected(Reason.EMPTY_AFTER_PARSE, "no text")
    try:
        f"{parsed.title or ''}{parsed.text}".encode()
    except UnicodeEncodeError as error:
        return Rejected(Reason.BAD_ENCODING, f"half a character at {error.start}: {error.reason}")
    return None
