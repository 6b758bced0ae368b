"""What the keyword leg promises of languages: words are taken apart as the sources' one language asks."""

from __future__ import annotations

from pathlib import Path

import lancedb
import pytest

from infra.store.readable import Readable
from infra.store.search import Passages
from infra.store.search_index import due, refresh_indices
from infra.store.words import settings_for, spoken_in
from tests.infra.store.rows import chunk, chunks

EVERYONE = Readable(entries=("everyone",))


def table(folder: Path, *texts: tuple[str, str | None]) -> lancedb.table.Table:
    rows = [{**chunk(f"c{n}", text), "language": language} for n, (text, language) in enumerate(texts)]
    made = lancedb.connect(folder).create_table("chunks", chunks(*rows))
    refresh_indices(made, str(folder))
    return made


def found(made: lancedb.table.Table, question: str) -> set[str]:
    return set(Passages(made).keyword_leg(question, EVERYONE, 10)["chunk_id"].to_pylist())


@pytest.mark.parametrize(
    ("language", "text", "question", "stop"),
    [
        ("en", "the pumps were cleaned", "cleaning a pump", "the"),
        ("de", "die Verträge der Häuser", "Vertrag", "der"),
        ("fr-FR", "les maisons sont grandes", "une grande maison", "les"),
    ],
)
def test_stems_and_stop_words_are_those_of_the_one_language(
    language: str, text: str, question: str, stop: str, tmp_path: Path
) -> None:
    made = table(tmp_path, (text, language))

    assert found(made, question) == {"c0"}
    assert found(made, stop) == set()


def test_with_several_languages_words_stand_as_they_are_and_the_stop_words_of_all_are_left_out(
    tmp_path: Path,
) -> None:
    made = table(tmp_path, ("the pumps of Malmö", "en"), ("die Pumpen der Stadt", "de"))

    assert found(made, "pumps") == {"c0"}
    assert found(made, "pump") == set()
    assert found(made, "malmo") == {"c0"}
    assert found(made, "the der die of") == set()


def test_a_language_written_without_spaces_is_found_by_its_words(tmp_path: Path) -> None:
    made = table(tmp_path, ("北京是中国的首都", "zh"), ("the capital is Berlin", "en"))

    assert found(made, "首都") == {"c0"}
    assert found(made, "Berlin") == {"c1"}


def test_a_second_language_makes_the_index_anew_and_nothing_else_does(tmp_path: Path) -> None:
    made = table(tmp_path, ("the pumps", "en"))
    assert due(made) == ()
    made.add(chunks({**chunk("c1", "die Pumpen"), "language": "de"}))

    assert due(made) == ("words",)
    refresh_indices(made, str(tmp_path))
    assert due(made) == ()
    assert found(made, "pump") == set()
    assert found(made, "pumpen") == {"c1"}


def test_chunks_without_a_language_are_english_and_one_without_a_stemmer_is_not_stemmed(
    tmp_path: Path,
) -> None:
    assert spoken_in(table(tmp_path, ("a", None), ("b", "EN_us"))) == {"en"}
    assert settings_for(frozenset({"en"})) == {
        "base_tokenizer": "simple",
        "ascii_folding": True,
        "language": "English",
        "stem": True,
        "remove_stop_words": True,
        "custom_stop_words": None,
    }
    polish = settings_for(frozenset({"pl"}))
    assert not polish["stem"]
    assert "się" in polish["custom_stop_words"]
