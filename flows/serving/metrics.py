"""What Prometheus is told: requests, overload, the stages of a context, and what the log lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from flows.serving.admission import Admission
    from schemas.context import Context

SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters of one server, in a registry of their own. Nothing here counts documents."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("requests", "Answered requests.", "method", "route", "status")
        self.failures = self._counter("failures", "Errors that nobody foresaw; the log has them.", "route")
        self.seconds = Histogram(
            "headwater_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "headwater_context_stage_seconds",
            "Stages of assembling a context.",
            ("stage",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.contexts = self._counter("contexts", "Contexts served.", "interface", "answerable")
        self.logged = self._counter("interactions_logged", "Interactions written to the log.")
        self.dropped = self._counter("interactions_dropped", "Interactions that the log lost.", "why")
        self.reports = self._counter("reports", "Reports of wrong citations to `serve.report_url`.", "result")
        self.release = self._gauge("release", "The newest release that a request has seen.")
        self.working = self._gauge("requests_working", "Requests that are worked on.")
        self.waiting = self._gauge("requests_waiting", "Requests that wait for a turn.")
        self.open = self._gauge("requests_open", "Requests that are not answered yet.")
        self.pending = self._gauge("interactions_pending", "Interactions that are not written yet.")
        for why in ("full", "failed"):
            self.dropped.labels(why)

    def watch(self, admission: Admission) -> None:
        """Read how many requests are worked on and wait when Prometheus asks."""
        self.working.set_function(lambda: admission.working)
        self.waiting.set_function(lambda: admission.waiting)

    def served(self, context: Context, interface: str) -> None:
        """Count a context that was served."""
        self.contexts.labels(interface, str(context.answerable).lower()).inc()
        self.release.set(context.release)
        for stage, took_ms in context.timings_ms.items():
            self.stages.labels(stage).observe(took_ms / 1000)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"headwater_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"headwater_{name}", what, registry=self.registry)
