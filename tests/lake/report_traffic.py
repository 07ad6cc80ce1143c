"""A lake of three days for the tests of reports, with everything that makes counting hard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random

from lake_samples import CONVERSION, DECISION, EXPOSURE, MIDNIGHT, REWARD, SEALER

from nudge.config.slot_file import parse_slot
from nudge.domain.journal.records import Decision, JournalEntry, Record, Ref
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

PARTITIONS = 3
DAY = 86_400.0
WINDOW = 18 * 3600.0
NOW = MIDNIGHT + 2 * DAY + 12 * 3600.0
"""The lake's watermark: the first day is final, the second over, the third open."""
RATES = {"a": 0.10, "b": 0.16, "c": 0.05}
SLOT = parse_slot(
    {
        "slot": "banner",
        "revision": 2,
        "on": "shown",
        "holdout": 0.12,
        "stickiness": {"period": "1d"},
        "variants": [{"name": name, "value": name} for name in ("b", "a", "c")],
        "reward": {"event": "paid", "objective": "conversion", "window": "18h"},
        "fallback": {"default": "a"},
    },
    "test",
)


def traffic(seed: int = 0, visits: int = 6000) -> list[tuple[float, int, Record]]:
    """(stamp, partition, record) in the order of their stamps.

    Slots on `shown`, in which some decisions are never shown and some a day later; two revisions,
    of which the second has one more variant, for apps only; rewards that are taken back; decisions
    of every reason, some without the visitor's state, some with attributes that are not known; some
    visitors who moved to another partition before they were shown what had been decided.
    """
    random = Random(seed)  # noqa: S311 (the same traffic every time)
    found: list[tuple[float, int, Record]] = []
    for number in range(visits):
        at = MIDNIGHT + (number + random.random()) / visits * (NOW - MIDNIGHT - 60.0)
        subject = f"{random.randrange(700):032x}"
        partition = int(subject, 16) % PARTITIONS
        ref = Ref(partition, number + 1)
        decision = replace(_decision(random, at, subject), ref=ref)
        found.append((at, partition, decision))
        if decision.reason != "shadow" and random.random() < 0.85:
            found += _shown(random, at, partition, decision, ref)
    return sorted((x for x in found if x[0] < NOW), key=lambda x: x[0])


def _decision(random: Random, at: float, subject: str) -> Decision:
    channel = random.choice(["web", "wap", "wap", "app"])
    revision = 1 if at < MIDNIGHT + DAY else 2
    names = ("a", "b", "c") if revision == 2 and channel == "app" else ("a", "b")
    weights = [random.random() + 0.3 for _ in names]
    pmf = tuple(w / sum(weights) for w in weights)
    variant = random.choices(names, pmf)[0]
    reason = random.choices(
        ["policy", "holdout", "only_eligible", "forced", "shadow"], [80, 12, 4, 3, 1]
    )[0]
    if reason == "only_eligible":
        names, pmf, variant = ("a",), (1.0,), "a"
    if reason == "holdout":
        pmf, variant = tuple(float(name == "a") for name in names), "a"
    tiers = [{"city_tier": random.choice(["1", "2", "3"])}, {}]
    context = {"stage": random.choice(["growth", "stable"])} | random.choices(tiers, [9, 1])[0]
    return replace(
        DECISION,
        subject=subject,
        revision=revision,
        channel=channel,
        page=random.choice(["home", "recharge"]),
        context=context,
        cell="|".join(map(str, context.values())),
        eligible=names,
        removed={},
        pmf=pmf,
        variant=variant,
        propensity=pmf[names.index(variant)],
        reason=reason,  # type: ignore[arg-type]
        policy_version=int((at - MIDNIGHT) // 3600),
        floor=_floor(at) if reason == "policy" else None,
        terms=replace(CONVERSION, window=WINDOW),
        degraded=random.random() < 0.05,
        at=at,
    )


def _floor(at: float) -> float | None:
    """The floor of an hour: unknown in the first day, as an earlier version wrote it."""
    hours = int((at - MIDNIGHT) // 3600)
    return None if hours < 24 else min(0.02, 0.001 * (hours - 23))


def _shown(
    random: Random, at: float, partition: int, decision: Decision, ref: Ref
) -> list[tuple[float, int, Record]]:
    seen = at + (random.uniform(DAY, 1.2 * DAY) if random.random() < 0.02 else random.random())
    exposure = replace(
        EXPOSURE,
        subject=decision.subject,
        decision=ref,
        revision=decision.revision,
        variant=decision.variant,
        cell=decision.cell,
        reason=decision.reason,
        propensity=decision.propensity,
        window=WINDOW,
        at=seen,
    )
    if random.random() < 0.02:
        partition = (partition + 1) % PARTITIONS  # the visitor became known, and lives there now
    found: list[tuple[float, int, Record]] = [(seen + 0.2, partition, exposure)]
    if random.random() < RATES[decision.variant]:
        paid = seen + random.expovariate(1 / 3000.0)
        value = random.choice([1000, 3000, 5000])
        for sign, when in ((1, paid), (-1, paid + 5.0))[: 2 if random.random() < 0.1 else 1]:
            reward = replace(
                REWARD,
                reward_id=f"{ref.position}-{sign}",
                subject=decision.subject,
                decision=ref,
                revision=decision.revision,
                variant=decision.variant,
                cell=decision.cell,
                reason=decision.reason,
                exposed_at=seen,
                conversions=sign,
                value=sign * value,
                square=sign * value**2,
                at=when,
            )
            found.append((when + 0.2, partition, reward))
    return found


def written(root: Path, records: list[tuple[float, int, Record]], now: float = NOW) -> Lake:
    """The records in a lake, in files of half a day, of which the last one is known until `now`."""
    lake = Lake(root)
    entries: defaultdict[tuple[int, int], list[JournalEntry]] = defaultdict(list)
    last: defaultdict[int, int] = defaultdict(int)
    for stamp, partition, record in records:
        last[partition] += 1
        chunk = int((stamp - MIDNIGHT) // (DAY / 2))
        entries[chunk, partition].append(
            JournalEntry(partition, last[partition], round(stamp, 3), record)
        )
    ends: defaultdict[int, int] = defaultdict(int)
    chunks = sorted({chunk for chunk, _ in entries})
    for chunk in chunks:
        parts = [entries[chunk, p] for p in range(PARTITIONS)]
        ranges = [Range(p, ends[p], ends[p] + len(part)) for p, part in enumerate(parts)]
        files = writer.write(lake.root, ranges, parts, SEALER.seal_each)
        mark = now if chunk == chunks[-1] else MIDNIGHT + (chunk + 1) * DAY / 2
        for of in ranges:
            manifest.write(lake.root, Manifest(of, files[of.partition], mark))
            ends[of.partition] = of.upto
    return lake
