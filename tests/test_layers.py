"""The four rooms: schemas <- {transforms, infra} <- flows, and one place for each package that has one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms"},
    "infra": {"schemas", "infra"},
    "flows": {"schemas", "transforms", "infra", "flows"},
}
ONLY_IN = {
    "lancedb": "infra/store",
    "lance": "infra/store",
    "obstore": "infra/store/objects.py",
    "sentence_transformers": "infra/embedders",
    "torch": "infra/embedders",
    "openvino": ("infra/embedders", "infra/doctor.py"),
    "unstructured": "transforms/parsers",
    "pypdfium2": "transforms/parsers",
    "great_expectations": "transforms/suites.py",
    "prefect": "flows",
}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 60


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    mine = {name.split(".")[0] for name in imports(path)} & set(ROOMS)
    assert mine <= ROOMS[room]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_package_is_imported_in_its_one_place(path: Path) -> None:
    where = str(path.relative_to(ROOT))
    for package in {name.split(".")[0] for name in imports(path)} & set(ONLY_IN):
        assert where.startswith(ONLY_IN[package]), f"{package} belongs to {ONLY_IN[package]}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


def test_the_top_level_holds_what_the_readme_names() -> None:
    rooms = {"flows", "transforms", "schemas", "infra", "tests"}
    allowed = {*rooms, "pyproject.toml", "README.md", "Makefile", "LICENSE"}
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    made = {name for name in there if name.endswith(".egg-info") or name in ("build", "__pycache__")}
    assert there - made == allowed
