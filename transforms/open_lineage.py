"""OpenLineage events: a run told in the open format, so that catalogs draw where released data comes from.

The format is https://openlineage.io/spec/2-0-2/OpenLineage.json; only what an ingest knows is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Event = Literal["START", "COMPLETE", "FAIL"]
PRODUCER = "urn:headwater:ingest"
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = "https://openlineage.io/spec/facets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The run that events are about; `run_id` is a UUID, which the format asks for."""

    run_id: str
    project: str
    source: str
    reads: str
    """Where the source is: the address its items are under."""
    store: str
    """Where the tables are."""


def event(told: Told, kind: Event, at: datetime, run: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return one event; with the report of a run that has ended, what it published or what stopped it."""
    facets: dict[str, Any] = {}
    outputs: list[dict[str, Any]] = []
    if run is not None and run["refused"]:
        message = f"{run['refused']['detail']}; {run['refused']['state']}; {run['refused']['fix']}"
        facets["errorMessage"] = _facet(
            "1-0-1/ErrorMessageRunFacet", message=message, programmingLanguage="python"
        )
    if run is not None:
        facets["headwater"] = _facet(None, run_id=run["run_id"], state=run["state"], items=run["items"])
    if run is not None and run["published"]:
        version = _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=str(run["release"]))
        written = _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=_written(run))
        outputs = [
            {
                "namespace": told.store,
                "name": "documents",
                "facets": {"version": version},
                "outputFacets": {"outputStatistics": written},
            }
        ]
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "run": {"runId": told.run_id, "facets": facets},
        "job": {"namespace": told.project, "name": f"ingest.{told.source}", "facets": {}},
        "inputs": [{"namespace": told.project, "name": told.reads, "facets": {}}],
        "outputs": outputs,
        "producer": PRODUCER,
        "schemaURL": SPEC,
    }


def _written(run: Mapping[str, Any]) -> int:
    return int(run["documents"].get("added", 0)) + int(run["documents"].get("updated", 0))


def _facet(schema: str | None, **fields: Any) -> dict[str, Any]:
    """A facet of the format, or one of our own."""
    url = SPEC.replace("RunEvent", "RunFacet")
    if schema is not None:
        url = f"{FACETS}/{schema}.json"
    return {"_producer": PRODUCER, "_schemaURL": url, **fields}
