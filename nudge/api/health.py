"""Endpoints /healthz, /readyz and /metrics, for operations; they need no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Response
from marshmallow import Schema, validate
from marshmallow import fields as ma
from prometheus_client import CONTENT_TYPE_LATEST

from nudge.api.memory_watch import EVICTS
from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.service import Service, current
from nudge.api.work_metrics import WorkCollector
from nudge.clock import now
from nudge.domain.journal.fold_name import FOLDS
from nudge.domain.slots.slot import SlotMode
from nudge.errors import InvalidConfigError, StoreError, StoreFullError
from nudge.flows.worklist.work_summary import OpenWork, summarise_work
from nudge.store.keeping.work_figures import WorkFigures

blueprint = resource("health", "Health and figures of the service")


class AliveSchema(Schema):
    """A sign of life of the process."""

    status = ma.String(required=True, validate=validate.Equal("ok"))


class ReadySchema(Schema):
    """Readiness of the process: its ability to decide, and the age of its data."""

    status = ma.String(required=True, validate=validate.OneOf(("ready", "degraded", "starting")))
    reason = ma.String(
        required=True,
        metadata={
            "description": "problem, as a word (`store_away`, `store_full`, `store_empty`, "
            "`store_older`, `store_other`, `store_nearly_full`, `publish_failing`, `no_slots`) "
            "and a sentence; empty without one"
        },
    )
    warnings = ma.List(
        ma.String(),
        required=True,
        metadata={
            "description": "what needs a person, and the cure; only a store that is nearly full "
            "and a slot that cannot publish are reasons for `degraded` among them"
        },
    )
    slots = ma.Integer(required=True)
    catalogue_age = ma.Float(
        required=True, allow_none=True, metadata={"description": "seconds; null before the first"}
    )
    lags = ma.Dict(
        keys=ma.String(),
        values=ma.Integer(),
        required=True,
        metadata={
            "description": "fold -> records that it has not read yet; empty without the right store"
        },
    )


NO_SLOTS: Final = (
    "no_slots: the store has no slot, so nothing can be decided; start `nudge work`, which applies "
    "config/slots to a new store, or run `nudge apply config/slots`"
)
AWAY: Final = "store_away: the store does not answer; decisions come from memory"
FULL: Final = (
    "store_full: the store has no memory or disk left to write; raise its limit ([store] "
    "max_memory), or lower journal_max_bytes; decisions come from memory"
)
FROZEN: Final = (
    "slot_frozen: {} is frozen and learns nothing; its audit says who did it and why; set its mode "
    "to live once that is settled"
)
UNPUBLISHED: Final = (
    "publish_failing: the learner of slot {} fails ({}), and its last policy stays; look for "
    "publish_failed in the worker's log"
)
TEXT: Final = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@operation(blueprint, "GET /healthz", name="getHealth", scopes=(), answers={200: AliveSchema})
def alive() -> Response:
    """Confirm that the process runs; the store's state plays no part."""
    return answer({"status": "ok"})


@operation(
    blueprint,
    "GET /readyz",
    name="getReadiness",
    scopes=(),
    answers={200: ReadySchema, 503: ReadySchema},
)
def ready() -> Response:
    """Report whether the process can answer decisions, and name the problem if there is one.

    `degraded` means that decisions come from memory, without the store; or that the store is not
    the known one: decisions are kept, and nothing is learned of them until it is accepted; or that
    a slot's learner fails: that slot goes on with its last policy; or that the store has little
    memory left: all goes on until it is full. `starting` means that nothing can be decided: nothing
    has been read of the store yet, or there is no slot.
    """
    service = current()
    lags = _lags(service)
    held = service.held
    able = bool(held.catalogue.slots)
    memory = _memory(service)
    failing = [UNPUBLISHED.format(*one) for one in held.catalogue.failing.items()]
    serious = [one for one in memory if one != EVICTS] + failing
    reason = _reason(service, away=lags is None) or next(iter(serious), "")
    if not able and held.read_at is not None:
        reason = reason or NO_SLOTS
    warnings = memory + failing + [FROZEN.format(name) for name in _frozen(service)]
    status = "starting" if not able else "degraded" if reason else "ready"
    # In a wrong store positions begin anew: how far folds lag there says nothing.
    told = {} if held.wrong else lags or {}
    if holidays := service.holidays.look(now()):
        warnings.append(holidays)
    if refused := _refused_merges(service):
        warnings.append(refused)
    body = {"slots": len(held.catalogue.slots), "catalogue_age": held.age, "lags": told}
    told_why = {"status": status, "reason": reason, "warnings": warnings}
    return answer(told_why | body, 200 if able else 503)


