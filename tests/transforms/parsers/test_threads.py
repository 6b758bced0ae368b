import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.document import Parsed, Reaction
from schemas.quarantine import Reason
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import documents
from transforms.chunkers.headings import chunk
from transforms.chunkers.params import Headings
from transforms.parsers import fingerprint, wire
from transforms.parsers.params import ParseParams, ParseResult
from transforms.parsers.records import parse_json, parse_jsonl

ASKED = {"thread": "t1", "id": "1", "author": "kit", "at": "2025-05-13T17:02:00Z", "text": "Is it flat?"}
TOLD = {
    "thread": "t1",
    "id": "2",
    "author": "mara",
    "at": "2025-05-13T17:11:00Z",
    "text": "A flat line\n\nis no river.",
    "reply_to": "1",
    "quoted": "Is it flat?",
    "channel": "#ask-support",
    "reactions": [{"name": "thumbsup", "users": ["kit"]}, {"name": "pizza", "count": 3}],
}

SHORT = st.text(max_size=8)


def read(*lines: Any, parser: Any = parse_jsonl, **settings: Any) -> ParseResult:
    content = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    params = ParseParams(**{"records": "threads", **settings})
    result: ParseResult = parser(content.encode(), key="chat.jsonl", params=params)
    return result


def only(result: ParseResult) -> Parsed:
    (parsed,) = result.parsed
    assert not result.rejected
    return parsed


def test_a_thread_is_a_document_whose_elements_are_its_messages() -> None:
    other = {**ASKED, "thread": "t2", "text": "Something else."}
    first, second = read(ASKED, other, TOLD).parsed
    assert (first.record, second.record) == ("t1", "t2")
    assert first.text == "kit: Is it flat?\n\nmara: \n> Is it flat?\nA flat line\n\nis no river."
    assert [first.text[e.start : e.end].partition(":")[0] for e in first.elements] == ["kit", "mara"]
    assert {element.type for element in first.elements} == {"message"}
    assert first.source_at == "2025-05-13T17:11:00Z"


def test_a_messages_own_words_are_its_span_and_the_rest_stands_beside_it() -> None:
    thread = only(read(ASKED, TOLD))
    asked, told = thread.messages
    assert thread.text[asked.start : asked.end] == ASKED["text"]
    assert thread.text[told.start : told.end] == TOLD["text"]
    assert (told.id, told.author, told.at, told.reply_to) == ("2", "mara", "2025-05-13T17:11:00Z", "1")
    assert told.reactions == (
        Reaction(name="thumbsup", count=1, users=("kit",)),
        Reaction(name="pizza", count=3),
    )


def test_a_thread_on_one_line_is_the_same_document_as_its_messages_on_lines_of_their_own() -> None:
    inner = [{name: value for name, value in one.items() if name != "thread"} for one in (ASKED, TOLD)]
    assert only(read({"thread": "t1", "messages": inner})) == only(read(ASKED, TOLD))
    assert only(read(json.dumps([ASKED, TOLD]), parser=parse_json)) == only(read(ASKED, TOLD))


def test_messages_stand_in_the_order_of_their_times_where_all_have_one() -> None:
    assert only(read(TOLD, ASKED)).messages == only(read(ASKED, TOLD)).messages
    half = {**ASKED, "at": "2025-05-13T17:11:00.5Z"}
    assert [one.id for one in only(read(half, TOLD)).messages] == ["2", "1"]
    untimed = {name: value for name, value in ASKED.items() if name != "at"}
    assert [one.id for one in only(read(TOLD, untimed)).messages] == ["2", "1"]


def test_a_message_without_a_thread_is_in_that_of_the_message_it_answers() -> None:
    lines = [{"id": str(n), "text": f"m{n}", **({"reply_to": to} if to else {})}
             for n, to in ((1, ""), (2, "1"), (3, ""), (4, "2"))]  # fmt: skip
    found = {one.record: one.text for one in read(*lines).parsed}
    assert found == {"1": "m1\n\nm2\n\nm4", "3": "m3"}


