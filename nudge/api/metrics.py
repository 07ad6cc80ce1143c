"""Figures for Prometheus: one registry an app, or the files of all web processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 1.0)
"""Seconds: fine where a page's budget lies."""


@dataclass(frozen=True)
class Metrics:
    """What a web process counts.

    Attributes:
        registry: of this app.
        decisions: answered, by slot and reason.
        events: by result.
        latency: seconds, by endpoint.
        store_errors: by code.
    """

    registry: CollectorRegistry
    decisions: Counter
    events: Counter
    latency: Histogram
    store_errors: Counter

    @classmethod
    def create(cls) -> Self:
        """New figures in a registry of their own, so that one process may hold several apps."""
        own = CollectorRegistry()
        return cls(
            registry=own,
            decisions=Counter(
                "nudge_decisions", "Decisions answered", ("slot", "reason"), registry=own
            ),
            events=Counter("nudge_events", "Events received", ("result",), registry=own),
            latency=Histogram(
                "nudge_request_seconds",
                "Seconds to answer",
                ("endpoint",),
                registry=own,
                buckets=BUCKETS,
            ),
            store_errors=Counter(
                "nudge_store_errors", "Calls that the store failed", ("code",), registry=own
            ),
        )

    def text(self) -> bytes:
        """The figures in Prometheus' text form: of all processes where they share a directory."""
        return generate_latest(_shared() if _multiprocess() else self.registry)


def _multiprocess() -> bool:
    # The library decides once, when it is imported, by PROMETHEUS_MULTIPROC_DIR.
    return values.ValueClass is not values.MutexValue


def _shared() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
