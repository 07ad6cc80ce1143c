"""Sends in a lake: a policy that prefers those who pay anyway, other sends, and an outage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from lake_samples import CONVERSION, DECISION, EVENT, EXPOSURE, MIDNIGHT, REWARD, SEALER
from quarantine_samples import quarantine_of

from nudge.domain.journal.records import JournalEntry, Record, Ref
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

DAY: Final = 86_400.0
WINDOW: Final = 3 * DAY
NOW: Final = MIDNIGHT + 40 * DAY
NAMES: Final = ("early", "end")


def traffic(seed: int = 0, sends: int = 900, people: int = 120) -> list[tuple[float, Record]]:
    """Sends by a policy that prefers those who pay anyway, and payments with and without a rhythm.

    Some sends are of other reasons, purposes and channels, some are open still, some lie in an
    outage.
    """
    random = Random(seed)  # noqa: S311 (the same traffic every time)
    found: list[tuple[float, Record]] = []
    everybody = [f"{number:032x}" for number in range(people)]
    for person in everybody[: people // 2]:
        gap = random.uniform(6, 16)
        times = [MIDNIGHT - 40 * DAY + gap * DAY * n + random.uniform(0, DAY) for n in range(7)]
        for at in times:
            event = replace(EVENT, subject=person, event_id=f"{person}-{at}", decision=None, at=at)
            found.append((at + 1.0, event))
    for number in range(sends):
        person = random.choice(everybody)
        at = MIDNIGHT + random.uniform(0, 39.9) * DAY
        keen = int(person, 16) % 2 == 0
        pmf = (0.1, 0.9) if keen else (0.7, 0.3)
        variant = random.choices(NAMES, pmf)[0]
        reason = random.choices(["policy", "holdout", "usual"], [90, 5, 5])[0]
        ref = Ref(0, number + 1)
        decision = replace(
            DECISION,
            ref=ref,
            subject=person,
            slot="sms_timing",
            channel=random.choices(["sms", "push"], [95, 5])[0],
            page=random.choices(["reminder", "payment_failed"], [95, 5])[0],
            context={},
            cell="",
            eligible=NAMES,
            pmf=pmf,
            variant=variant,
            propensity=pmf[NAMES.index(variant)],
            reason=reason,
            terms=replace(CONVERSION, window=WINDOW),
            at=at - 5 * DAY,
        )
        shown = replace(
            EXPOSURE,
            subject=person,
            decision=ref,
            slot="sms_timing",
            variant=variant,
            cell="",
            reason=reason,
            propensity=decision.propensity,
            window=WINDOW,
            at=at,
        )
        found += [(at - 5 * DAY, decision), (at + 0.5, shown)]
        if random.random() < (0.5 if keen else 0.1):
            paid = at + random.uniform(0, 2 * DAY)
            reward = replace(
                REWARD,
                reward_id=f"r{number}",
                subject=person,
                decision=ref,
                slot="sms_timing",
                variant=variant,
                cell="",
                reason=reason,
                exposed_at=at,
                at=paid,
            )
            found.append((paid + 0.5, reward))
    return [one for one in found if one[0] < NOW]


OUTAGE = quarantine_of(MIDNIGHT + 3 * DAY, MIDNIGHT + 5 * DAY)


def written(root: Path, records: Sequence[tuple[float, Record]]) -> Lake:
    """The records as a lake of one partition, of which decisions have their own positions."""
    lake = Lake(root)
    decided = [one for one in records if one[1].kind == "decision"]
    # Refs name positions: the decisions come first, in the order of their numbers.
    order = sorted(decided, key=lambda one: one[1].ref.position)  # type: ignore[union-attr]
    rest = sorted((one for one in records if one[1].kind != "decision"), key=lambda one: one[0])
    entries = [JournalEntry(0, n, stamp, one) for n, (stamp, one) in enumerate([*order, *rest], 1)]
    of = Range(0, 0, len(entries))
    files = writer.write(lake.root, [of], [entries], SEALER.seal_each)
    manifest.write(lake.root, Manifest(of, files[0], NOW))
    return lake
