"""What is done without being asked: maintenance, and telling somebody when something needs a person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.section import Schedule, Section

Alert = Literal["freshness", "quarantine", "refused", "crashed"]

FRESHNESS_PASSED = "headwater.freshness.passed"
"""Event: a source has not been brought up to date within its `max_age`."""
QUARANTINE_ABOVE = "headwater.quarantine.above"
"""Event: more of a source was rejected than the policy allows."""


class AlertsSection(Section):
    """Where alerts go, and which."""

    to: Annotated[str, Field(pattern=r"^(\$\{\w+\}|[a-z0-9+.-]+://\S+)$")]
    """A webhook (https://...) that gets JSON, or an Apprise address, such as mailtos://... or slack://..."""
    on: tuple[Alert, ...] = ("freshness", "quarantine", "refused", "crashed")
    """A max_age passed; too much rejected; a gate refused; a run that crashed, failed or takes a day."""


class OperationsSection(Section):
    """What `headwater deploy` registers beside the sources."""

    maintain: Schedule | None = Schedule(every_s=86_400)
    """When the store is thinned out and compacted; null for never."""
    freshness: Schedule | None = Schedule(every_s=900)
    """How often it is judged whether each source is fresh, and alerts are raised; null for never."""
    alerts: AlertsSection | None = None
    open_lineage: str | None = None
    """Where OpenLineage events of each ingest go: an http(s) address, or a file that grows by a line each."""
