from dataclasses import replace

from schemas.context import Message
from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.threads import conversations, thread
from transforms.datasets.inputs import Chunks, Inputs
from transforms.datasets.params import Style
from transforms.datasets.style import build

MARA = Style(author="mara")
PUMP = thread(
    ("kit", "The pump hums all day."),
    ("mara", "> The pump hums all day.\nThen it lives, dry feet."),
    ("kit", "And the gauge?"),
    ("kit", "It reads nothing."),
    ("mara", "Photo of the arm first."),
    ("mara", "Then we talk about it."),
    ("kit", "A leaf was on it."),
)


def rows(given: Inputs, params: Style = MARA) -> list[Example]:
    return [one for one in build(given, params) if isinstance(one, Example)]


def refused(given: Inputs, params: Style = MARA) -> list[Refusal]:
    return [one.reason for one in build(given, params) if isinstance(one, Refused)]


def contents(row: Example) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in row.messages]


def test_each_reply_of_the_author_is_a_row_after_what_came_before_it() -> None:
    first, second = rows(conversations(PUMP))
    system = ("system", "You are mara. Reply as mara would.")
    assert contents(first) == [
        system,
        ("user", "The pump hums all day."),
        ("assistant", "Then it lives, dry feet."),
    ]
    assert contents(second) == [
        *contents(first),
        ("user", "And the gauge?\nIt reads nothing."),
        ("assistant", "Photo of the arm first.\nThen we talk about it."),
    ]


def test_nothing_later_than_the_reply_and_nothing_quoted_is_shown() -> None:
    for row in rows(conversations(PUMP)):
        prompt = "\n".join(message.content for message in row.messages[:-1])
        assert row.messages[-1].content not in prompt
        assert "leaf" not in prompt
        assert ">" not in "".join(message.content for message in row.messages)


def test_the_lineage_has_every_message_at_its_place() -> None:
    given = conversations(PUMP)
    text = given.documents["text"][0].as_py()
    for row in rows(given):
        assert [use.role for use in row.uses].count("evidence") == len(row.messages[-1].content.split("\n"))
        for use in row.uses:
            assert text[use.start : use.end] == use.quote
            chunk = given.chunks.row(use.chunk_id)
            assert chunk["start"] <= use.start < use.end <= chunk["end"]
    evidence = [use.quote for use in rows(given)[1].uses if use.role == "evidence"]
    assert evidence == ["Photo of the arm first.", "Then we talk about it."]


def test_a_short_context_keeps_the_messages_that_the_reply_answers() -> None:
    said = [("kit", f"Question {n}.") for n in range(9)]
    lines = thread(*said, ("mara", "That is the answer."), replies={9: 2, 2: 1})
    (row,) = rows(conversations(lines), replace(MARA, max_messages=3))
    assert row.messages[1].content == "Question 1.\nQuestion 2.\nQuestion 8."
    (row,) = rows(conversations(thread(*said, ("mara", "That is it."))), replace(MARA, max_messages=2))
    assert row.messages[1].content == "Question 7.\nQuestion 8."


def test_prompt_and_reply_stay_within_the_tokens() -> None:
    lines = thread(*[("kit", "word " * 20)] * 9, ("mara", "That is the answer."))
    given = conversations(lines)
    for limit in (64, 128, 200):
        (row,) = rows(given, replace(MARA, max_tokens=limit))
        assert sum(given.tokenizer.count([m.content for m in row.messages])) <= limit
    assert refused(given, replace(MARA, max_tokens=32)) == [Refusal.TOO_LONG]


def test_others_are_named_where_there_are_several() -> None:
    lines = thread(("kit", "Is it flat?"), ("ben", "I think so."), ("mara", "It is a river."))
    (row,) = rows(conversations(lines))
    assert row.messages[1] == Message(role="user", content="kit: Is it flat?\nben: I think so.")


def test_a_prompt_begins_and_ends_with_somebody_else() -> None:
    lines = thread(("mara", "Good morning all."), ("kit", "Is it flat?"), ("mara", "It is a river."))
    (row,) = rows(conversations(lines))
    assert [message.role for message in row.messages] == ["system", "user", "assistant"]


def test_what_is_no_reply_is_refused_with_its_reason() -> None:
    assert refused(conversations(thread(("mara", "Good morning all.")))) == [Refusal.NO_REPLY]
    assert refused(conversations(thread(("kit", "Hi."), ("ben", "Hi.")))) == [Refusal.NO_REPLY]
    assert refused(conversations(thread(("kit", "Is it?"), ("mara", "Yes.")))) == [Refusal.TOO_SHORT]
    assert refused(conversations(PUMP, audience=("group:other",))) == []
    closed = replace(conversations(PUMP), closed=conversations(PUMP).documents["document_id"].to_pylist())
    assert refused(closed) == [Refusal.AUDIENCE]


def test_what_no_chunk_holds_is_kept_from_trainers_too() -> None:
    given = conversations(PUMP)
    none = replace(given, chunks=Chunks(given.chunks._table.slice(0, 0)))
    assert refused(none) == [Refusal.NOT_RELEASED, Refusal.NOT_RELEASED]


def test_a_row_keeps_its_id_while_it_says_the_same() -> None:
    later = [*PUMP, *thread(*[("kit", "Gone now.")] * 8)[7:]]
    assert [row.row_id for row in rows(conversations(PUMP))] == [
        row.row_id for row in rows(conversations(later))
    ]
    system = replace(MARA, system="")
    assert rows(conversations(PUMP), system)[0].messages[0].role == "user"
