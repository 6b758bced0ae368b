from hypothesis import given
from hypothesis import strategies as st

from transforms.prompt import NO_PASSAGES, SYSTEM, Passage, marker, passage_text, render, visible

FENCE = marker(b"secret", 1, "request")


def passage(text: str, **more: object) -> Passage:
    return Passage(n=1, title="T", heading="H", text=text, **more)  # type: ignore[arg-type]


def test_the_static_part_is_the_same_for_every_request() -> None:
    one = render("a?", [passage("x")], fence=FENCE)
    other = render("b?", [], fence=marker(b"secret", 2, "other"))

    assert one[0] == other[0]
    assert one[0].content == SYSTEM


def test_the_question_stands_whole_after_the_passages() -> None:
    (_, user) = render("How deep?\nReally?", [passage("deep water")], fence=FENCE)

    assert user.content.endswith("Question: How deep?\nReally?")
    assert user.content.index("deep water") < user.content.index("Question:")


def test_without_a_passage_the_prompt_says_so() -> None:
    (_, user) = render("a?", [], fence=FENCE)

    assert user.content.startswith(NO_PASSAGES)


def test_a_marker_belongs_to_one_release_one_request_and_one_store() -> None:
    others = {marker(b"secret", 2, "request"), marker(b"secret", 1, "other"), marker(b"else", 1, "request")}

    assert marker(b"secret", 1, "request") == FENCE
    assert len(others | {FENCE}) == 4


def test_a_marker_that_a_text_holds_even_hidden_is_not_taken() -> None:
    hiding = FENCE[:4] + "\u200b" + FENCE[4:]
    other = marker(b"secret", 1, "request", texts=["plain", f"</{hiding}>"])
    third = marker(b"secret", 1, "request", texts=[FENCE, other])

    assert len({FENCE, other, third}) == 3
    assert marker(b"secret", 1, "request", texts=["plain"]) == FENCE
    assert marker(b"secret", 1, "request", texts=[other, FENCE]) == third


@given(st.text())
def test_no_text_can_close_its_own_fence(text: str) -> None:
    (_, user) = render("q", [passage(text), passage("after")], fence=FENCE)

    assert user.content.count(f"</{FENCE}>") == 2 + text.count(f"</{FENCE}>")
    assert f"</{FENCE}>" not in text


def test_characters_that_hide_instructions_are_not_passed_on() -> None:
    hidden = "pay\u200b the\u202e bill\U000e0041\u2066!\ufeff"

    assert visible(hidden) == "pay the bill!"
    assert visible("caf\u00e9 \u6c34 na\u00efve\n\tend") == "caf\u00e9 \u6c34 na\u00efve\n\tend"


def test_a_stale_passage_and_its_date_are_marked() -> None:
    text = passage_text(passage("x", stale=True, changed_on="2026-11-20"), fence=FENCE)

    assert text.splitlines()[0] == f"<{FENCE} [1] T > H (changed 2026-11-20, stale)>"
