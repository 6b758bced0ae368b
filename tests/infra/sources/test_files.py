import os
from pathlib import Path

import pytest

from infra.sources.files import Files, open_files
from infra.sources.globs import matcher
from schemas.errors import UnavailableError
from schemas.project import FilesOptions, SourceSection
from schemas.quarantine import Reason, Rejected


def files(root: Path, **options: object) -> Files:
    return Files(root, FilesOptions(uri=".", **options))  # type: ignore[arg-type]


def keys(source: Files) -> list[str]:
    return source.list().items["key"].to_pylist()  # type: ignore[no-any-return]


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("pattern", "key", "wanted"),
    [
        ("**/*.md", "a.md", True),
        ("**/*.md", "a/b/c.md", True),
        ("*.md", "a/b.md", False),
        ("a/**", "a/b/c", True),
        ("?.md", "ab.md", False),
        ("[ab].md", "b.md", True),
        ("[!ab].md", "b.md", False),
        ("a.md", "axmd", False),
    ],
)
def test_a_pattern_names_what_a_reader_expects(pattern: str, key: str, wanted: bool) -> None:
    assert matcher([pattern], [])(key) is wanted


def test_a_folder_lists_the_files_it_can_read_by_their_relative_path(tmp_path: Path) -> None:
    for name in ("b/two.md", "a.txt", "picture.png", ".git/notes.md", ".hidden/three.md"):
        write(tmp_path / name)

    assert keys(files(tmp_path)) == [".hidden/three.md", "a.txt", "b/two.md"]


def test_one_file_is_a_source_too(tmp_path: Path) -> None:
    write(tmp_path / "tickets.csv")
    write(tmp_path / "other.csv")
    section = SourceSection(type="files", acl=("everyone",), uri="tickets.csv")  # type: ignore[call-arg]

    assert keys(open_files(section, tmp_path)) == ["tickets.csv"]


def test_files_that_no_pattern_names_are_counted_by_their_endings(tmp_path: Path) -> None:
    for name in (
        "a.md",
        "one.PNG",
        "b/two.png",
        "b/c/server.log",
        "Makefile",
        ".git/config",
        ".headwater/x.lance",
    ):
        write(tmp_path / name)
    (tmp_path / "link.png").symlink_to(tmp_path / "one.PNG")

    assert files(tmp_path).list().notes == (
        "4 files match no pattern of `include`, by ending: 2 .png, 1 without one, 1 .log",
    )
    assert files(tmp_path, include=("**/*",)).list().notes == ()
    assert files(tmp_path / "b" / "c").list().notes == (
        "1 file matches no pattern of `include`, by ending: 1 .log",
    )


def test_many_endings_are_summed_up(tmp_path: Path) -> None:
    for n in range(9):
        write(tmp_path / f"file.e{n}")

    (note,) = files(tmp_path).list().notes

    assert note.startswith("9 files match")
    assert note.endswith("1 .e5, 3 others")


def test_a_uri_has_no_detours_and_no_link_is_followed_to_write_it(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.md")
    (tmp_path / "mine").symlink_to(tmp_path / "real")
    section = SourceSection(type="files", acl=("everyone",), uri="../mine/./")  # type: ignore[call-arg]

    listed = open_files(section, tmp_path / "project").list()

    assert listed.items["uri"].to_pylist() == [f"file://{tmp_path}/mine/a.md"]


def test_a_missing_folder_is_an_error_and_not_an_empty_source(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="nothing is deleted while it is away"):
        files(tmp_path / "unmounted").list()


def test_a_token_moves_with_the_time_and_not_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md")
    before = files(tmp_path).list().items["token"].to_pylist()
    again = files(tmp_path).list().items["token"].to_pylist()
    os.utime(path, (1, 1))

    assert before == again != files(tmp_path).list().items["token"].to_pylist()


def test_links_out_of_the_folder_loops_and_pipes_are_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.md")
    root = tmp_path / "root"
    write(root / "deep" / "a.md")
    (root / "out.md").symlink_to(secret)
    (root / "folder").symlink_to(secret.parent)
    (root / "deep" / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.md")

    assert keys(files(root)) == ["deep/a.md"]
    assert keys(files(root, follow_symlinks=True)) == ["deep/a.md", "out.md"]
    with pytest.raises(Rejected) as verdict:
        files(root, follow_symlinks=True).fetch("out.md")
    assert verdict.value.reason is Reason.OUTSIDE_ROOT
    with pytest.raises(Rejected):
        files(root).fetch("pipe.md")


@pytest.mark.parametrize(
    ("key", "reason"),
    [("gone.md", Reason.VANISHED), ("../a.md", Reason.OUTSIDE_ROOT), ("big.md", Reason.TOO_LARGE)],
)
def test_an_item_that_cannot_be_read_is_rejected_alone(tmp_path: Path, key: str, reason: Reason) -> None:
    root = tmp_path / "root"
    write(tmp_path / "a.md")
    write(root / "big.md", "x" * 100)

    with pytest.raises(Rejected) as verdict:
        files(root, max_bytes=10).fetch(key)

    assert verdict.value.reason is reason


def test_a_name_that_is_not_utf8_is_listed_and_read(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \\x41.md")
    (tmp_path / name).write_text("text")
    source = files(tmp_path)

    (key,) = keys(source)

    assert source.fetch(key) == b"text"
