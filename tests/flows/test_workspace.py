"""What an index asks of its embedder is held against what that can do, before anything is done."""

import pytest

from schemas.errors import ConfigError
from tests.flows.projects import Project


def test_chunks_longer_than_the_embedder_reads_are_refused_before_any_is_cut(project: Project) -> None:
    project.embedders = {}  # none that was let in already
    project.write("a.md", "Text.")
    project.chunker(300)

    with pytest.raises(ConfigError, match=r"cuts chunks of up to 300 tokens; .* reads 256") as refused:
        project.ingest()

    assert refused.value.fix == "set chunker.max_tokens to 256 or less"


def test_the_default_size_is_within_what_the_default_embedder_reads(project: Project) -> None:
    project.embedders = {}
    project.write("a.md", "Text.")

    assert project.ingest().run.published
