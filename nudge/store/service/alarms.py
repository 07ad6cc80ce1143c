"""Alarms in the store: the current form of each, those not resolved, and the monitors' state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from nudge.domain.alarms.alarm import Alarm, AlarmStatus
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

MOST: Final = 1000
"""The most alarms of one answer."""


@dataclass(frozen=True)
class StoredAlarm:
    """An alarm at a revision: it rises by one with every change.

    Attributes:
        revision: 0 before it was first written.
    """

    alarm: Alarm
    revision: int = 0


@dataclass(frozen=True)
class Judgement:
    """The state of the monitors behind a minute.

    Attributes:
        minute: since the epoch, up to which everything is judged; 0 before the first.
        state: of the detectors, as bytes.
        generation: rises when the state is made anew: who had read another one is refused.
    """

    minute: int = 0
    state: bytes = b""
    generation: int = 0


@dataclass(frozen=True)
class Alarms:
    """The alarms of an installation, and the state of the monitors that open them."""

    client: Client
    keys: Keys

    def acquire(self, owner: str, ttl: float) -> bool:
        """Take the turn to judge for `ttl` seconds, or keep one's own; False if another has it.

        It spares work and protects nothing: `settle` names the minute that it begins at.
        """
        lease = [self.keys.config("judgement")]
        return self.client.run("lease", lease, [owner, int(ttl * 1000)]) is not None

    def release(self, owner: str) -> None:
        """Give the turn back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.config("judgement")], [owner, 0])

    def judgement(self) -> Judgement:
        """Read the state of the monitors."""
        names = ("minute", "state", "generation")
        minute, state, number = self.client.call("HMGET", self.keys.config("judgement"), *names)
        return Judgement(int(minute or 0), state or b"", int(number or 0))

    def read(self, alarm_id: str) -> StoredAlarm | None:
        """Read one alarm; None where there is none of that id."""
        text = self.client.call("HGET", self.keys.config("alarms"), alarm_id)
        return None if text is None else _stored(text)

    def unresolved(self) -> list[StoredAlarm]:
        """Return every alarm that is not resolved, the newest first."""
        ids = self.client.call("ZREVRANGE", self.keys.config("alarms_open"), 0, -1)
        return self._each(ids)

    def recent(self, since: float = 0.0, most: int = MOST) -> list[StoredAlarm]:
        """Return the alarms with a step at or after a moment, the latest first.

        Args:
            since: seconds since the epoch.
            most: how many of them.
        """
        key = self.keys.config("alarm_times")
        ids = self.client.call("ZREVRANGEBYSCORE", key, "+inf", since, "LIMIT", 0, most)
        return self._each(ids)

    def put(self, changed: StoredAlarm) -> bool:
        """Write an alarm if its revision is still the one that was read; others get False.

        Args:
            changed: the new alarm, with the revision that it replaces; 0 for a new one.
        """
        return self._settle(["", "", "", "", ""], [changed])

    def settle(self, before: int, after: Judgement, changed: Sequence[StoredAlarm]) -> bool:
        """Write the monitors' state and all changed alarms in one step; False if nothing was.

        Args:
            before: minute of the judgement that `after` follows, in the same generation.
            after: state behind the minutes judged.
            changed: alarms, each with the revision that it replaces.
        """
        same = after.generation
        return self._settle([before, after.minute, after.state, same, same], changed)

    def replace(self, before: Judgement, after: Judgement) -> bool:
        """Write a state that was made anew, as the next generation; False if it moved meanwhile.

        Args:
            before: as it was read.
            after: instead of it.
        """
        number = before.generation
        return self._settle([before.minute, after.minute, after.state, number, number + 1], [])

    def _settle(self, head: list[Arg], changed: Sequence[StoredAlarm]) -> bool:
        families = ("alarms", "alarm_times", "alarms_open", "judgement")
        args = list(head)
        for one in changed:
            told = orjson.dumps({"revision": one.revision + 1, "alarm": one.alarm.plain})
            resolved = one.alarm.status(one.alarm.opened) is AlarmStatus.RESOLVED
            args += [one.alarm.id, one.revision, told, repr(_last(one.alarm)), str(int(resolved))]
        return bool(
            self.client.run("settle_alarms", [self.keys.config(name) for name in families], args)
        )

    def _each(self, ids: Sequence[bytes]) -> list[StoredAlarm]:
        if not ids:
            return []
        found = self.client.call("HMGET", self.keys.config("alarms"), *ids)
        return [_stored(text) for text in found if text is not None]


def _last(alarm: Alarm) -> float:
    """Return the second of the last step."""
    return alarm.steps[-1].at if alarm.steps else alarm.opened


def _stored(text: bytes) -> StoredAlarm:
    plain = orjson.loads(text)
    return StoredAlarm(Alarm.read(plain["alarm"]), plain["revision"])
