"""Records by which watches, signals and steps follow a visitor who turned out to be another. Pure.

Each has an id made of the place of its cause, so that sending it again changes nothing.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import msgpack

from nudge.domain.care.signal import Signal
from nudge.domain.care.watch import NOTHING, Watch, decode_watch, encode_watch
from nudge.domain.journal.care_events import ENGINE, FOLLOWED, SIGNAL_MOVED, WATCH_MOVED
from nudge.domain.journal.records import Event, JournalEntry

_WATCH: Final = "watch"
_SIGNAL: Final = "signal"


def moved_watch_event(entry: JournalEntry, to: str, watch: Watch) -> Event:
    """Return the record that brings a watch to another subject.

    Args:
        entry: its cause.
        to: subject that the watch goes to.
        watch: of the subject that leaves.
    """
    content = base64.b85encode(encode_watch(watch)).decode()
    return _moved(entry, to, WATCH_MOVED, _WATCH, content)


def leaving_watch(watch: Watch, subject: str) -> Watch:
    """Return what goes with a subject that leaves: facts follow by `attribute`.

    Args:
        watch: of the subject.
        subject: noted with each warning, so that a split can bring it back.
    """
    past = tuple(one._replace(came_from=subject) for one in watch.past)
    return watch._replace(facts=b"", look=None, past=past, into=None)


def returning_watch(watch: Watch, subject: str) -> tuple[Watch, Watch]:
    """Return the watch of who stays in a split, and what goes back to the subject that left.

    A delay says not whose it was: it stays.
    """
    back = tuple(one._replace(came_from="") for one in watch.past if one.came_from == subject)
    rest = tuple(one for one in watch.past if one.came_from != subject)
    return watch._replace(past=rest), NOTHING._replace(touched=watch.touched, past=back)


def moved_watch(event: Event) -> Watch:
    """Return the watch in a record of `moved_watch_event`."""
    return decode_watch(base64.b85decode(str(event.fields[_WATCH])))


def moved_signal_event(entry: JournalEntry, to: str, signal: Signal) -> Event:
    """Return the record that brings a signal which came for a subject that had left.

    Args:
        entry: of the signal.
        to: subject that the signal goes to.
        signal: with its own time.
    """
    packed: bytes = msgpack.packb(signal)
    return _moved(entry, to, SIGNAL_MOVED, _SIGNAL, base64.b85encode(packed).decode())


def moved_signal(event: Event) -> Signal:
    """Return the signal in a record of `moved_signal_event`."""
    content = base64.b85decode(str(event.fields[_SIGNAL]))
    return Signal(*msgpack.unpackb(content, use_list=False))


def moved_step_event(step: Event, to: str) -> Event:
    """Return the record that tells another subject of a person's step on a case.

    Args:
        step: record of the step, or of its move to the subject before.
        to: subject to whom the case's visitor turned out to be.
    """
    fields: Any = {name: value for name, value in step.fields.items() if name != ENGINE}
    return Event(to, f"{step.event_id}:{fields['case']}", FOLLOWED, "server", fields=fields)


def _moved(entry: JournalEntry, to: str, kind: str, field: str, content: str) -> Event:
    name = f"{kind}:{entry.partition}:{entry.position}"
    return Event(to, name, kind, "server", fields={field: content})
