"""The first visitors of a fresh store, over HTTP: what the shipped denomination slot shows them.

    python -m benchmarks first_visitors [--part default,payment,better,news] [--runs N] [--seed S]

Each run starts a real `nudge serve` with an empty store. Visitors are new, on the home page, and
nothing is known of them. They come in blocks of twenty, later of a twentieth of those before (in
`better` of a hundred at least), and each block comes when all before it is known to the policy that
is served: `publish_every` is .5 s, so that visitors come slowly beside it. Shares are those of the
distributions from which the policy drew, by `GET /v1/decisions/{id}`; the holdout is left out.

- `default`: all amounts are paid for alike, by 10 %. The share of the preselected default of the
  page stays above .8 for the first 200 visitors.
- `payment`: after 4 and after 40 counted visitors one visitor pays. No share moves by more than
  .05. (One visitor more is counted with it, whose answer tells the shares before.)
- `better`: another amount, each in turn, brings twice the default's rate. More than half of the
  visitors see it, for three blocks in a row, within 3,000 visitors in .75 of the runs at a base
  rate of 10 %, and within 10,000 in .85 at 3 %.
- `news` has no bound: visitors come at a steady rate, with the settings as shipped, and the table
  tells after how many each snapshot was served, and how long a payment took to change the policy.

Baseline `bound`. The exit code is 1 where a bound is broken.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Final

from benchmarks.first_visitors_site import FreshSlot, Visit, fresh
from benchmarks.options import option_parser
from nudge.domain.slots.snapshot_pace import worthwhile_news

BASELINE: Final = "bound"
PARTS: Final = ("default", "payment", "better", "news")
DEFAULT: Final = "100"
"""The fallback of the page `home`."""
OTHERS: Final = ("50", "300", "30", "500", "10")
SOON: Final = 0.5
"""Seconds: `publish_every` where each block waits for the one before it."""
LEAST_DEFAULT: Final = 0.8
FIRST: Final = 200
MOST_MOVED: Final = 0.05
HALF: Final = 0.5
STRETCH: Final = 3
"""Blocks in a row in which a share must hold: one snapshot alone may be luck."""
Site = Callable[[str, float | None], AbstractContextManager[FreshSlot]]


@dataclass(frozen=True)
class Goal:
    """The bound of a world with a better amount: base rate, visitors, and share of the runs."""

    rate: float
    visitors: int
    runs: float


GOALS: Final = (Goal(0.10, 3_000, 0.75), Goal(0.03, 10_000, 0.85))


def blocks(visitors: int, least: int) -> Iterator[int]:
    """Yield the sizes of the blocks in which so many visitors come."""
    come = 0
    while come < visitors:
        size = min(visitors - come, max(least, worthwhile_news(come)))
        come += size
        yield size


def payers(block: Sequence[Visit], rate: Callable[[str], float], luck: Random) -> list[Visit]:
    """Return those of a block who pay, at the rate of the variant that they saw."""
    return [one for one in block if luck.random() < rate(one.variant)]


def default_part(site: Site, asked: Namespace) -> bool:
    """Play the world in which no amount is better; print the default's least share by run."""
    good = True
    for run in range(asked.runs):
        luck, shares = Random(asked.seed + run), []  # noqa: S311 - a world's luck
        with site(f"default-{asked.seed + run}", SOON) as slot:
            for size in blocks(FIRST if not asked.small else 20, 20):
                block = slot.visit(size)
                shares.append(slot.shares_of(block).get(DEFAULT, 0.0))
                slot.pay(payers(block, lambda _: 0.1, luck))
                slot.settle()
        good &= min(shares) > LEAST_DEFAULT
        told = " ".join(f"{one:.2f}" for one in shares)
        print(f"default  run {run}  least {min(shares):.3f}  (bound {LEAST_DEFAULT})  {told}")
    return good


def payment_part(site: Site, asked: Namespace) -> bool:
    """Let one visitor pay after 4 and after 40; print the share that moved most."""
    good = True
    for counted in (4,) if asked.small else (4, 40):
        for run in range(asked.runs):
            with site(f"payment-{counted}-{asked.seed + run}", SOON) as slot:
                drawn: list[Visit] = []
                while len(drawn) < counted:
                    drawn += [v for v in slot.visit(counted - len(drawn)) if v.reason == "policy"]
                slot.settle()
                before = slot.probe()
                # Whoever saw something else than the default moves most.
                slot.pay([next((v for v in drawn if v.variant != DEFAULT), drawn[0])])
                slot.settle()
                after = slot.probe()
            moved = {name: after[name] - share for name, share in before.items()}
            name = max(moved, key=lambda one: abs(moved[one]))
            good &= abs(moved[name]) <= MOST_MOVED
            head = f"payment  run {run}  after {counted} visitors"
            print(f"{head}  {name} moved by {moved[name]:+.3f}  (bound {MOST_MOVED})")
    return good


