import pytest

from schemas.context import Message
from schemas.dataset import Example
from schemas.errors import ConfigError
from transforms.datasets.formats import alpaca, columns, messages, prompt_completion, writer

SAID = (
    Message(role="system", content="Answer."),
    Message(role="user", content="How many?"),
    Message(role="assistant", content="22 [1]"),
)
CHAT = Example(row_id="r", kind="k", question="How many?", document_id="d", uses=(), messages=SAID)


def test_conversations_are_written_as_trainers_read_them() -> None:
    assert messages(CHAT) == {"messages": [{"role": m.role, "content": m.content} for m in SAID]}
    assert prompt_completion(CHAT) == {
        "prompt": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "How many?"}],
        "completion": [{"role": "assistant", "content": "22 [1]"}],
    }
    assert alpaca(CHAT) == {
        "instruction": "How many?",
        "input": "",
        "output": "22 [1]",
        "system": "Answer.",
    }


def test_columns_are_the_types_own_and_no_other() -> None:
    example = Example(
        row_id="r", kind="k", question="q", document_id="d", uses=(), columns={"anchor": "a", "positive": "p"}
    )
    assert columns(example) == {"anchor": "a", "positive": "p"}


def test_a_format_that_does_not_fit_the_type_names_those_that_do() -> None:
    assert writer("messages", ("messages",)) is messages
    with pytest.raises(ConfigError) as problem:
        writer("columns", ("messages", "alpaca"))
    assert "messages, alpaca" in problem.value.fix
