"""Records to try parsers of tables on, and what tests ask of what becomes of them."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from schemas.document import Parsed
from schemas.quarantine import Reason, Rejected
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.records import parse_csv

Parser = Callable[..., ParseResult]


def read(
    content: str | bytes, parser: Parser = parse_csv, *, key: str = "a.csv", **settings: object
) -> ParseResult:
    raw = content.encode() if isinstance(content, str) else content
    params = ParseParams(**{"records": "rows", **settings})  # type: ignore[arg-type]
    return parser(raw, key=key, params=params)


def whole(content: str | bytes, parser: Parser = parse_csv) -> Parsed:
    (document,) = read(content, parser, records="file").parsed
    return document


def refusal(content: str | bytes, parser: Parser = parse_csv, **settings: object) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read(content, parser, **settings)
    return caught.value


def bad(result: ParseResult) -> list[tuple[str, Reason]]:
    return [(record.record, record.reason) for record in result.rejected]


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))
