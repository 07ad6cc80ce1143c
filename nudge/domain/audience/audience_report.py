"""The report of how many visitors a variant would have, as plain JSON. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bandits.inference.interval import mean_interval
from nudge.domain.audience.audience import Audience, AudienceCount
from nudge.domain.audience.audience_sentences import AudienceSize, headline, remarks
from nudge.domain.audience.known_attributes import KnownAttribute
from nudge.domain.reports.report_time import FEWEST


def audience_report(
    audience: Audience, count: AudienceCount, attributes: Sequence[KnownAttribute], days: int
) -> dict[str, object]:
    """Return how many of an audience's visitors are eligible.

    Args:
        audience: of the slot.
        count: of `count_eligible`.
        attributes: of `known_attributes`.
        days: in which the slot saw them.
    """
    size = _size(audience, count, days)
    shown = size.decidable and not size.hidden
    return {
        "days": days,
        "visitors": audience.visitors,
        "sampled": None if audience.is_whole else count.members,
        "exposures_a_day": audience.exposures_a_day,
        "hidden": size.hidden,
        "decidable": size.decidable,
        "eligible": size.eligible if shown else None,
        "share": size.share if shown else None,
        "interval": list(size.interval) if shown and size.interval else None,
        "undecided": _scaled(audience, count.undecided),
        "known": [
            {"attribute": name, "share": n / count.members if count.members else 0.0}
            for name, n in count.known.items()
        ],
        "attributes": [_attribute(audience, one) for one in attributes],
        "headline": headline(size),
        "remarks": list(remarks(count)),
    }


def _size(audience: Audience, count: AudienceCount, days: int) -> AudienceSize:
    share = count.eligible / count.members if count.members else 0.0
    eligible = _scaled(audience, count.eligible)
    interval = None if audience.is_whole else share_interval(share, count.members)
    few = eligible < FEWEST
    decidable = not (few and count.members and 0 in count.known.values())
    hidden = few and decidable
    return AudienceSize(audience.visitors, eligible, share, interval, days, hidden, decidable)


def share_interval(share: float, members: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that a random sample tells."""
    error = math.sqrt(share * (1.0 - share) / members)
    found = mean_interval(share, error, effective=members, kind="share")
    return found.low, found.high


def _attribute(audience: Audience, one: KnownAttribute) -> dict[str, object]:
    values = [{"value": value, "visitors": _scaled(audience, n)} for value, n in one.values.items()]
    return {"attribute": one.name, "share": one.share, "values": values}


def _scaled(audience: Audience, members: int) -> int:
    """Return the visitors that members of the sample stand for."""
    if audience.is_whole:
        return members
    return round(members * audience.visitors / len(audience.members))
