"""/healthz, /readyz and /metrics: for those who run the server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from flows.serving.callers import Administers, Served
from flows.serving.problems import Problem, answer

router = APIRouter(tags=["operation"])
NOT_READY = Problem(
    status=503,
    code="not_ready",
    detail="the model and the newest release are not loaded yet",
    fix="wait; where nothing has been published yet, run `headwater ingest`",
    headers={"Retry-After": "1"},
)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the server is alive at all."""
    return {"status": "ok"}


@router.get("/readyz", response_model=dict[str, str])
async def readyz(serving: Served) -> Any:
    """Whether a question is answered without waiting for anything to be loaded."""
    return {"status": "ready"} if await serving.is_ready() else answer(NOT_READY)


@router.get("/metrics", response_class=Response)
async def metrics(serving: Served, _caller: Administers) -> Response:
    """Counters in Prometheus' text format."""
    return Response(serving.metrics.text(), media_type=CONTENT_TYPE_LATEST)
