"""Figures for Prometheus, from one registry an app or the files of all web processes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 1.0)
"""Bounds of the latency histogram in seconds, finest around a page's budget."""


@dataclass(frozen=True)
class SpoolMetrics:
    """Figures of the spools, over all living web processes that share a directory.

    Attributes:
        taken: records put into the spool.
        refused: calls whose records the spool refused: it was full, or the disk failed.
        drained: records that were new to the journal when they came out of it.
        pending: records that wait in the files of living processes.
        used: share of its space that the fullest one uses, in [0, 1].
        away: 1 while a process answers without the store.
    """

    taken: Counter
    refused: Counter
    drained: Counter
    pending: Gauge
    used: Gauge
    away: Gauge

    @classmethod
    def create(cls, own: CollectorRegistry) -> Self:
        """Create the figures in a registry."""
        return cls(
            taken=Counter("nudge_spooled", "Records put into the spool", registry=own),
            refused=Counter("nudge_spool_refused", "Calls that the spool refused", registry=own),
            drained=Counter("nudge_spool_drained", "Records replayed from the spool", registry=own),
            pending=_gauge("nudge_spool_pending", "Records that wait in the spool", "sum", own),
            used=_gauge("nudge_spool_used_ratio", "Space used by the fullest spool", "max", own),
            away=_gauge("nudge_store_away", "1 while a process has no store", "max", own),
        )


@dataclass(frozen=True)
class MemoryMetrics:
    """Figures of the store's memory, as the processes saw it last.

    Attributes:
        used: bytes.
        ratio: used share of its limit, in [0, 1]; 0 where it has none.
    """

    used: Gauge
    ratio: Gauge

    @classmethod
    def create(cls, own: CollectorRegistry) -> Self:
        """Create the figures in a registry."""
        return cls(
            used=_gauge("nudge_store_memory_bytes", "Memory that the store uses", "max", own),
            ratio=_gauge("nudge_store_memory_ratio", "Share of its limit", "max", own),
        )


@dataclass(frozen=True)
class Metrics:
    """Figures of a web process.

    Attributes:
        registry: registry of this app.
        decisions: decisions answered, by slot and reason.
        events: events received, by result.
        large_amounts: events whose amount is far above all that is on sale.
        latency: seconds to answer, by endpoint.
        store_errors: calls that the store failed, by code.
        degraded: decisions answered without the visitor's state, by slot.
        frozen: 1 for a slot that is frozen, 0 for another, as this process serves it.
        holidays_missing: years whose days off the contact policy lacks.
        unreadable: visitors' states that could not be read, so that their visitors were new ones.
        numbers_masked: phone numbers that were masked in free words, by endpoint.
        sms_replies: replies to SMS, by whether they refuse; a repeated one counts again.
        unpublished: 1 for a slot whose learner fails, so that it goes on with an old policy.
        refused: visitors, events and calls beyond the limits, by whose limit it was and by kind.
        spool: figures of the spool.
        memory: figures of the store's memory.
    """

    registry: CollectorRegistry
    decisions: Counter
    events: Counter
    large_amounts: Counter
    latency: Histogram
    store_errors: Counter
    degraded: Counter
    frozen: Gauge
    holidays_missing: Gauge
    unreadable: Counter
    numbers_masked: Counter
    sms_replies: Counter
    unpublished: Gauge
    refused: Counter
    spool: SpoolMetrics
    memory: MemoryMetrics

    @classmethod
    def create(cls) -> Self:
        """Create the figures in a registry of their own, so a process may hold several apps."""
        own = CollectorRegistry()
        return cls(
            registry=own,
            decisions=Counter(
                "nudge_decisions", "Decisions answered", ("slot", "reason"), registry=own
            ),
            events=Counter("nudge_events", "Events received", ("result",), registry=own),
            large_amounts=Counter(
                "nudge_large_amounts",
                "Events with an amount far above the largest on sale",
                registry=own,
            ),
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
            degraded=Counter(
                "nudge_degraded_decisions",
                "Decisions answered without the visitor's state",
                ("slot",),
                registry=own,
            ),
            frozen=_slot_gauge("nudge_slot_frozen", "1 while a slot is frozen", own),
            unpublished=_slot_gauge(
                "nudge_publish_failing", "1 while a slot's learner cannot publish", own
            ),
            holidays_missing=_gauge(
                "nudge_holidays_missing_years", "Years whose days off are not listed", "max", own
            ),
            refused=Counter("nudge_refused", "Refused for a limit", ("by", "kind"), registry=own),
            unreadable=Counter(
                "nudge_states_unreadable", "Visitors' states that could not be read", registry=own
            ),
            numbers_masked=Counter(
                "nudge_numbers_masked",
                "Phone numbers masked in free words",
                ("endpoint",),
                registry=own,
            ),
            sms_replies=Counter(
                "nudge_sms_replies",
                "Replies to SMS that came in, by what they say",
                ("kind",),
                registry=own,
            ),
            spool=SpoolMetrics.create(own),
            memory=MemoryMetrics.create(own),
        )

    @cached_property
    def _counters(self) -> dict[tuple[str, str], Counter]:
        """(Slot, reason) -> its counter: finding it by labels costs more than counting."""
        return {}

    def count_decision(self, slot: str, reason: str, times: int = 1) -> None:
        """Count decisions of a slot that were made for a reason."""
        counter = self._counters.get((slot, reason))
        if counter is None:
            counter = self._counters[slot, reason] = self.decisions.labels(slot, reason)
        counter.inc(times)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format, over processes that share a directory."""
        return generate_latest(_shared_registry() if _multiprocess() else self.registry)


def _gauge(name: str, text: str, over: Literal["sum", "max"], own: CollectorRegistry) -> Gauge:
    """Create a gauge that ignores dead processes."""
    mode: Literal["livesum", "livemax"] = "livesum" if over == "sum" else "livemax"
    return Gauge(name, text, registry=own, multiprocess_mode=mode)


def _slot_gauge(name: str, text: str, own: CollectorRegistry) -> Gauge:
    """Create a gauge by slot that ignores dead processes."""
    return Gauge(name, text, ("slot",), registry=own, multiprocess_mode="livemax")


def _multiprocess() -> bool:
    # The library decides once, when it is imported, by PROMETHEUS_MULTIPROC_DIR.
    return values.ValueClass is not values.MutexValue


def _shared_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
