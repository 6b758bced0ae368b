"""Getting ready for the first question, beside whatever else a server does at its start."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress

from flows.stages.assembling import assembled_from
from flows.stages.retrieving import retrieve
from flows.workspace import Workspace
from infra.store import releases
from schemas.context import ContextRequest
from schemas.errors import HeadwaterError

LOG = logging.getLogger("headwater.serving")
QUESTION = "What is this about?"


def start_warming(workspace: Workspace) -> Future[bool]:
    """Begin to load the model, the store and its indices; the result: whether a question can be answered."""
    told: Future[bool] = Future()
    threading.Thread(target=_load_models, args=(workspace,), name="models", daemon=True).start()
    threading.Thread(target=_tell, args=(workspace, told), name="warming", daemon=True).start()
    return told


def warm(workspace: Workspace) -> bool:
    """Load what a question needs, and tell whether one can be answered; no function of a view is asked."""
    with suppress(HeadwaterError):
        if releases.current(workspace.store) is None:
            return False
        request = ContextRequest(question=QUESTION)
        assembled_from(workspace, request, retrieve(workspace, request))
        return True
    return False


def _tell(workspace: Workspace, told: Future[bool]) -> None:
    told.set_running_or_notify_cancel()  # whoever waits and is canceled does not cancel it for the others
    try:
        told.set_result(warm(workspace))
    except Exception:
        LOG.exception("getting ready failed")
        told.set_result(False)


def _load_models(workspace: Workspace) -> None:
    """Load the models of the project's indexes; those of releases are the same nearly always."""
    with suppress(HeadwaterError):
        for index in workspace.indexes.values():
            workspace.embedder(index)
