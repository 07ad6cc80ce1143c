"""Actions on a slot: what each one changes, in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from nudge.pages.screens.slots.variant_names import Names

Json = Mapping[str, Any]
MODES: Final[Mapping[str, Json]] = {
    "pause": {"mode": "off"},
    "freeze": {"mode": "frozen", "frozen_serves": "policy"},
    "shadow": {"mode": "shadow"},
    "resume": {"mode": "live"},
}
"""Action -> keys of the slot that it changes."""
NUMBERED: Final = {"hold": "policy_version", "revert": "revision"}
"""Action -> what its number names."""


@dataclass(frozen=True)
class SlotAction:
    """An action that somebody looks at.

    Attributes:
        name: in the address.
        asked: the question of a preview.
        title: question to the person, as a heading.
        button: words that do it.
        done: sentence behind it.
        meaning: what it is for, and how it is undone.
        danger: it changes what visitors see at once and for all.
    """

    name: str
    asked: Json
    title: str
    button: str
    done: str
    meaning: str
    danger: bool = False


def find_action(name: str, query: Mapping[str, str], names: Names) -> SlotAction | None:
    """Return the action of an address; None where there is no such one.

    Args:
        name: of the action.
        query: parameters of the address: `variant`, or `number`.
        names: of the slot's variants.
    """
    if name in MODES:
        return _mode(name)
    if name == "release":
        return _release()
    number = query.get("number", "")
    if name in NUMBERED and number.isascii() and number.isdigit() and len(number) < 16:  # noqa: PLR2004 - digits of 2**53
        return _numbered(name, int(number))
    variant = names.get(query.get("variant", ""))
    if name in {"stop", "start"} and variant is not None:
        asked = {"patch": {"variants": {variant.name: {"enabled": name == "start"}}}}
        return _variant(name, asked, variant.title)
    return None


def _mode(name: str) -> SlotAction:
    asked = {"patch": MODES[name]}
    if name == "pause":
        return SlotAction(
            name,
            asked,
            _("Pause the slot?"),
            _("Pause"),
            _("The slot is paused: everybody sees the fallback."),
            _("Everybody sees the fallback, and nothing is learned until the slot runs again."),
            danger=True,
        )
    if name == "freeze":
        return SlotAction(
            name,
            asked,
            _("Freeze the policy?"),
            _("Freeze"),
            _("The policy is frozen: it draws on and does not change."),
            _("The present version of the policy draws on, and no newer one is published."),
        )
    if name == "shadow":
        return SlotAction(
            name,
            asked,
            _("Put the slot into shadow mode?"),
            _("Only log"),
            _("The slot is in shadow mode: everybody sees the fallback."),
            _("Everybody sees the fallback; what the policy would have drawn is logged."),
            danger=True,
        )
    return SlotAction(
        name,
        asked,
        _("Let the slot run again?"),
        _("Run again"),
        _("The slot runs again."),
        _("The policy draws and learns."),
    )


def _variant(name: str, asked: Json, title: str) -> SlotAction:
    if name == "stop":
        return SlotAction(
            name,
            asked,
            _("Stop “%(variant)s”?", variant=title),
            _("Stop it"),
            _("“%(variant)s” is stopped: nobody is shown it any more.", variant=title),
            _("Nobody is shown it any more; what it brought stays, and it can come back."),
            danger=True,
        )
    return SlotAction(
        name,
        asked,
        _("Show “%(variant)s” again?", variant=title),
        _("Show it again"),
        _("“%(variant)s” is shown again.", variant=title),
        _("It gets a share of the visitors again, and keeps what was learned of it."),
    )


def _release() -> SlotAction:
    return SlotAction(
        "release",
        {"policy_version": None},
        _("Let the learner go on?"),
        _("Let it go on"),
        _("The learner goes on and publishes a new version."),
        _("The held version ends; what was counted meanwhile is learned from."),
    )


def _numbered(name: str, number: int) -> SlotAction:
    if name == "hold":
        return SlotAction(
            name,
            {"policy_version": number},
            _("Serve version %(number)s of the policy again?", number=number),
            _("Serve this version"),
            _("Version %(number)s of the policy is served.", number=number),
            _("This version draws until you let the learner go on."),
            danger=True,
        )
    return SlotAction(
        name,
        {"revision": number},
        _("Go back to revision %(number)s of the slot?", number=number),
        _("Go back to it"),
        _("The slot is as it was at revision %(number)s.", number=number),
        _("Its content comes back as a new revision, which can be undone in the same way."),
        danger=True,
    )


def offered_modes(slot: Json) -> Sequence[str]:
    """Return the actions that fit the slot's mode, the gentlest first."""
    mode = slot.get("mode", "live")
    if mode == "live":
        return ("freeze", "shadow", "pause")
    return ("resume", *(one for one in ("freeze", "pause") if MODES[one]["mode"] != mode))
