"""Reading `headwater.yaml`: secrets from the environment, errors that name the line and the fix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from infra.project_mistakes import Place, line_of, mistake
from schemas.errors import ConfigError, NotFoundError
from schemas.feature import FeatureSection
from schemas.identity import digest
from schemas.project import Project, SourceSection

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PASSWORD_IN_URL = re.compile(r"://[^/\s:@]+:[^/\s@$]+@|://\S*[?&]password=[^$&\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A project file, checked, and the folder its relative paths start from."""

    project: Project
    path: Path
    text: str = field(default="", repr=False)
    """The file as it was read."""

    @property
    def root(self) -> Path:
        """The folder of the project file."""
        return self.path.parent

    @property
    def store_uri(self) -> str:
        """Where the store is: a URI as written, or an absolute folder."""
        uri = self.project.store.uri
        return uri if "://" in uri else str((self.root / uri).resolve())

    @property
    def config_hash(self) -> str:
        """Hash of the checked settings, the same for two spellings of one file."""
        return digest("config", self.project.model_dump_json())

    def where(self, *place: str | int) -> str:
        """Return a place in the file as an error names it: its line and its path, such as `sources.a.acl`."""
        return _where(self.path, _compose(self.path, self.text), place)

    def source(self, name: str) -> SourceSection:
        """Return a source's settings. Raises NotFoundError naming those there are."""
        try:
            return self.project.sources[name]
        except KeyError:
            there = ", ".join(sorted(self.project.sources)) or "none"
            raise NotFoundError(
                f"{self.path.name} has no source {name!r} (it has: {there})",
                fix="name one of them, or add it under `sources:`",
            ) from None

    def feature(self, name: str) -> FeatureSection:
        """Return a feature's settings. Raises NotFoundError naming those there are."""
        try:
            return self.project.features[name]
        except KeyError:
            there = ", ".join(sorted(self.project.features)) or "none"
            raise NotFoundError(
                f"{self.path.name} has no feature {name!r} (it has: {there})",
                fix="name one of them, or add it under `features:`",
            ) from None

    def check_name(self, name: str) -> None:
        """Raise NotFoundError when a name is neither a source's nor a feature's."""
        features = self.project.features
        if name in features or name in self.project.sources:
            return
        if not features:
            self.source(name)
        there = ", ".join([*sorted(self.project.sources), *(f"feature {one}" for one in sorted(features))])
        raise NotFoundError(
            f"{self.path.name} has no source {name!r} (it has: {there})",
            fix="name one of them, or add it under `sources:` or `features:`",
        )


def open_project(path: str | Path) -> Opened:
    """Read and check a project file. Raises ConfigError naming the line and the fix."""
    path = Path(path).resolve()
    text = _read(path)
    root = _compose(path, text)
    given = _plain(root, path)
    try:
        return Opened(project=Project.model_validate(given), path=path, text=text)
    except ValidationError as problem:
        place, what, fix = mistake(given, problem)
        raise ConfigError(f"{_where(path, root, place)}: {what}", fix=fix) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"the project file {str(path)!r} cannot be read: {why}",
            fix="run `headwater init`, or give its path with --project",
        ) from problem


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        raise _not_yaml(path, problem) from None


def _plain(root: yaml.Node | None, path: Path) -> Any:
    if root is None:
        raise ConfigError(f"{path.name} is empty", fix="run `headwater init` for a commented one")
    loader = yaml.SafeLoader("")
    try:
        plain = loader.construct_document(root)
    except yaml.YAMLError as problem:
        raise _not_yaml(path, problem) from None
    finally:
        loader.dispose()
    return _expanded(plain, lambda place: _where(path, root, place))


def _not_yaml(path: Path, problem: yaml.YAMLError) -> ConfigError:
    mark, what = getattr(problem, "problem_mark", None), getattr(problem, "problem", None)
    return ConfigError(
        f"{path.name}, line {mark.line + 1 if mark else '?'}: {what or str(problem).splitlines()[0]}",
        fix="mend the YAML there; a text with {, [, *, &, # or `: ` in it is written in quotes",
    )


def _expanded(value: Any, where: Callable[[Place], str], place: Place = ()) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, where, (*place, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, where, (*place, n)) for n, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    if PASSWORD_IN_URL.search(value):
        raise ConfigError(
            f"{where(place)}: holds a password in a URL", fix="write it as ${VARIABLE} and export that"
        )
    if place[-1:] == ("api_key",) and not VARIABLE.search(value):
        raise ConfigError(
            f"{where(place)}: holds the key itself", fix="write it as ${VARIABLE} and export that"
        )
    return VARIABLE.sub(lambda match: _variable(match.group(1), where(place)), value)


def _variable(name: str, where: str) -> str:
    if name not in os.environ:
        raise ConfigError(
            f"{where}: needs the environment variable {name}, which is not set", fix=f"export {name}=..."
        )
    return os.environ[name]


def _where(path: Path, root: yaml.Node | None, place: Place) -> str:
    dotted = ".".join(str(part) for part in place)
    return f"{path.name}, line {line_of(root, place)}" + (f": {dotted}" if dotted else "")
