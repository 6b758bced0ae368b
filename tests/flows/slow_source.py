"""A source of one's own that never gets to the end of its listing."""

from __future__ import annotations

import time
from pathlib import Path

from infra.sources import Listing
from infra.sources.files import Files
from schemas.project import FilesOptions, SourceSection

LISTING = "listing"
"""The file beside the project that appears when the listing begins."""


class Slow(Files):
    """A folder that takes minutes to list."""

    def list(self) -> Listing:
        """Sleep."""
        Path(LISTING).touch()
        time.sleep(120)
        return super().list()


def open_slow(section: SourceSection, root: Path) -> Slow:
    """Open a folder."""
    options = FilesOptions.model_validate(section.options)
    return Slow(root / options.uri, options)
