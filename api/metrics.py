"""Prometheus metrics: is it slow, is it behind, is it wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Set by `api.server` for several workers: each writes its counts there, whichever is asked adds them up."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one worker. `gauges` gives the values that are read when asked for: name -> (description, value)."""

    def __init__(self, gauges: Callable[[], dict[str, tuple[str, float]]]) -> None:
        own = CollectorRegistry()
        self.requests = Counter("sidik_requests", "Requests answered", ("method", "route", "status"), registry=own)
        self.seconds = Histogram("sidik_request_seconds", "Time to answer", ("route",), registry=own, buckets=SECONDS)
        self.checks = Counter("sidik_checks", "Checks made", ("verdict",), registry=own)
        self.check_seconds = Histogram("sidik_check_seconds", "Time of the check itself", registry=own, buckets=SECONDS)
        self.articles = Counter("sidik_articles_put", "Articles taken in", ("change",), registry=own)
        self.refused = Counter("sidik_refused", "Requests refused for overload or overrun", registry=own)
        self.errors = Counter("sidik_errors", "Requests that failed on our side", registry=own)
        self.running = Gauge("sidik_requests_running", "Requests being answered", registry=own, multiprocess_mode="livesum")
        self._registry = own
        if os.environ.get(MULTIPROCESS):
            self._registry = CollectorRegistry()
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]  # the library leaves it unannotated
        self._registry.register(_Read(gauges))

    def checked(self, verdict: str, seconds: float) -> None:
        """A check was made, in so many seconds."""
        self.checks.labels(verdict).inc()
        self.check_seconds.observe(seconds)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _Read(Collector):
    def __init__(self, gauges: Callable[[], dict[str, tuple[str, float]]]) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        for name, (description, value) in self._gauges().items():
            yield GaugeMetricFamily(f"sidik_{name}", description, value=value)
