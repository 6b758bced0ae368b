from schemas.context import Message
from schemas.dataset import Example
from transforms.datasets.formats import FORMATS
from transforms.datasets.sieves.texts import rewritten, texts_of

WHOLE = Example(
    row_id="r",
    kind="k",
    question="who asks",
    document_id="d",
    uses=(),
    messages=(Message(role="user", content="who asks"), Message(role="assistant", content="ann")),
    rejected=(Message(role="assistant", content="bob"),),
    answers=("ann", "mrs ann"),
    columns={"text": "a letter by ann", "score": 1.0},
)


def test_whatever_the_format_nothing_is_written_that_was_not_looked_at_and_rewritten() -> None:
    loud = rewritten(WHOLE, str.upper)
    looked_at = set(texts_of(loud))
    for name, write in FORMATS.items():
        row = write(loud)
        for text in _texts(row) - {"human", "gpt", "user", "assistant", "r", ""}:
            assert text == text.upper() or name == "text", (name, text)
            assert text in looked_at or name in ("text", "alpaca"), (name, text)


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(_texts, value))
    return {value} if isinstance(value, str) else set()
