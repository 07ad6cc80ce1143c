"""Signals: what a visitor said or did, as far as rules of warnings may ask for it. Pure."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from nudge.domain.care.text_reading import TextReading
from nudge.domain.journal.care_events import HEARD
from nudge.domain.journal.records import Event
from nudge.domain.slots.slot import Scalar

FEEDBACK: Final = "feedback"
CASE_CLOSED: Final = "case_closed"
"""Name under which a rule asks for a closed case."""
_EITHER: Final = frozenset({FEEDBACK, "payment_failed"})
_FACTS: Final = frozenset({"complaint", "paid", "refunded", "contacted", "winback_outcome"})
ACT: Final = "act"
"""Type of the signal that a visitor's act is to the trail of the visit."""
PATH_LEFT: Final = "path_left"
"""Type of the signal that a visitor left the path; its scene is the farthest stage."""
_TOLD: Final = {
    "contacted": ("channel", "purpose"),
    "winback_outcome": ("outcome", "case"),
}
"""Fields of a server's word about a contact that a case takes over."""
SIGNAL_TYPES: Final = tuple(sorted((*_EITHER, *_FACTS, CASE_CLOSED)))
"""Types that a rule may ask for. Only a server's word counts for most: a page's is a claim."""
HAS_TEXT: Final = "has_text"
_OF: Final = "of"
_BREAK: Final = "\n"


class Signal(NamedTuple):
    """A signal of a visitor.

    Attributes:
        at: seconds.
        type: one of `SIGNAL_TYPES`.
        event_id: of the event.
        score: None where none was given.
        groups: of the lexicon, whose words the text holds.
        phrases: of the lexicon.
        complaint: the model's probability; 0 where it is not told.
        told: further fields by name, of acts and of a server's word about a contact.
    """

    at: float
    type: str
    event_id: str
    scene: str = ""
    score: float | None = None
    groups: tuple[str, ...] = ()
    reason: str = ""
    method: str = ""
    phrases: tuple[str, ...] = ()
    complaint: float = 0.0
    model_words: tuple[str, ...] = ()
    told: tuple[tuple[str, Scalar], ...] = ()

    @property
    def brief(self) -> Signal:
        """The signal without what no rule counts."""
        if not (self.phrases or self.model_words or self.told):
            return self
        return self._replace(phrases=(), model_words=(), told=())


def signal_of(event: Event, at: float) -> Signal | None:
    """Return the signal that an event is; None for other types, and for a page's claims.

    Args:
        event: of the visitor.
        at: seconds.
    """
    kind, fields = event.type, event.fields
    if kind not in _EITHER and not (kind in _FACTS and event.source == "server"):
        return None
    score = fields.get("score")
    return Signal(
        at,
        kind,
        event.event_id,
        _word(fields.get("scene")),
        float(score) if isinstance(score, int | float) else None,
        reason=_word(fields.get("reason")),
        method=_word(fields.get("method")),
        told=tuple((name, fields[name]) for name in _TOLD.get(kind, ()) if name in fields),
    )


def heard_event(event: Event, at: float, reading: TextReading) -> Event:
    """Return the record of what was found in a text; its id is a function of the event's.

    Args:
        event: whose text it is.
        at: seconds, of the event.
        reading: of the text.
    """
    fields: dict[str, Scalar] = {_OF: event.event_id}
    fields |= {name: event.fields[name] for name in ("scene", "score") if name in event.fields}
    fields["groups"] = _BREAK.join(reading.groups)
    fields["phrases"] = _BREAK.join(reading.phrases)
    if reading.complaint:
        fields["complaint"] = round(reading.complaint, 4)
        fields["model_words"] = _BREAK.join(reading.model_words)
    name = f"{HEARD}:{event.source}:{event.type}:{event.event_id}"
    return Event(event.subject, name, HEARD, "server", fields=fields, at=at)


def heard_signal(event: Event, at: float) -> Signal:
    """Return the signal of a text's record: that of its event, with words."""
    fields: Any = event.fields
    score = fields.get("score")
    return Signal(
        at,
        FEEDBACK,
        str(fields[_OF]),
        _word(fields.get("scene")),
        None if score is None else float(score),
        parts_of(fields.get("groups")),
        phrases=parts_of(fields.get("phrases")),
        complaint=float(fields.get("complaint") or 0.0),
        model_words=parts_of(fields.get("model_words")),
    )


def parts_of(text: object) -> tuple[str, ...]:
    """Return the words of a field that holds several."""
    return tuple(text.split(_BREAK)) if isinstance(text, str) and text else ()


def joined_parts(words: tuple[str, ...]) -> str:
    """Return several words as one field."""
    return _BREAK.join(words)


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
