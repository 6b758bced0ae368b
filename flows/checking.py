"""Checks of a project file that need more than the file: plug-ins, their settings, the gate's questions.

Types named by an import string are left to the verb that uses them: opening a project imports nobody's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from infra.project_file import Opened
from infra.questions import read_questions
from schemas.dataset_section import DatasetSection
from schemas.errors import ConfigError
from schemas.settings import SettingError, read_settings
from transforms import chunkers


def check_plugins(opened: Opened) -> None:
    """Raise ConfigError, with its line, for a type that is not there or a setting that it does not take."""
    for name, index in opened.project.indexes.items():
        kind, settings = index.chunker.type, index.chunker.params
        with _told_at(opened, settings, "indexes", name, "chunker"):
            if ":" not in kind:
                chunkers.read_params(kind, settings)
    for name, dataset in opened.project.datasets.items():
        if ":" not in dataset.type:
            _check_dataset(opened, name, dataset)
    if opened.project.policy.evaluation is not None:
        with _told_at(opened, {}, "policy", "evaluation", last="queries"):
            read_questions(opened.root / opened.project.policy.evaluation.queries)


def _check_dataset(opened: Opened, name: str, section: DatasetSection) -> None:
    from transforms import datasets
    from transforms.datasets.formats import writer
    from transforms.datasets.splits import splitting_of

    settings = section.options
    splits = settings.pop("splits", {})
    with _told_at(opened, settings, "datasets", name):
        kind = datasets.find(section.type)
        datasets.read_params(section.type, settings)
    with _told_at(opened, {}, "datasets", name, last="format"):
        writer(section.format or kind.formats[0], kind.formats)
    with _told_at(opened, {}, "datasets", name, last="splits"):
        if not isinstance(splits, Mapping):
            raise ConfigError(
                f"{splits!r} is not a section", fix="write {train: 0.8, validation: 0.1, test: 0.1}"
            )
        kind_of, told = splitting_of(splits)
        read_settings(kind_of.__name__.lower(), kind_of, told)


@contextmanager
def _told_at(opened: Opened, settings: Mapping[str, Any], *place: str, last: str = "type") -> Iterator[None]:
    """Put the place in the file before an error: that of the setting it names, else the last one given."""
    try:
        yield
    except ConfigError as problem:
        setting = problem.setting if isinstance(problem, SettingError) else None
        where = opened.where(*place, setting if setting and setting in settings else last)
        raise ConfigError(f"{where}: {problem.detail}", fix=problem.fix) from None
