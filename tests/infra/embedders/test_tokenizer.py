from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.embedders import tokenizer
from infra.embedders.packaged import packaged_folder
from infra.embedders.tokenizer import ModelTokenizer
from schemas.errors import EmbedderError
from tests.infra.embedders.texts import texts

FILE = packaged_folder() / "tokenizer.json"
PLAIN = ModelTokenizer(FILE)


def test_it_counts_what_transformers_counts() -> None:
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(packaged_folder(), local_files_only=True)

    assert PLAIN.ids(texts()) == [reference(text)["input_ids"] for text in texts()]
    assert PLAIN.count(texts()) == [len(ids) for ids in PLAIN.ids(texts())]


ODD = "[SEP] [ MASK] 中文 \u200b \x1c \x85 \u2028 \xa0 \x00 \ufffd e\u0301 İ ﬁ 🤣 ## a.b-c"


@settings(deadline=None)
@given(st.text(st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"])), max_size=60))
def test_counting_word_by_word_counts_what_the_model_reads(text: str) -> None:
    assert PLAIN.count([text, ODD, text]) == [len(ids) for ids in PLAIN.ids([text, ODD, text])]


def test_a_full_memory_of_words_and_long_words_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "WORDS", 3)
    counted = ModelTokenizer(FILE)

    for text in ("a few stones here", "stone" * 30, "other words, and the stones again", "stones"):
        assert counted.count([text]) == [len(PLAIN.ids([text])[0])]


def test_a_text_of_any_length_is_counted_whole() -> None:
    assert PLAIN.count(["stone " * 10_000, "", "stone"]) == [10_002, 2, 3]


@given(st.text(max_size=200))
def test_offsets_are_spans_of_the_text_in_its_order(text: str) -> None:
    spans = PLAIN.offsets(text)

    assert len(spans) == PLAIN.count([text])[0] - 2
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_offsets_count_characters_not_bytes() -> None:
    text = "naïve 😀 stone"

    assert [text[start:end] for start, end in PLAIN.offsets(text)] == ["naïve", "😀", "stone"]


def test_the_prompt_before_a_document_is_counted_but_has_no_span() -> None:
    prompted = ModelTokenizer(FILE, prefix="passage: ")

    assert prompted.count(["stone"])[0] == PLAIN.count(["passage: stone"])[0]
    assert prompted.offsets("stone") == [(0, 5)]


def test_lowercasing_comes_before_the_models_own_normalization(tmp_path: Path) -> None:
    cased = tmp_path / "tokenizer.json"
    cased.write_text(FILE.read_text().replace('"lowercase":true', '"lowercase":false'))
    assert ModelTokenizer(cased).ids(["STONE"]) != PLAIN.ids(["stone"])

    assert ModelTokenizer(cased, lowercase=True).ids(["STONE"]) == PLAIN.ids(["stone"])


def test_a_model_without_a_fast_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"lacks .*tokenizer\.json"):
        ModelTokenizer(tmp_path / "tokenizer.json")
