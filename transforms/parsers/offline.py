"""`unstructured`, made to work without a network: import it only through this file.

Left alone it sends usage statistics at import and, for every text it classifies, loads a spaCy model that
it downloads when it is missing, under a file lock without a timeout. Here the switches are set before the
import, and when the model is not installed its loader is replaced by a tagger built from spaCy's own word
tables (the `spacy-lookups-data` package). Only guesses about flat text depend on it (is this line a title or
a sentence?); headings, lists and tables come from tags and styles, with or without the real model.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

SWITCHES = {"DO_NOT_TRACK": "1", "SCARF_NO_ANALYTICS": "1", "UNSTRUCTURED_DISABLE_NOTICE": "1"}
MODEL = "en_core_web_sm"
SEAM = ("_load_spacy_model", "_get_nlp")
"""Private names of `unstructured.nlp.tokenize` (0.27.32) that the replacement hangs on."""

_AUXILIARIES = """
am is are was were be been being have has had having do does did can could may might must shall should will
would ought 'm 're 's 've 'll 'd n't
"""
_BEFORE_A_NOUN = """
a an the this that these those my your his her its our their no each every some any of in on at by for from
with into onto over under between through during about against without within
"""
AUXILIARIES = frozenset(_AUXILIARIES.split())
BEFORE_A_NOUN = frozenset(_BEFORE_A_NOUN.split())


def partitioner(kind: str) -> Callable[..., list[Any]]:
    """Return `unstructured`'s function that takes one kind of file apart, such as `partition_docx`."""
    _prepare()
    module = importlib.import_module(f"unstructured.partition.{kind}")
    found: Callable[..., list[Any]] = getattr(module, f"partition_{kind}")
    return found


@cache
def _prepare() -> None:
    os.environ.update(SWITCHES)
    with _unseen("torch"):
        tokenize = importlib.import_module("unstructured.nlp.tokenize")
        importlib.import_module("spacy")
    require_seam(tokenize)
    if importlib.util.find_spec(MODEL) is None:
        loader, current = SEAM
        setattr(tokenize, loader, build)
        getattr(tokenize, current).cache_clear()


@contextmanager
def _unseen(package: str) -> Iterator[None]:
    """Let imports inside not find a package: spaCy takes torch where it can, seconds for nothing used."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # how Python is told that there is none
    try:
        yield
    finally:
        del sys.modules[package]


def require_seam(tokenize: ModuleType) -> None:
    """Raise ImportError when this version of `unstructured` no longer has the names we replace."""
    missing = [name for name in SEAM if not hasattr(tokenize, name)]
    if missing:
        raise ImportError(f"unstructured.nlp.tokenize has no {', '.join(missing)}; version 0.27.32 has")


def build() -> Any:
    """Return a spaCy pipeline that marks sentences and verbs, made of nothing but installed tables."""
    import spacy
    from spacy.language import Language

    if not Language.has_factory("verbs_by_table"):
        Language.component("verbs_by_table", func=_tag_verbs)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("verbs_by_table")
    return nlp


def _tag_verbs(doc: Any) -> Any:
    before = ""
    for token in doc:
        word = token.lower_
        token.tag_ = "VB" if is_verb(word, before) else "NN"
        before = word
    return doc


@cache
def is_verb(word: str, before: str) -> bool:
    """Return whether a lower-case word, after the word `before`, is read as a verb."""
    if word in AUXILIARIES:
        return True
    verbs, nouns = _forms("verb"), _forms("noun")
    return _known(word, verbs) and not (before in BEFORE_A_NOUN and _known(word, nouns))


class _Forms(NamedTuple):
    base: frozenset[str]
    irregular: frozenset[str]
    endings: tuple[tuple[str, str], ...]  # of an inflected form, and of its base


@cache
def _forms(kind: str) -> _Forms:
    from spacy.lookups import load_lookups

    tables = load_lookups("en", ["lemma_index", "lemma_exc", "lemma_rules"])
    base = frozenset(tables.get_table("lemma_index")[kind])
    irregular = frozenset(tables.get_table("lemma_exc")[kind])
    endings = tuple((old, new) for old, new in tables.get_table("lemma_rules")[kind])
    return _Forms(base, irregular, endings)


def _known(word: str, forms: _Forms) -> bool:
    if word in forms.base or word in forms.irregular:
        return True
    return any(
        word.endswith(old) and word.removesuffix(old) + new in forms.base for old, new in forms.endings
    )
