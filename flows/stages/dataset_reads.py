"""The files that decide a dataset's rows besides the release: evaluations, general rows, a tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.workspace import Workspace
from infra.embedders.tokenizer import ModelTokenizer
from infra.evaluation_texts import evaluation_files, evaluation_texts, hash_of
from infra.questions import read_questions
from schemas.dataset_section import DatasetSection
from schemas.errors import ConfigError
from schemas.tools import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a definition reads."""

    hashes: Mapping[str, str]
    """Path, as the project file names it -> sha256."""
    held_out: tuple[Path, ...]
    """Files of evaluations."""
    questions: Path | None
    """Our own questions, whose answers are known."""
    replay: Path | None
    tokenizer: Tokenizer | None
    """The trainer's, where it is named."""

    def evaluations(self) -> Iterator[tuple[str, str]]:
        """Yield the texts that no row may hold, each with its place.

        Of our own questions no expected passage: what answers them is what there is to learn.
        """
        if self.questions is not None:
            for question in read_questions(self.questions).questions:
                yield f"{self.questions.name}, {question.id}", question.question
        yield from evaluation_texts(list(self.held_out))


def reads_of(workspace: Workspace, section: DatasetSection) -> Reads:
    """Return what a definition reads. Raises ConfigError for what is not there, or not of its kind."""
    root = workspace.opened.root
    evaluation = workspace.opened.project.policy.evaluation
    files = {path: evaluation_files(root / path) for path in section.decontaminate}
    hashes = {path: hash_of(found) for path, found in files.items()}
    if evaluation is not None:
        hashes[evaluation.queries] = read_questions(root / evaluation.queries).hash
    if section.replay is not None:
        hashes[section.replay.path] = hash_of([root / section.replay.path])
    tokenizer = tokenizer_file(root, section.tokenizer)
    if tokenizer is not None and section.tokenizer is not None:
        hashes[section.tokenizer] = hash_of([tokenizer])
    return Reads(
        hashes=dict(sorted(hashes.items())),
        held_out=tuple(file for found in files.values() for file in found),
        questions=None if evaluation is None else root / evaluation.queries,
        replay=None if section.replay is None else root / section.replay.path,
        tokenizer=None if tokenizer is None else ModelTokenizer(tokenizer),
    )


def tokenizer_file(root: Path, named: str | None) -> Path | None:
    """Return the file of a tokenizer that the project file names. Raises ConfigError where there is none."""
    if named is None:
        return None
    path = root / named
    path = path / "tokenizer.json" if path.is_dir() else path
    if not path.is_file():
        raise ConfigError(
            f"there is no tokenizer in {named!r}", fix="name a tokenizer.json, or a folder that holds one"
        )
    return path
