"""A passage always has a label."""

import pytest

from flows.labels import label


@pytest.mark.parametrize(
    ("title", "heading", "uri", "told"),
    [
        ("Guide", "Setup > Linux", "file:///a/guide.md", "Guide > Setup > Linux"),
        ("Küche", "", "file:///a/k.md", "Küche"),
        (None, "Setup", "file:///a/guide.md", "Setup"),
        (None, "", "file:///a/tickets.csv#17", "tickets.csv#17"),
        (None, "", "file:///a/K%C3%BCche%202.txt", "Küche 2.txt"),
    ],
)
def test_a_passage_without_title_and_heading_is_called_by_its_file_and_record(
    title: str | None, heading: str, uri: str, told: str
) -> None:
    assert label(title, heading, uri) == told