@operation(blueprint, "GET /metrics", name="getMetrics", scopes=(), answers={200: TEXT})
def figures() -> Response:
    """Return the figures for Prometheus: of the web processes, and of the work behind them."""
    service = current()
    missing = service.holidays.look(now())
    work = _work(service)
    alarms = _alarms(service, away=work is None) | {"holidays_missing": int(bool(missing))}
    lists = None if work is None else _lists(service)
    told = WorkCollector(work, service.configuration.revisions, alarms, lists).text()
    return Response(service.metrics.text() + told, content_type=CONTENT_TYPE_LATEST)


def _work(service: Service) -> WorkFigures | None:
    """Read the figures of the work; None if the store does not answer, or is not the known one."""
    try:
        slots = service.catalogue().slots
        # By the client of long answers: a scrape must not close the pages' own.
        return None if service.held.wrong else service.questions.store.work_figures.read(slots)
    except StoreError as error:
        service.metrics.store_errors.labels(error.code).inc()
        return None


def _lists(service: Service) -> Mapping[tuple[str, str], OpenWork] | None:
    """Read the open cases by team and kind; None if the store does not answer."""
    try:
        policy = service.configuration.worklist
        store = service.questions.store
        return summarise_work(store, policy, service.calendar, now()).by_team(policy)
    except StoreError as error:
        service.metrics.store_errors.labels(error.code).inc()
        return None
    except InvalidConfigError:
        return None  # `nudge check` says what is wrong with it


def _alarms(service: Service, *, away: bool) -> dict[str, int]:
    """Count the troubles of each kind; a kind without any is 0."""
    held = service.held
    return {
        "slot_frozen": len(_frozen(service)),
        "publish_failing": len(held.catalogue.failing),
        "no_slots": int(not held.catalogue.slots),
        "wrong_store": int(held.wrong is not None),
        "store_away": int(away and held.wrong is None),
    }


def _frozen(service: Service) -> list[str]:
    every = service.held.catalogue.slots.items()
    return [name for name, one in every if one.slot.mode == SlotMode.FROZEN]


def _reason(service: Service, *, away: bool) -> str:
    """Return the problem in public words: hosts and sockets, which errors name, stay private."""
    wrong, breaker = service.held.wrong, service.store.client.breaker
    if away or (breaker and breaker.is_open):
        full = breaker is not None and isinstance(breaker.cause, StoreFullError)
        return FULL if full else AWAY
    return f"{wrong.reason}: {wrong}" if wrong else ""


def _memory(service: Service) -> list[str]:
    try:
        return service.memory.look(service.store.memory)
    except StoreError:
        return []  # `reason` says so


def _refused_merges(service: Service) -> str:
    """Return a sentence about ids that gathered too many visitors; empty without any."""
    try:
        count = service.store.people.refused_merges()
    except StoreError:
        return ""  # `reason` says so
    if not count:
        return ""
    return (
        f"{count} merges of visitors were refused: an id or a number has more than "
        f"{service.settings.identity_most_visitors}; the log has merge_refused; correct what is "
        "sent, add the id to impossible_ids, or raise most_visitors"
    )


def _lags(service: Service) -> dict[str, int] | None:
    """Count the records that each fold has not read yet; None if the store does not answer."""
    try:
        service.catalogue()
        ends = {p: service.store.journal.last_position(p) for p in _partitions(service)}
        return {fold: _lag(service, fold, ends) for fold in FOLDS}
    except StoreError as error:
        service.metrics.store_errors.labels(error.code).inc()
        return None


def _lag(service: Service, fold: str, ends: dict[int, int]) -> int:
    found = [service.store.folds.read_fields(p, fold, "position")[0] for p in ends]
    # The ends were read first: a fold may be past them by now.
    return sum(
        max(0, end - int(position or 0)) for end, position in zip(ends.values(), found, strict=True)
    )


def _partitions(service: Service) -> list[int]:
    return list(service.store.keys.every_partition())
