from __future__ import annotations

import json

import pytest

from schemas.document import Element, Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers import parse
from transforms.parsers.params import BadRecord, ParseParams, ParseResult
from transforms.parsers.wire import from_wire, parse_wire, request

MARKDOWN = b"# One\n\ntext \xe2\x80\xaehidden\n\n## Two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
PARAMS = ParseParams(text=("body", "title"))


def everything(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    part = Element(type="page", start=0, end=4, headings=("a", "b"), page=3)
    passed = Parsed(
        text=content.decode(),
        elements=(part, part),
        title=",".join(params.text),
        record=key,
        source_at="2024-05-01T10:00:00+00:00",
        acl=("group:hr", "user:ann"),
        flags=("needs_ocr",),
    )
    bad = BadRecord(record="7", reason=Reason.BAD_RECORD, message="no key")
    return ParseResult(parsed=(passed,), rejected=(bad,))


def sent(content: bytes, media_type: str | None, extra: dict[str, str] | None = None) -> ParseResult:
    asked = json.loads(json.dumps(request(key="k", media_type=media_type, params=PARAMS, extra=extra or {})))
    return from_wire(json.loads(json.dumps(parse_wire(asked, content))))


def test_a_result_comes_over_the_wire_as_it_was() -> None:
    assert sent(MARKDOWN, "text/markdown") == parse(
        MARKDOWN, key="k", media_type="text/markdown", params=PARAMS
    )


def test_nothing_a_parser_can_say_is_lost_on_the_wire() -> None:
    extra = {"text/plain": f"{__name__}:everything"}

    assert sent(b"text", "text/plain", extra) == everything(b"text", key="k", params=PARAMS)


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"", "text/plain", Reason.EMPTY_ITEM),
        (b"x", None, Reason.UNSUPPORTED),
        (b"\xff", "text/plain", Reason.BAD_ENCODING),
    ],
)
def test_a_rejection_is_raised_on_the_other_side(
    content: bytes, media_type: str | None, reason: Reason
) -> None:
    with pytest.raises(Rejected) as caught:
        sent(content, media_type)

    assert caught.value.reason is reason
    assert caught.value.message
