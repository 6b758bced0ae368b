from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.chunkers.packing import Packer, Part

TYPES = st.sampled_from(["paragraph", "code", "table", "message"])


@settings(deadline=None)
@given(
    texts=st.lists(st.tuples(TYPES, st.text("ab .\n", min_size=1, max_size=40)), min_size=1, max_size=8),
    share=st.integers(1, 3),
    budget=st.integers(1, 20),
)
def test_spans_adjoin_and_fit_whatever_the_text(
    texts: list[tuple[str, str]], share: int, budget: int
) -> None:
    parts, text = [], ""
    for kind, content in texts:
        parts.append(Part(len(text), len(text) + len(content), kind))
        text += content
    packer = Packer(text=text, parts=parts, starts=range(0, len(text), share), budget=budget)

    spans = packer.pack(0, len(text))

    assert "".join(text[start:end] for start, end in spans) == text
    assert all(packer.tokens(start, end) <= budget for start, end in spans)


def test_two_last_pieces_share_what_is_left() -> None:
    text = "ab " * 110
    packer = Packer(
        text=text, parts=[Part(0, len(text), "paragraph")], starts=range(0, len(text), 3), budget=100
    )

    first, second = packer.pack(0, len(text))

    assert (packer.tokens(*first), packer.tokens(*second)) == (55, 55)


@settings(deadline=None)
@given(
    rows=st.lists(st.integers(1, 9).map(lambda words: " ".join(["word"] * words)), min_size=1, max_size=30),
    room=st.integers(9, 40),
    kind=st.sampled_from(["table", "code"]),
)
def test_a_row_or_a_line_that_fits_is_never_cut(rows: list[str], room: int, kind: str) -> None:
    text = "\n".join(rows)
    starts = [at for at in range(len(text)) if text[at] == "w"]
    packer = Packer(text=text, parts=[Part(0, len(text), kind)], starts=starts, budget=room)

    spans = packer.pack(0, len(text))

    assert [line for start, end in spans for line in text[start:end].strip().split("\n")] == rows
