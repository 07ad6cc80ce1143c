"""An edit of a slot over the API: the change that a table or a patch makes, and its refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from nudge.config.slot_change import Change, change_of, number_problems
from nudge.config.slot_fallback import fallback_problems
from nudge.config.slot_file import digest, dump_slot, parse_slot
from nudge.config.slot_patch import merge_patch
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError, InvalidRequestError

BODY: Final = "body"
"""The origin, in messages, of a slot that came in a request."""


def table_change(name: str, before: Slot | None, table: Mapping[str, Any]) -> Change:
    """Return the change that replaces a slot by a table, at the slot's next revision.

    Raises:
        InvalidRequestError: the table does not fit.
    """
    revision = 1 if before is None else before.revision + 1
    wanted = _parse(name, {**table, "revision": revision})
    if before is not None and digest(before) == digest(wanted):
        return Change(before, "unchanged", (), before)
    return change_of(before, wanted)


def patch_change(before: Slot, patch: Mapping[str, Any]) -> Change:
    """Return the change that a merge patch makes of a slot.

    Raises:
        InvalidRequestError: what comes out does not fit.
    """
    return table_change(before.name, before, merge_patch(dump_slot(before), patch))


def check_change(change: Change) -> None:
    """Refuse a change that switches a fallback off, or writes a phone number down.

    Raises:
        InvalidRequestError: with the key and the cure.
    """
    before, wanted = change.before, change.slot
    _refuse("the holdout would be shown another variant", fallback_problems(before, wanted))
    _refuse("a slot holds no phone numbers", number_problems(before, wanted))


def _parse(name: str, table: Mapping[str, Any]) -> Slot:
    if table.get("slot", name) != name:
        raise InvalidRequestError("the slot does not fit", {"slot": [f"is not {name!r}"]})
    try:
        return parse_slot({**table, "slot": name}, BODY)
    except InvalidConfigError as error:
        problems = (one.removeprefix(f"{BODY}: ").partition(": ") for one in error.problems)
        errors = _grouped((key, text) for key, _, text in problems)
        raise InvalidRequestError("the slot does not fit", errors) from error


def _refuse(text: str, problems: Iterable[tuple[str, str]]) -> None:
    if errors := _grouped(problems):
        raise InvalidRequestError(text, errors)


def _grouped(problems: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, text in problems:
        found.setdefault(key, []).append(text)
    return found
