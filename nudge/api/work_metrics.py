"""Figures of the work behind the pages, for Prometheus: read from the store at each scrape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from nudge.domain.people.room import Dropped
from nudge.flows.worklist.work_summary import OpenWork
from nudge.store.keeping.care_figures import CareFigures
from nudge.store.keeping.work_figures import WorkFigures


@dataclass(frozen=True, eq=False)  # a registry hashes its collectors
class WorkCollector(Collector):
    """The collector of one scrape.

    Attributes:
        work: None while the store does not answer: its families have no sample then.
        revisions: document of the configuration -> revision that this process follows.
        alarms: kind of trouble -> how many there are.
        lists: team and kind -> open cases of work lists; None where they are not known.
    """

    work: WorkFigures | None
    revisions: Mapping[str, int]
    alarms: Mapping[str, int]
    lists: Mapping[tuple[str, str], OpenWork] | None = None

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield each family."""
        yield _by("nudge_alarms", "Troubles that need a person", "kind", self.alarms.items())
        yield _by(
            "nudge_configuration_revision",
            "Revision of each applied document",
            "document",
            self.revisions.items(),
        )
        if self.work is None:
            return
        folds, waits = self.work.folds.items(), self.work.jobs.items()
        entries = [(name, one.entries) for name, one in folds]
        seconds = [(name, one.seconds) for name, one in folds]
        held = [(name, one.partitions) for name, one in folds]
        up = [(name, int(one.partitions > 0)) for name, one in folds]
        yield _by("nudge_fold_lag_entries", "Records that a fold has not read", "fold", entries)
        yield _by("nudge_fold_lag_seconds", "Age of the oldest of them", "fold", seconds)
        yield _by("nudge_fold_partitions", "Partitions held by living workers", "fold", held)
        yield _by("nudge_worker_up", "1 while a worker runs the fold", "fold", up)
        published, notices = self.work.published.items(), self.work.notices.items()
        yield _by("nudge_publish_age_seconds", "Age of a slot's policy", "slot", published)
        yield _one(
            "nudge_archive_age_seconds",
            "Age of the oldest record that is not in the lake",
            self.work.folds["archive"].seconds,
        )
        yield _by("nudge_jobs", "Questions for the report worker", "state", waits)
        yield _by("nudge_notices", "Notices by the outcome of the last try", "outcome", notices)
        yield _dropped(self.work.dropped)
        yield from _care(self.work.care)
        yield from _lists(self.lists or {})
        planning = "1 while many visitors are planned for"
        yield _one("nudge_planner_busy", planning, float(self.work.planning))


def _care(care: CareFigures) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    opened = CounterMetricFamily("nudge_warnings_opened", "Warnings opened", labels=["level"])
    for level, count in care.opened.items():
        opened.add_metric([level], count)
    yield opened
    yield _by("nudge_warnings_open", "Warnings not closed", "level", care.unclosed.items())
    late, oldest = "Time since a delayed rule was due", "Age of the oldest warning not closed"
    yield _one("nudge_warnings_late_seconds", late, care.late)
    yield _one("nudge_warnings_oldest_open_seconds", oldest, care.oldest)
    yield CounterMetricFamily("nudge_texts_read", "Texts of feedback", value=care.texts)
    yield CounterMetricFamily("nudge_texts_heard", "Texts with words found", value=care.heard)


def _lists(lists: Mapping[tuple[str, str], OpenWork]) -> Iterator[GaugeMetricFamily]:
    labels = ("team", "kind")
    several = GaugeMetricFamily("nudge_worklist_open", "Cases not closed", labels=labels)
    overdue = GaugeMetricFamily("nudge_worklist_overdue", "Cases past their time", labels=labels)
    text = "Age of the oldest case not closed"
    oldest = GaugeMetricFamily("nudge_worklist_oldest_open_seconds", text, labels=labels)
    for named, one in sorted(lists.items()):
        several.add_metric(named, one.open)
        overdue.add_metric(named, one.overdue)
        oldest.add_metric(named, one.oldest)
    yield from (several, overdue, oldest)


def _by(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


def _dropped(counts: Iterable[Dropped]) -> CounterMetricFamily:
    text = "What left visitors' states for lack of room, before its time"
    family = CounterMetricFamily("nudge_dropped", text, labels=["what", "source"])
    for one in counts:
        family.add_metric([one.what, one.source], one.times)
    return family


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