def test_a_bad_line_is_rejected_by_its_number_and_its_neighbors_pass() -> None:
    result = read(
        ASKED, '{"thread": "t1", "te', {"thread": "t1", "id": "9"}, "[1]", {**TOLD, "id": "1"}, TOLD
    )
    told = {bad.message.partition(":")[0]: bad.reason for bad in result.rejected}
    bad_record = dict.fromkeys(("line 2", "line 3", "line 4"), Reason.BAD_RECORD)
    assert told == {**bad_record, "line 5": Reason.DUPLICATE_RECORD}
    assert [one.id for one in result.parsed[0].messages] == ["1", "2"]
    assert not {bad.record for bad in result.rejected} & {"t1"}


def test_a_second_line_with_the_same_whole_thread_is_rejected() -> None:
    line = {"thread": "t1", "messages": [ASKED]}
    result = read(line, line)
    assert len(result.parsed) == 1
    assert [bad.reason for bad in result.rejected] == [Reason.DUPLICATE_RECORD]


def test_blank_messages_are_left_out_and_flagged() -> None:
    thread = only(read(ASKED, {**TOLD, "text": "  "}))
    assert (len(thread.messages), thread.flags) == (1, ("blank_messages",))
    (bad,) = read({**ASKED, "text": ""}).rejected
    assert bad.reason is Reason.EMPTY_AFTER_PARSE


def test_fields_of_other_names_are_named_in_the_settings() -> None:
    line = {"conv": "c", "who": {"nick": "ann"}, "said": "Hello.", "when": 1747155720}
    fields = (("at", "when"), ("author", "who.nick"), ("text", "said"), ("thread", "conv"))
    thread = only(read(line, fields=fields))
    assert (thread.record, thread.text) == ("c", "ann: Hello.")
    assert thread.messages[0].at == "2025-05-13T17:02:00Z"
    params = ParseParams(records="threads", fields=fields)
    request = wire.request(key="k", media_type="application/jsonl", params=params)
    assert wire._params(json.loads(json.dumps(request))["params"]) == params


def test_only_those_read_a_thread_who_may_read_all_its_lines() -> None:
    lines = [{**ASKED, "readers": "group:a,group:b"}, {**TOLD, "readers": ["group:b"]}]
    assert only(read(*lines, acl="readers")).acl == ("group:b",)
    (bad,) = read(lines[0], {**lines[1], "readers": "group:c"}, acl="readers").rejected
    assert bad.reason is Reason.NO_READER


def test_a_thread_goes_over_the_wire_whole() -> None:
    content = "\n".join(map(json.dumps, (ASKED, TOLD))).encode()
    request = wire.request(
        key="c.jsonl", media_type="application/jsonl", params=ParseParams(records="threads")
    )
    reply = json.loads(json.dumps(wire.parse_wire(request, content)))
    assert wire.from_wire(reply).parsed == read(ASKED, TOLD).parsed


def test_settings_that_came_later_leave_what_was_parsed_before_as_it_is() -> None:
    media = "application/jsonl"
    plain = fingerprint(media, ParseParams(records="threads"))
    assert plain != fingerprint(media, ParseParams(records="threads", fields=(("text", "said"),)))
    assert fingerprint(media, ParseParams(records="rows")) == "0896a38ae75477940802744254a66fe6"


def test_a_chunk_is_whole_messages() -> None:
    said = [{"thread": "t", "id": str(n), "author": f"u{n % 3}", "text": f"{n} " + "word " * (n % 17 + 1)}
            for n in range(60)]  # fmt: skip
    thread = only(read(*said))
    cut = chunk(documents([thread]), Headings(max_tokens=48), tokenizer=word_pieces()).passed
    spans = list(zip(cut["start"].to_pylist(), cut["end"].to_pylist(), strict=True))
    assert len(spans) > 5
    starts, ends = ({getattr(e, name) for e in thread.elements} for name in ("start", "end"))
    assert {start for start, _ in spans} <= starts
    assert {end for _, end in spans} <= ends


@given(
    st.lists(
        st.fixed_dictionaries({"author": SHORT, "text": st.text(max_size=30), "quoted": SHORT}), max_size=8
    )
)
def test_every_span_holds_the_words_that_were_written(said: list[dict[str, str]]) -> None:
    result = read(*({"thread": "t", **one} for one in said))
    for thread in result.parsed:
        written = [text for one in said if (text := one["text"].strip("\n").rstrip()).strip()]
        clean = [text.replace("\0", "�") for text in written]
        assert [thread.text[m.start : m.end] for m in thread.messages] == clean
        for message, element in zip(thread.messages, thread.elements, strict=True):
            assert element.start <= message.start < message.end == element.end
