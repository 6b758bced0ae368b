"""What a model's card is read for: the languages it says the model is for."""

from pathlib import Path

import pytest

from infra.embedders import EmbedderParams
from infra.embedders.card import spoken_by


def test_the_packaged_model_says_it_is_for_english() -> None:
    assert spoken_by(EmbedderParams()) == ("en",)


@pytest.mark.parametrize(
    ("card", "spoken"),
    [
        ("---\nlanguage: [de, en]\n---\n# x", ("de", "en")),
        ("---\nlanguage:\n- multilingual\n- en\n---\n", ()),
        ("---\nlicense: mit\n---\n", ()),
        ("---\nlanguage: [\n---\n", ()),
        ("---\n- a list\n---\n", ()),
        ("# no front matter", ()),
    ],
)
def test_a_card_that_names_no_language_or_many_says_nothing(
    card: str, spoken: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "README.md").write_text(card)

    assert spoken_by(EmbedderParams(model=str(tmp_path))) == spoken
