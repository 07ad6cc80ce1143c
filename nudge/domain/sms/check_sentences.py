"""Sentences of the check of one contact: may it be made, why not, and when at the earliest. Pure.

The reason stands behind a colon as a clause of its own, so both parts are whole in each language.
"""

from __future__ import annotations

from typing import Final

from bandits.units import MINUTE
from nudge.domain.basics.local_time import local
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.contact_check import ContactCheck
from nudge.domain.sms.spoken_times import is_evening, spoken_moment

SMS: Final = "sms"
CALL: Final = "call"
NOW: Final[Said] = {"zh": "现在", "en": "now"}
TODAY: Final[Said] = {"zh": "今天", "en": "today"}
TONIGHT: Final[Said] = {"zh": "今晚", "en": "tonight"}
NEVER: Final[Said] = {
    "zh": "未来 31 天内没有可以触达的时间。",
    "en": "No moment of the next 31 days is open.",
}


def check_sentence(found: ContactCheck, who: Said, why: Said | None, now: float) -> Said:
    """Return the answer of a check in words.

    Args:
        found: the check.
        who: the visitor, as the caller may see them.
        why: the first reason, as a clause; None where the contact is allowed.
        now: seconds.
    """
    when = _when(found, now)
    if why is None:
        return _allowed(found, who, when)
    zh, en = _act(found.kind.channel, who)
    end = _earliest(found, now)
    return {
        "zh": f"{when['zh']}不能{zh}：{why['zh']}。{end['zh']}",
        "en": f"{en} {when['en']}: {why['en']}. {end['en']}",
    }


def _allowed(found: ContactCheck, who: Said, when: Said) -> Said:
    zh, _ = _act(found.kind.channel, who)
    channel = found.kind.channel
    acts = {SMS: "may get an SMS", CALL: "may be called"}
    act = acts.get(channel, f"may be contacted by {channel}")
    name = who["en"][:1].upper() + who["en"][1:]
    return {"zh": f"{when['zh']}可以{zh}。", "en": f"{name} {act} {when['en']}."}


def _act(channel: str, who: Said) -> tuple[str, str]:
    """Return the contact as a verb in Chinese, and refused as a noun in English."""
    if channel == SMS:
        return f"给 {who['zh']} 发短信", f"No SMS to {who['en']}"
    if channel == CALL:
        return f"给 {who['zh']} 打电话", f"No call to {who['en']}"
    return f"通过 {channel} 触达 {who['zh']}", f"No contact with {who['en']} by {channel}"


def _when(found: ContactCheck, now: float) -> Said:
    """Return the moment that was asked about; the whole rest of the day where all of it is closed.

    A moment that is not now is told with its time.
    """
    if abs(found.at - now) >= MINUTE:
        moment = spoken_moment(found.zone, found.at, now)
        return {"zh": f"{moment['zh']} ", "en": f"on {moment['en']}"}
    if found.is_allowed or _is_same_day(found, found.earliest):
        return NOW
    return TONIGHT if is_evening(found.zone, found.at) else TODAY


def _earliest(found: ContactCheck, now: float) -> Said:
    if found.earliest is None:
        return NEVER
    moment = spoken_moment(found.zone, found.earliest, now)
    return {"zh": f"最早 {moment['zh']}。", "en": f"Earliest {moment['en']}."}


def _is_same_day(found: ContactCheck, at: float | None) -> bool:
    return at is not None and local(found.zone, at)[0] == local(found.zone, found.at)[0]


def spoken_visitor(visitor_id: str) -> Said:
    """Return a visitor as sentences name one who was asked for by an id."""
    return {"zh": f"访客 {visitor_id}", "en": f"visitor {visitor_id}"}
