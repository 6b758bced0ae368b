from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from types import ModuleType

import pyarrow as pa
import pytest

from schemas.errors import ConfigError
from schemas.outcome import Outcome, nothing_rejected
from tests.transforms.chunkers.tokenizers import word_pieces
from tests.transforms.tables import built, documents
from transforms.chunkers import Chunker, chunk, find, fingerprint, longest_tokens, read_params
from transforms.chunkers.params import Headings

ALL = ("title", "headings", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    count: int = 3


def no_chunks(documents: pa.Table, params: Sentences, **_tools: object) -> Outcome:
    return Outcome(passed=documents.slice(0, params.count), rejected=nothing_rejected())


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("acme_chunkers")
    module.__dict__["sentences"] = Chunker(params=Sentences, version=7, function=no_chunks)
    module.__dict__["number"] = 3
    monkeypatch.setitem(sys.modules, "acme_chunkers", module)


def test_a_chunker_is_called_by_its_name() -> None:
    outcome = chunk(
        "headings", documents([built(("paragraph", "Text."))]), Headings(), tokenizer=word_pieces()
    )

    assert outcome.passed["quote"].to_pylist() == ["Text."]


@pytest.mark.usefixtures("acme")
def test_a_chunker_of_ones_own_is_called_by_its_import_string() -> None:
    table = documents([built(("paragraph", f"Text {n}.")) for n in range(5)])
    params = read_params("acme_chunkers:sentences", {"count": 2})

    assert len(chunk("acme_chunkers:sentences", table, params, tokenizer=word_pieces()).passed) == 2


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    "name", ["heading", "acme_chunkers:number", "acme_chunkers:missing", "no_such_module:x", ":"]
)
def test_an_unknown_chunker_is_a_config_error_that_says_what_to_do(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find(name)

    assert repr(name) in caught.value.detail
    assert caught.value.fix


def test_settings_become_parameters() -> None:
    assert read_params("headings", {"max_tokens": 128}) == Headings(max_tokens=128)
    assert read_params("headings", {}) == Headings()


def test_the_longest_string_a_chunker_embeds_is_known_of_those_that_say_it() -> None:
    assert longest_tokens(Headings()) == 224
    assert longest_tokens(Headings(max_tokens=64)) == 64
    assert longest_tokens(object()) == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"tokens": 1}, "max_tokens"), ({"max_tokens": 3}, "at least"), ({"max_tokens": "x"}, "whole number")],
)
def test_a_wrong_setting_is_a_config_error(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_params("headings", settings)


def test_a_fingerprint_moves_with_everything_that_moves_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fingerprint("headings", Headings(), ALL)

    assert first == fingerprint("headings", Headings(), ALL)
    moved = {
        fingerprint("headings", Headings(max_tokens=255), ALL),
        fingerprint("headings", Headings(), ALL[1:]),
    }
    monkeypatch.setitem(
        sys.modules["transforms.chunkers"].CHUNKERS,
        "headings",
        Chunker(params=Headings, version=99, function="x:y"),
    )
    moved.add(fingerprint("headings", Headings(), ALL))
    assert len(moved | {first}) == 4


def test_the_registry_imports_no_chunker() -> None:
    code = "import sys, transforms.chunkers; print('transforms.chunkers.headings' in sys.modules)"

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
