"""A dataset's definition, checked, at one release: everything that decides its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.stages.dataset_pins import chunk_tables, pins_of
from flows.stages.dataset_reads import Reads, reads_of
from flows.stages.retrieving import releases_of, view_of
from flows.workspace import Workspace
from schemas.context import ContextRequest
from schemas.dataset import Example
from schemas.dataset_section import DatasetSection, PiiPolicy
from schemas.errors import ConfigError, NotFoundError
from schemas.identity import digest
from schemas.project import ContextViewSection
from schemas.release import Release, TableVersion
from transforms import datasets
from transforms.datasets.beir import PARTS
from transforms.datasets.formats import writer
from transforms.datasets.splits import Dates, Family, Shares, split_of, splitting_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A definition, checked, at one release."""

    name: str
    section: DatasetSection
    type: datasets.DatasetType
    params: Any
    splitting: Shares | Dates
    format: str
    write: Callable[[Example], dict[str, Any]]
    release: Release
    view: str
    view_section: ContextViewSection
    chunks: TableVersion
    pins: Mapping[str, Any]
    """What decides the rows besides release and definition: an earlier release, until when feedback is."""
    tables: Mapping[int, TableVersion]
    """The chunk table of every release there is."""
    policy: PiiPolicy
    """What becomes of personal data."""
    allow: tuple[str, ...]
    """What is no secret."""
    reads: Reads
    """The files, besides the release, that decide the rows."""

    @property
    def written(self) -> bool:
        """Whether a language model writes the rows."""
        return getattr(self.params, "by", "rules") == "model"

    @property
    def how(self) -> str:
        """How the rows are made, as the card says it."""
        return self.type.how_by_model if self.written else self.type.how

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources whose documents become rows; none means all."""
        return (self.section.source,) if self.section.source else self.view_section.sources

    @property
    def parts(self) -> dict[str, str]:
        """Files of rows that are not splits, by the name under which `load_dataset` finds them."""
        return dict(PARTS) if self.type.layout == "beir" else {}

    def split_of(self, family: Family) -> str:
        """Return the split of a family of documents; what is for evaluation is all in `test`."""
        return "test" if self.parts else split_of(family, self.splitting)

    def file_of(self, split: str) -> str:
        """Return the file that holds the rows of a split."""
        return PARTS["queries"] if self.parts else f"{split}.jsonl"

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that decides the rows besides the release, as the manifest has it."""
        return {
            "dataset": self.section.model_dump(mode="json"),
            "format": self.format,
            "view": {"name": self.view, **self.view_section.model_dump(mode="json")},
            "builder": self.type.version,
            "pii": {"policy": self.policy, "allow": list(self.allow)},
            "files": dict(self.reads.hashes),
        }

    @property
    def definition_hash(self) -> str:
        """Hash of the definition."""
        return digest("dataset", self.name, json.dumps(self.definition, sort_keys=True))


def plan_of(
    workspace: Workspace, name: str, release: int | None, pins: Mapping[str, Any] | None = None
) -> Plan:
    """Return a dataset's checked definition at a release, or at the newest; `pins` as a manifest has them."""
    section = _section(workspace, name)
    kind = datasets.find(section.type)
    settings = section.options
    splitting = _splitting(name, settings.pop("splits", {}))
    written_as = section.format or kind.formats[0]
    pinned, _ = releases_of(workspace, ContextRequest(question="-", release=release))
    view, view_section = _view(workspace, name, section)
    if view_section.index not in pinned.indexes:
        raise NotFoundError(
            f"release {pinned.release} has no index {view_section.index!r}", fix="run `headwater ingest`"
        )
    params = datasets.read_params(section.type, settings)
    if kind.interactions and section.source:
        raise ConfigError(
            f"dataset {name!r} is made of what was served, from whatever source", fix="leave `source` out"
        )
    return Plan(
        name=name,
        section=section,
        type=kind,
        params=params,
        splitting=splitting,
        format=written_as,
        write=writer(written_as, kind.formats),
        release=pinned,
        view=view,
        view_section=view_section,
        chunks=pinned.tables[pinned.indexes[view_section.index]["table"]],
        pins=pins_of(workspace, kind, params, pinned, view_section.index, pins or {}),
        tables=chunk_tables(workspace, view_section.index),
        policy=_policy(workspace, section, kind),
        allow=workspace.opened.project.policy.pii.allow,
        reads=reads_of(workspace, section),
    )


def _section(workspace: Workspace, name: str) -> DatasetSection:
    defined = workspace.opened.project.datasets
    if name not in defined:
        there = ", ".join(sorted(defined)) or "none"
        raise NotFoundError(
            f"{workspace.opened.path.name} has no dataset {name!r} (it has: {there})",
            fix="name one of them, or add it under `datasets:`",
        )
    return defined[name]


def _splitting(name: str, settings: Any) -> Shares | Dates:
    try:
        kind, told = splitting_of(settings)
        return kind(**told)
    except (AttributeError, TypeError, ValueError) as problem:
        raise ConfigError(
            f"dataset {name!r}: {problem}",
            fix="write splits: {train: 0.8, validation: 0.1, test: 0.1}, or {test_from: 2025-06-01}",
        ) from None


def _policy(workspace: Workspace, section: DatasetSection, kind: datasets.DatasetType) -> PiiPolicy:
    """What is for evaluation is not trained on, and is judged against documents as they stand."""
    if kind.layout != "splits":
        return "keep"
    return section.pii or workspace.opened.project.policy.pii.train


def _view(workspace: Workspace, name: str, section: DatasetSection) -> tuple[str, ContextViewSection]:
    """The named view, else the default one, else the first that reads the dataset's source."""
    if section.context_view or not section.source:
        return view_of(workspace, section.context_view)
    views = [view_of(workspace, None), *workspace.opened.project.context_views.items()]
    for view, found in views:
        if not found.sources or section.source in found.sources:
            return view, found
    raise ConfigError(
        f"dataset {name!r} is made from source {section.source!r}, which no context view reads",
        fix=f"add {section.source} to the sources of a context view, and name that view in the dataset",
    )
