"""Opening a project checks what its plug-ins are asked: types, settings, formats, each with its line."""

from pathlib import Path

import pytest

from flows.workspace import open_workspace
from schemas.errors import ConfigError

HEAD = "project: p\nsources:\n  notes: {type: files, uri: notes/, acl: [everyone]}\n"


@pytest.mark.parametrize(
    ("text", "detail", "fix"),
    [
        (
            "datasets: {d: {type: qqa}}",
            "line 4: datasets.d.type: unknown dataset type 'qqa'",
            "did you mean qa?",
        ),
        (
            "datasets:\n  d:\n    type: qa\n    max_per_documnt: 2",
            "line 7: datasets.d.max_per_documnt: dataset type 'qa' has no setting 'max_per_documnt'",
            "did you mean max_per_document?",
        ),
        (
            "datasets:\n  d:\n    type: qa\n    max_per_document: 0",
            "line 7: datasets.d.max_per_document: dataset type 'qa': max_per_document is 0",
            "mend",
        ),
        ("datasets: {d: {type: qa, format: message}}", "datasets.d.format: format 'message'", "messages"),
        ("datasets: {d: {type: qa, splits: {train: 2}}}", "datasets.d.splits: shares: splits are", "mend"),
        ("datasets: {d: {type: qa, splits: all}}", "datasets.d.splits: 'all' is not a section", "train: 0.8"),
        (
            "indexes: {default: {chunker: {type: heading}}}",
            "line 4: indexes.default.chunker.type: unknown chunker 'heading'",
            "did you mean headings?",
        ),
        (
            "indexes: {default: {chunker: {max_token: 9}}}",
            "line 4: indexes.default.chunker.max_token: chunker 'headings' has no setting",
            "did you mean max_tokens?",
        ),
        (
            "indexes: {default: {chunker: {max_tokens: lots}}}",
            "line 4: indexes.default.chunker.max_tokens: chunker 'headings': max_tokens is 'lots'",
            "write a whole number",
        ),
        (
            "indexes: {default: {chunker: {max_tokens: 3}}}",
            "indexes.default.chunker.max_tokens: chunker 'headings': max_tokens is 3; it must be at least 16",
            "mend",
        ),
    ],
)
def test_a_wrong_plug_in_setting_is_told_when_the_project_is_opened(
    tmp_path: Path, text: str, detail: str, fix: str
) -> None:
    path = tmp_path / "headwater.yaml"
    path.write_text(HEAD + text)

    with pytest.raises(ConfigError) as problem:
        open_workspace(path)

    assert problem.value.detail.startswith("headwater.yaml, line ")
    assert detail in problem.value.detail
    assert fix in problem.value.fix


def test_ones_own_types_are_not_imported_to_open_a_project(tmp_path: Path) -> None:
    path = tmp_path / "headwater.yaml"
    dataset = "datasets: {d: {type: 'not_there:letters', any: 1}}\n"
    index = "indexes: {default: {chunker: {type: 'not_there:cut'}}}\n"
    path.write_text(HEAD + dataset + index)

    assert set(open_workspace(path).opened.project.datasets) == {"d"}
