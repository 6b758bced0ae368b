"""A source of one's own, as a project file names it: it shows every other file, and says it may lack some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from infra.sources import Listing
from infra.sources.files import Files
from schemas.project import FilesOptions, SourceSection


class Half(Files):
    """A folder of which only half can be seen."""

    def list(self) -> Listing:
        """Return every other file."""
        listing = super().list()
        return replace(listing, items=listing.items.take([*range(1, len(listing.items), 2)]), complete=False)


def open_half(section: SourceSection, root: Path) -> Half:
    """Open a folder."""
    options = FilesOptions.model_validate(section.options)
    return Half(root / options.uri, options)
