"""What Word documents and presentations share: how they are opened, and which title is the author's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from schemas.quarantine import Reason, Rejected
from transforms.parsers.zips import open_zip

NO_TITLE = re.compile(
    r"(microsoft (word|powerpoint) - .*|.*\.(docx?|dotx?|pptx?|potx?|odt|odp|rtf|pdf)|(word )?document\s*\d*"
    r"|(powerpoint )?presentation\s*\d*|slide 1|untitled)",
    re.IGNORECASE,
)
"""What programs write into the title property by themselves, file names most of all."""


def open_office(load: Callable[[Any], Any], content: bytes, *, name: str) -> Any:
    """Return the file that `load` makes of the bytes.

    Raises Rejected(CORRUPT) when they are no such file, Rejected(TOO_LARGE) when they are a zip bomb.
    """
    open_zip(content).close()
    try:
        return load(io.BytesIO(content))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged package fails in a dozen ways, all of them while loading
        raise Rejected(Reason.CORRUPT, f"not a {name}: {type(error).__name__}: {error}") from None


def own_title(file: Any) -> str | None:
    """Return the title property when the author wrote it, None when a program did."""
    title = " ".join((file.core_properties.title or "").split())
    return None if not title or NO_TITLE.fullmatch(title) else title
