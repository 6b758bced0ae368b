from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import Parsed
from schemas.errors import ConfigError
from schemas.quarantine import Reason, Rejected
from transforms.parsers import MEDIA_TYPES, PARSERS, fingerprint, media_type_of, parse
from transforms.parsers.params import BadRecord, ParseParams, ParseResult

PARAMS = ParseParams()
OURS = [key for key in MEDIA_TYPES if key not in (".pdf", ".csv", ".json", ".jsonl", ".xlsx")]


def shout(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    del params
    return ParseResult(parsed=(Parsed(text=f"{key}: {content.decode().upper()}", elements=()),))


class Scan:
    version = 7

    def __call__(self, content: bytes, *, key: str, params: ParseParams) -> ParseResult:
        return shout(content, key=key, params=params)


def broken(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    del key, params
    raise {b"memory": MemoryError, b"deep": RecursionError}.get(content, LookupError)("no such thing")


def two_records(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    del content, key, params
    records = [("1", "good"), ("2", " \n"), ("3", "half a \ud83d")]
    return ParseResult(
        parsed=tuple(Parsed(text=text, elements=(), record=record) for record, text in records)
    )


def only_rejected(content: bytes, *, key: str, params: ParseParams) -> ParseResult:
    del content, key, params
    bad = BadRecord(record="1", reason=Reason.BAD_RECORD, message="not a row")
    return ParseResult(parsed=(Parsed(text="", elements=()),), rejected=(bad,))


def own(name: str) -> dict[str, str]:
    return {"text/plain": f"{__name__}:{name}"}


def reason_of(content: bytes, key: str, **more: dict[str, str]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(content, key=key, media_type=media_type_of(key), params=PARAMS, **more)
    return caught.value


@pytest.mark.parametrize(
    ("key", "media_type"),
    [
        ("a/b.MD", "text/markdown"),
        ("https://acme.test/page.html?x=1.pdf#top", "text/html"),
        ("notes.tar.gz", None),
        ("README", None),
        (".md", None),
    ],
)
def test_the_ending_of_a_key_names_its_media_type(key: str, media_type: str | None) -> None:
    assert media_type_of(key) == media_type


def test_every_known_ending_has_a_parser() -> None:
    assert set(MEDIA_TYPES.values()) == set(PARSERS)


def test_importing_the_parsers_imports_none_of_the_heavy_packages() -> None:
    heavy = {
        "unstructured",
        "lxml",
        "docx",
        "pptx",
        "spacy",
        "docutils",
        "markdown_it",
        "pypdfium2",
        "duckdb",
    }
    code = f"import sys, transforms.parsers.wire; sys.exit(', '.join({heavy!r} & set(sys.modules)) or 0)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf\n", b"\xff\xfe \x00\n\x00", b"\x00" * 9]
)
@pytest.mark.parametrize("key", list(MEDIA_TYPES))
def test_an_empty_item_is_rejected_as_empty(key: str, content: bytes) -> None:
    assert reason_of(content, f"a{key}").reason is Reason.EMPTY_ITEM


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("a.html", b"<script>x</script><nav>y</nav>"),
        ("a.md", b"<!-- only a comment -->"),
        ("a.rst", b".. comment"),
    ],
)
def test_an_item_without_any_text_is_rejected_after_parsing(key: str, content: bytes) -> None:
    assert reason_of(content, key).reason is Reason.EMPTY_AFTER_PARSE


def test_an_unknown_kind_is_unsupported_and_named() -> None:
    rejected = reason_of(b"\x7fELF", "program.exe")

    assert rejected.reason is Reason.UNSUPPORTED
    assert ".exe" in rejected.message


def test_a_parser_of_ones_own_is_found_by_its_import_string() -> None:
    for name in ("shout", "Scan"):
        result = parse(b"hello", key="k", media_type="text/plain", params=PARAMS, extra=own(name))

        assert result.parsed[0].text == "k: HELLO"


@pytest.mark.parametrize("name", ["no.such:thing", "schemas.document:nothing", "schemas.document", ""])
def test_an_import_string_that_names_nothing_is_a_config_error(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be imported"):
        parse(b"hello", key="k", media_type="text/plain", params=PARAMS, extra={"text/plain": name})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x", Reason.PARSER_FAILED),
        (b"deep", Reason.PARSER_FAILED),
        (b"memory", Reason.PARSER_MEMORY),
    ],
)
def test_whatever_a_parser_raises_becomes_a_rejection_that_names_it(content: bytes, reason: Reason) -> None:
    rejected = reason_of(content, "a.txt", extra=own("broken"))

    assert rejected.reason is reason
    assert "Error: " in rejected.message


def test_a_record_that_cannot_be_stored_is_rejected_beside_its_neighbors() -> None:
    result = parse(b"x", key="k", media_type="text/plain", params=PARAMS, extra=own("two_records"))

    assert [parsed.record for parsed in result.parsed] == ["1"]
    assert [(bad.record, bad.reason) for bad in result.rejected] == [
        ("2", Reason.EMPTY_AFTER_PARSE),
        ("3", Reason.BAD_ENCODING),
    ]


def test_an_item_whose_records_were_all_rejected_says_so_record_by_record() -> None:
    result = parse(b"x", key="k", media_type="text/plain", params=PARAMS, extra=own("only_rejected"))

    assert result.parsed == ()
    assert [bad.reason for bad in result.rejected] == [Reason.BAD_RECORD]


def test_a_fingerprint_moves_with_what_changes_the_result_and_with_nothing_else() -> None:
    rows = ParseParams(records="rows", title="subject")

    assert fingerprint("text/markdown", PARAMS) == fingerprint("text/markdown", rows)
    assert fingerprint("text/csv", PARAMS) != fingerprint("text/csv", rows)
    assert len({fingerprint(media_type, PARAMS) for media_type in PARSERS}) == len(PARSERS)


def test_a_parser_of_ones_own_has_a_fingerprint_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint("text/plain", PARAMS, extra=own("Scan"))
    monkeypatch.setattr(Scan, "version", 8)

    assert fingerprint("text/plain", PARAMS) != before
    assert fingerprint("text/plain", PARAMS, extra=own("Scan")) != before


@settings(max_examples=300, deadline=None)
@given(content=st.one_of(st.binary(min_size=1, max_size=400), st.text(max_size=200).map(str.encode)))
@pytest.mark.parametrize("ending", OURS)
def test_no_bytes_do_more_than_be_rejected(ending: str, content: bytes) -> None:
    try:
        result = parse(content, key=f"a{ending}", media_type=MEDIA_TYPES[ending], params=PARAMS)
    except Rejected:
        return
    for parsed in result.parsed:
        assert parsed.text == "\n\n".join(parsed.text[part.start : part.end] for part in parsed.elements)
