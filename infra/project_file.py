"""Reading `headwater.yaml`: secrets from the environment, errors that name the line and the fix."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from schemas.errors import ConfigError, NotFoundError
from schemas.identity import digest
from schemas.project import Project, SourceSection

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PASSWORD_IN_URL = re.compile(r"://[^/\s:@]+:[^/\s@$]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A project file, checked, and the folder its relative paths start from."""

    project: Project
    path: Path

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

    def source(self, name: str) -> SourceSection:
        """Return a source's settings. Raises NotFoundError naming those there are."""
        try:
            return self.project.sources[name]
        except KeyError:
            there = ", ".join(sorted(self.project.sources)) or "none"
            raise NotFoundError(f"{self.path.name} has no source {name!r} (it has: {there})") from None


def open_project(path: str | Path) -> Opened:
    """Read and check a project file. Raises ConfigError naming the line and the fix."""
    path = Path(path).resolve()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"the project file {str(path)!r} cannot be read: {problem}",
            fix="run `headwater init`, or give its path with --project",
        ) from problem
    root = _compose(path, text)
    try:
        return Opened(project=Project.model_validate(_plain(root, path)), path=path)
    except ValidationError as problem:
        raise ConfigError(
            _first_problem(path, root, problem), fix="`headwater schema` prints every setting"
        ) from None


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else "?"
        raise ConfigError(f"{path.name}, line {line}: {problem.problem}", fix="mend the YAML there") from None


def _plain(root: yaml.Node | None, path: Path) -> Any:
    if root is None:
        raise ConfigError(f"{path.name} is empty", fix="run `headwater init` for a commented one")
    loader = yaml.SafeLoader("")
    try:
        return _expanded(loader.construct_document(root), path)
    finally:
        loader.dispose()


def _expanded(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, path) for inner in value]
    if not isinstance(value, str):
        return value
    if PASSWORD_IN_URL.search(value):
        raise ConfigError(
            f"{path.name} holds a password in a URL", fix="write it as ${VARIABLE} and export that"
        )
    return VARIABLE.sub(lambda match: _variable(match.group(1), path), value)


def _variable(name: str, path: Path) -> str:
    if name not in os.environ:
        raise ConfigError(
            f"{path.name} needs the environment variable {name}, which is not set", fix=f"export {name}"
        )
    return os.environ[name]


def _first_problem(path: Path, root: yaml.Node | None, problem: ValidationError) -> str:
    first = problem.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{path.name}, line {_line(root, first['loc'])}: {place + ': ' if place else ''}{message}"


def _line(root: yaml.Node | None, place: tuple[Any, ...]) -> int:
    node, line = root, 1
    for part in place:
        mark, node = _child(node, part)
        if mark is None:
            break
        line = mark.line + 1
    return line


def _child(node: yaml.Node | None, part: object) -> tuple[yaml.Mark | None, yaml.Node | None]:
    """Return where a part of the file begins, and the part itself."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    return None, None