def better_part(site: Site, asked: Namespace) -> bool:
    """Play worlds with an amount twice as good; print when more than half see it."""
    good = True
    for goal in GOALS[:1] if asked.small else GOALS:
        seen = []
        for run in range(asked.runs):
            best = OTHERS[(asked.seed + run) % len(OTHERS)]
            begun = time.monotonic()
            with site(f"better-{goal.rate}-{asked.seed + run}", SOON) as slot:
                seen.append(_seen_after(slot, goal, best, asked, asked.seed + run))
            told = "not yet" if seen[-1] is None else f"{seen[-1]:,} visitors"
            spent = time.monotonic() - begun
            print(
                f"better   run {run}  rate {goal.rate}  {best}: {told}  {spent:.0f} s", flush=True
            )
        share = sum(one is not None for one in seen) / len(seen)
        good &= share >= goal.runs
        print(f"better   rate {goal.rate}  within {goal.visitors:,}: {share:.2f} of the runs"
              f"  (bound {goal.runs})")  # fmt: skip
    return good


def _seen_after(slot: FreshSlot, goal: Goal, best: str, asked: Namespace, seed: int) -> int | None:
    """Return the visitors after which more than half see the better amount; None: not yet."""
    luck = Random(seed)  # noqa: S311 - a world's luck

    def rate(variant: str) -> float:
        return goal.rate * (2.0 if variant == best else 1.0)

    began: list[int] = []
    for size in blocks(20 if asked.small else goal.visitors, 20 if asked.small else 100):
        block = slot.visit(size)
        before = len(slot.visits) - size
        began = [*began, before] if slot.shares_of(block).get(best, 0.0) > HALF else []
        if len(began) == STRETCH:
            return began[0]
        slot.pay(payers(block, rate, luck))
        slot.settle()
    return None


def news_part(site: Site, asked: Namespace) -> bool:
    """Let visitors come steadily, a tenth of whom pay; print the visitors before each snapshot."""
    luck, seconds = Random(asked.seed), 1.0 if asked.small else asked.seconds  # noqa: S311
    with site(f"news-{asked.seed}", None) as slot:
        slot.probe()
        slot.settle()  # the worker has started
        behind, version, served, waits = len(slot.visits), slot.version(), [], []
        begun, owed = time.monotonic(), []
        while time.monotonic() - begun < seconds:
            due = int(asked.rate * (time.monotonic() - begun)) - (len(slot.visits) - behind)
            block = slot.visit(max(1, due))
            paid = payers(block, lambda _: 0.1, luck)
            slot.pay(paid)
            if any(one.reason == "policy" for one in paid):
                owed.append((slot.conversions, time.monotonic()))
            time.sleep(0.05)
            known = slot.learned()[1]
            waits += [time.monotonic() - at for count, at in owed if count <= known]
            owed = [one for one in owed if one[0] > known]
            if slot.version() != version:
                version = slot.version()
                served.append(len(slot.visits) - behind)
    after = " ".join(map(str, served[:30]))
    print(f"news     {asked.rate:g} visitors a second, {seconds:g} s: {len(served)} snapshots")
    print(f"news     served after {after} visitors")
    if waits:
        waits.sort()
        print(f"news     from payment to served policy: median {waits[len(waits) // 2]:.1f} s,"
              f" longest {waits[-1]:.1f} s")  # fmt: skip
    return True


PLAYS: Final = {
    "default": default_part,
    "payment": payment_part,
    "better": better_part,
    "news": news_part,
}


def main(arguments: Sequence[str] = ()) -> int:
    """Play the parts and print their shares beside the bounds."""
    parser = option_parser("first_visitors", __doc__)
    parser.add_argument("--part", default=",".join(PARTS), help="some of " + ", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=4, help="fresh stores of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--rate", type=float, default=50.0, help="visitors a second, in `news`")
    parser.add_argument("--seconds", type=float, default=30.0, help="of `news`")
    asked = parser.parse_args(arguments)
    parts = asked.part.split(",")
    if unknown := sorted(set(parts) - set(PLAYS)):
        parser.error(f"--part {','.join(unknown)}: use some of {', '.join(PARTS)}")
    print(f"shares and visitors beside each {BASELINE}")
    if not asked.small:
        good = [PLAYS[part](fresh, asked) for part in parts]
        return int(not all(good))
    asked.runs = 1
    with fresh("small", 0.1) as slot:  # one store for all: the figures mean nothing

        def shared(_name: str, _every: float | None) -> AbstractContextManager[FreshSlot]:
            return nullcontext(slot)

        good = [PLAYS[part](shared, asked) for part in parts]
    return int(not all(good))
