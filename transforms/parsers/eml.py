"""Mail: the subject as heading and title, who and when as fields, then what was written.

Our own on Python's mail reader, not `unstructured.partition_email` (0.27.32): that guesses titles among the
lines of a mail, and reads a single body. Forwarded mails are read too. Attachments are named and not read;
such a document carries the flag `attachments_not_read`.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from schemas.quarantine import Reason, Rejected
from transforms.parsers.build import TextBuilder
from transforms.parsers.encoding import decode_as
from transforms.parsers.html import append_html
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.txt import append_text

FIELDS = ("From", "To", "Cc", "Date")
NAMES = (*FIELDS, "Subject", "Message-ID", "Received", "Return-Path", "MIME-Version")
FORWARDED_MAX = 10  # mails inside mails; what is deeper is named like an attachment
UNREAD = "attachments_not_read"


def parse(content: bytes, *, key: str, params: ParseParams) -> ParseResult:  # noqa: ARG001 - one signature for all
    """Return a mail as one document, dated by its `Date`.

    Raises Rejected(CORRUPT) when there is no mail header, Rejected(BAD_ENCODING) when a text is not in the
    encoding it declares.
    """
    mail = email.message_from_bytes(content.lstrip(), policy=email.policy.default)
    if not any(name in mail for name in NAMES):
        raise Rejected(Reason.CORRUPT, f"no mail header: none of {', '.join(NAMES)}")
    builder = TextBuilder()
    unread = _append_mail(builder, mail, depth=1)
    parsed = builder.parsed(
        title=_header(mail, "Subject") or None, source_at=_sent_at(mail), flags=(UNREAD,) if unread else ()
    )
    return ParseResult(parsed=(parsed,))


def _append_mail(builder: TextBuilder, mail: EmailMessage, *, depth: int) -> bool:
    """Append one mail and those forwarded in it; return whether something attached was not read."""
    builder.heading(_header(mail, "Subject"), depth=depth)
    builder.add("field", "\n".join(f"{name}: {_header(mail, name)}" for name in FIELDS if name in mail))
    unread = False
    for part in _parts(mail):
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart() and depth < FORWARDED_MAX:
            unread |= _append_mail(builder, part.get_payload(0), depth=depth + 1)
        elif part.is_attachment() or part.get_content_maintype() != "text":
            builder.add("field", f"Attachment: {part.get_filename() or kind}")
            unread = True
        elif kind == "text/html":
            append_html(builder, _text(part))
        else:
            append_text(builder, _text(part))
    return unread


def _parts(mail: EmailMessage) -> Iterator[Any]:
    """The parts that are no containers, in order; of alternatives only the richest that we can read."""
    waiting: list[Any] = [mail]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if not isinstance(inner, list):
            yield part
        elif part.get_content_subtype() == "alternative" and inner:
            waiting.append(max(inner, key=_richness))
        else:
            waiting += reversed(inner)


def _richness(part: Any) -> int:
    kinds = [inner.get_content_type() for inner in part.walk()]
    return 2 * ("text/html" in kinds) + ("text/plain" in kinds)


def _text(part: Any) -> str:
    content = part.get_payload(decode=True)
    return decode_as(content if isinstance(content, bytes) else b"", part.get_content_charset())


def _header(mail: EmailMessage, name: str) -> str:
    return " ".join(str(mail.get(name, "")).split())


def _sent_at(mail: EmailMessage) -> str | None:
    try:
        sent = parsedate_to_datetime(_header(mail, "Date"))
    except (ValueError, TypeError):
        return None
    return _utc(sent).isoformat()


def _utc(sent: datetime) -> datetime:
    return sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
