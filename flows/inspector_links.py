"""Links from the Prefect UI into the inspector page, where it is served."""

from __future__ import annotations

import urllib.error
import urllib.request
from http import HTTPStatus

from flows.workspace import Workspace

ANSWER_S = 0.5


def inspector_url(workspace: Workspace) -> str | None:
    """Return where the project's inspector page is served; None where nothing answers there."""
    section = workspace.opened.project.serve
    url = f"http://{section.host}:{section.port}/"
    try:
        with urllib.request.urlopen(url + "healthz", timeout=ANSWER_S) as answer:  # noqa: S310 - the project's own address
            return url if answer.status == HTTPStatus.OK else None
    except (urllib.error.URLError, OSError, ValueError):
        return None


def linked(text: str, base: str | None, place: str) -> str:
    """Return a text as a Markdown link into the page, or as it is where there is none."""
    return f"[{text}]({base}#{place})" if base else text
