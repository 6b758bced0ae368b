"""Telling owners of wrong citations: a POST to the address that `serve.report_url` names, if there is one."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from flows.serving.metrics import Metrics

LOG = logging.getLogger("headwater.serving")
TIMEOUT_S = 5.0
MOST = 100
"""Reports that may be on their way at once; the log of feedback has them all."""
TOLD = ("feedback_id", "context_id", "at", "owner", "uri", "document_id", "citation", "labeler", "comment")
"""What a report says: nothing of the question, nor of what else was cited."""


class Reports:
    """Posts reports beside the requests; one that does not arrive is counted, and stays in the log."""

    def __init__(self, url: str | None, metrics: Metrics) -> None:
        self._url, self._metrics = url, metrics
        self._sending: set[asyncio.Task[None]] = set()

    def tell(self, row: dict[str, Any]) -> None:
        """Send a report of a wrong citation, unless no address is configured."""
        if self._url is None or row["kind"] != "wrong_citation":
            return
        if len(self._sending) >= MOST:
            self._metrics.reports.labels("dropped").inc()
            return
        task = asyncio.create_task(self._post(self._url, row))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _post(self, url: str, row: dict[str, Any]) -> None:
        import httpx

        told = {name: row[name] for name in TOLD} | {"at": row["at"].isoformat()}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                (await client.post(url, json=told)).raise_for_status()
        except httpx.HTTPError as problem:
            self._metrics.reports.labels("failed").inc()
            LOG.warning("a report of a wrong citation did not arrive: %s", type(problem).__name__)
        else:
            self._metrics.reports.labels("sent").inc()
