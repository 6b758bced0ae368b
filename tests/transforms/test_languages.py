# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
"""What the guess of a language promises: prose in ten languages and by script, and silence otherwise."""

from __future__ import annotations

import pytest

from transforms.languages import language_of, misfit

ENGLISH = "The pump that was cleaned in the spring is now at the station, and it has to be watched."
GERMAN = "Die Pumpe, die im Frühjahr gereinigt wurde, steht jetzt an der Station und wird überwacht."
PROSE = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": "La pompe qui a été nettoyée au printemps est maintenant à la station et elle est surveillée.",
    "es": "La bomba que se limpió en la primavera está ahora en la estación y es vigilada por el equipo.",
    "it": "La pompa che è stata pulita in primavera ora si trova alla stazione e non è da usare.",
    "pt": "A bomba que foi limpa na primavera está agora na estação e não deve ser usada.",
    "nl": "De pomp die in het voorjaar is schoongemaakt, staat nu bij het station en wordt door ons gezien.",
    "sv": "Pumpen som rengjordes på våren står nu vid stationen och den ska inte användas.",
    "da": "Pumpen, som blev renset om foråret, står nu ved stationen, og den skal ikke bruges af andre.",
    "pl": "Pompa, która została wyczyszczona na wiosnę, stoi teraz przy stacji i nie może być już używana.",
    "ru": "Насос, который был очищен весной, теперь стоит на станции.",
    "el": "Η αντλία που καθαρίστηκε την άνοιξη βρίσκεται τώρα στον σταθμό.",
    "zh": "春天清洗过的水泵现在在车站，必须由工作人员看管。",
    "ja": "春に掃除されたポンプは今、駅にあります。",
    "ko": "봄에 청소한 펌프는 지금 역에 있습니다.",
    "ar": "المضخة التي تم تنظيفها في الربيع موجودة الآن في المحطة.",
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), PROSE.items())
def test_prose_is_known_by_its_small_words_or_its_script(code: str, text: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    "text", ["", "42 17 3.5", "def area(w, h): return w * h", "Pump 7 Malmö", "kWh m3 bar"]
)
def test_what_tells_too_little_is_not_guessed(text: str) -> None:
    assert language_of(text) is None


def test_a_note_says_the_share_of_chunks_an_embedder_is_not_for() -> None:
    texts = [GERMAN] * 62 + [ENGLISH] * 38 + ["x = 1"] * 500

    note = misfit(texts, ["en"], "all-MiniLM-L6-v2")

    assert note is not None
    assert note.startswith("62% of chunks are not English (most of them German)")
    assert "all-MiniLM-L6-v2" in note
    assert misfit(texts, ["en", "de-DE"], "m") is None


def test_there_is_no_note_without_enough_to_tell() -> None:
    assert misfit([GERMAN] * 5, ["en"], "m") is None
    assert misfit([GERMAN] * 10 + [ENGLISH] * 90, ["en"], "m") is None
    assert misfit([GERMAN] * 100, [], "says nothing") is None
