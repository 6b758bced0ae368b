"""Every error that is raised anywhere says what to do about it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from schemas import errors

ROOT = Path(__file__).parents[2]
OURS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HeadwaterError)
}


def without_a_fix(file: Path) -> Iterator[str]:
    """Yield where an error of ours is made with no `fix`, or with an empty one."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OURS:
            fixes = [word.value for word in node.keywords if word.arg == "fix"]
            if not fixes or (isinstance(fixes[0], ast.Constant) and not fixes[0].value):
                yield f"{file.relative_to(ROOT)}:{node.lineno}"


def test_every_error_says_what_to_do() -> None:
    files = [
        file
        for room in ("flows", "infra", "transforms")
        for file in sorted((ROOT / room).rglob("*.py"))
        if file.parent.name != "adapters"  # copied out of here: their errors are their hosts' own
    ]
    assert len(files) > 100

    assert [place for file in files for place in without_a_fix(file)] == []


def test_the_exit_codes_are_those_of_the_readme() -> None:
    codes = {getattr(errors, name).exit_code for name in OURS}
    assert codes == {1, 2, 3, 4, 130}
