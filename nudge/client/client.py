"""The client of an operator's server: decisions within a budget, events that are not lost."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import orjson

from nudge.client.api import Api, Patience, RefusedError, ServiceAwayError, ServiceTarget
from nudge.client.breaker import Breaker
from nudge.client.delivery import PatientDelivery, Tell
from nudge.client.outbox import Message, Outbox
from nudge.client.page import PageDecisions, SlotDecision, default_page, read_answer
from nudge.clock import now
from nudge.errors import NudgeError

BUDGET: Final = 0.3
"""Seconds that a page waits for its decisions, repeats included."""
FACTS: Final = Patience(timeout=5.0, tries=6, backoff=0.2, refused=10.0, budget=15.0)
"""Of a call with facts: it may take some seconds, and is repeated under the same ids."""
SERVER_FAULT: Final = 500
LIMITED: Final = 429

log = logging.getLogger("nudge.client")


class Client:
    """A client of the service for an operator's server; share one between all threads.

    Args:
        url: base URL of the service, such as `http://127.0.0.1:8000`.
        key: API key with the scopes `decide` and `ingest`.
        defaults: slot -> value that is shown where the service does not decide in time.
        budget: seconds that a page waits.
        tell: takes problems in words; by default they are logged as warnings of `nudge.client`.
        most: events that wait in memory; beyond it `track` returns False.

    Raises:
        InvalidConfigError: the URL is none.
    """

    def __init__(
        self,
        url: str,
        key: str,
        defaults: Mapping[str, Any],
        *,
        budget: float = BUDGET,
        tell: Tell = log.warning,
        most: int = 20_000,
    ) -> None:
        target = ServiceTarget(url.rstrip("/"), key)
        self._defaults = dict(defaults)
        self._tell = tell
        quick = Patience(timeout=budget, tries=2, backoff=0.01, refused=0.0, budget=budget)
        self._pages = Api(target, quick)
        self._facts = Api(target, FACTS)
        self._breaker = Breaker()
        self._delivery = PatientDelivery(Api(target, Patience(tries=1, refused=0.0)), tell)
        self._outbox = Outbox(self._delivery, most=most)

    def __enter__(self) -> Self:
        """Use the client in a `with` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send what waits, and end."""
        self.close()

    def decide(
        self,
        visitor_id: str,
        slots: Sequence[str],
        *,
        channel: str = "web",
        page: str = "home",
        context: Mapping[str, Any] | None = None,
        device_token: str = "",
        msisdn: str = "",
    ) -> PageDecisions:
        """Return what to show in the slots of a page; within the budget, whatever happens.

        Args:
            visitor_id: of the visitor.
            slots: of the page; each needs a default.
            channel: `web`, `wap`, `app` or `miniprogram`.
            page: name of the page.
            context: what is known of the visit.
            device_token: that this device brought; empty for none.
            msisdn: the visitor's own number, if it is known.

        Raises:
            ValueError: a slot has no default.
        """
        names = tuple(slots)
        if missing := [one for one in names if one not in self._defaults]:
            raise ValueError(f"slot {missing[0]!r} has no default; give it to Client(defaults=...)")
        body = {
            "visitor_id": visitor_id,
            "channel": channel,
            "page": page,
            "slots": names,
            "context": context or {},
        }
        more = {"device_token": device_token, "msisdn": msisdn}
        body |= {name: value for name, value in more.items() if value}
        return self._page(names, body, device_token)

    def shown(self, decision: SlotDecision) -> bool:
        """Report that a decision was shown; return whether it waits to be sent.

        Nothing is reported of a default: the service did not decide it.
        """
        return self._about(decision, "shown")

    def clicked(self, decision: SlotDecision) -> bool:
        """Report that the visitor clicked what a decision showed."""
        return self._about(decision, "clicked")

    def track(self, kind: str, **fields: Any) -> bool:  # noqa: ANN401 (each type has its own)
        """Report an event, in the background; return False where too many wait already.

        It waits in memory: what has to survive this process goes through `send`.

        Args:
            kind: type of the event, such as `step` or `feedback`.
            fields: `visitor_id` or `decision_id`, and the type's own.

        Raises:
            ValueError: a field is no JSON, such as a date.
        """
        given = {"event_id": uuid.uuid4().hex, "type": kind, "at": round(now(), 3)} | fields
        try:
            orjson.dumps(given)
        except TypeError as error:
            raise ValueError(f"an event {kind!r} cannot be sent as JSON: {error}") from error
        return self._outbox.offer(given)

    def send(self, *events: Message) -> Mapping[str, Any]:
        """Send facts, such as `paid`, and return what became of them.

        Mark a fact as sent after this returned. Sending it again under its id is safe.

        Args:
            events: each with `event_id`, `type`, `visitor_id` or `decision_id`, and its own fields.

        Returns:
            `accepted`, `duplicates` and `rejected`, as the service answers.

        Raises:
            ServiceAwayError: nothing answers; send them again later, with the same ids.
            RefusedError: the service refuses the call as a whole.
        """
        answer: Mapping[str, Any] = self._facts.post("/v1/events", {"events": list(events)})
        return answer

    def close(self) -> tuple[Message, ...]:
        """Send what waits, once; return the events that could not be sent."""
        self._delivery.closing.set()
        try:
            self._outbox.close()
        except NudgeError as error:
            unsent = self._outbox.unsent
            self._tell(f"{len(unsent)} events were not sent: {error}")
            return unsent
        return ()

    def _page(self, names: tuple[str, ...], body: object, token: str) -> PageDecisions:
        if not self._breaker.allows():
            return default_page(names, self._defaults, "the service did not answer before", token)
        try:
            found = read_answer(names, self._pages.post("/v1/decisions", body))
        except (NudgeError, KeyError, TypeError) as error:
            self._breaker.note(failed=_is_outage(error))
            self._tell(f"defaults are shown: {error}")
            return default_page(names, self._defaults, str(error), token)
        self._breaker.note(failed=False)
        return found

    def _about(self, decision: SlotDecision, kind: str) -> bool:
        if decision.is_default:
            return False
        return self.track(kind, decision_id=decision.decision_id)


def _is_outage(error: Exception) -> bool:
    """Return whether the next call would probably fail as well, and take its time for it."""
    if isinstance(error, RefusedError):
        return error.status >= SERVER_FAULT or error.status == LIMITED
    return isinstance(error, ServiceAwayError)
