from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from transforms.parsers.offline import SEAM, SWITCHES, build, is_verb, partitioner, require_seam

WITHOUT_NETWORK = """
import os, socket, sys
def refuse(*args, **more): sys.exit("somebody opened a socket")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from transforms.parsers.offline import partitioner
found = partitioner("text")(text="The team works on this every day, and it shows.", languages=["eng"])
sys.exit(0 if [type(part).__name__ for part in found] == ["NarrativeText"] else repr(found))
"""


def test_unstructured_classifies_prose_without_a_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_names_that_the_replacement_hangs_on_exist() -> None:
    partitioner("text")

    require_seam(sys.modules["unstructured.nlp.tokenize"])


def test_a_version_without_those_names_is_refused_by_name() -> None:
    with pytest.raises(ImportError, match=", ".join(SEAM)):
        require_seam(ModuleType("tokenize"))


def test_the_switches_against_telemetry_are_the_ones_that_unstructured_reads() -> None:
    partitioner("text")
    import unstructured._usage_notice
    import unstructured.utils

    assert unstructured.utils._telemetry_opt_out()
    assert set(SWITCHES) == {"DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE"}


@pytest.mark.parametrize(
    ("word", "before", "verb"),
    [
        ("walked", "we", True),
        ("is", "it", True),
        ("running", "", True),
        ("went", "they", True),
        ("run", "the", False),
        ("handbook", "", False),
        ("qwzx", "", False),
    ],
)
def test_verbs_are_told_from_nouns_by_table_and_by_the_word_before(
    word: str, before: str, verb: bool
) -> None:
    assert is_verb(word, before) is verb


def test_the_replacement_marks_sentences_and_verbs() -> None:
    read = build()("We moved. The run was quick.")

    assert [sentence.text for sentence in read.sents] == ["We moved.", "The run was quick."]
    assert [token.text for token in read if token.tag_ == "VB"] == ["moved", "was"]
