"""Choice of a slot's baseline: the first that is set of rule, prior, fallback."""

from bandits.arrays import IntArray
from bandits.baseline.rankings import Baseline, Ranking
from bandits.config import ArmRule, AttributeSpec, LearnerConfig
from bandits.levels import count_levels
from bandits.relations import Relation, find_relations


def make_baseline(config: LearnerConfig) -> Baseline | None:
    """Return the baseline of a slot: its rule, its prior, its fallback; None where it has none."""
    found = [*_own_rankings(config), *_rule_rankings(config.fallback)]
    return Baseline(tuple(found)) if found else None


def make_belief(config: LearnerConfig) -> Baseline | None:
    """Return the baseline where the operator believes in it: a rule or a prior is set.

    A fallback alone says what is shown, and not that it is good.
    """
    return make_baseline(config) if _own_rankings(config) else None


def _own_rankings(config: LearnerConfig) -> list[Ranking]:
    if config.rule is not None:
        return _rule_rankings(config.rule)
    if config.policy.prior_odds:
        return [_odds_ranking(config)]
    relation = prior_relation(config)
    return [] if relation is None else [_nearest_ranking(config, relation)]


def _rule_rankings(rule: ArmRule | None) -> list[Ranking]:
    if rule is None:
        return []
    rest = () if rule.rest is None else (rule.rest,)
    attribute = AttributeSpec(rule.by, "category", tuple(rule.arms))
    return [Ranking(attribute, (rest, *((arm,) for arm in rule.arms.values())))]


def _odds_ranking(config: LearnerConfig) -> Ranking:
    """Return the arms by their odds; among equal ones the fallback for all visitors comes first."""
    odds, fallback = config.policy.prior_odds, config.fallback
    rest = None if fallback is None else fallback.rest
    order = sorted(odds, key=lambda arm: (-odds[arm], arm != rest, arm))
    return Ranking(AttributeSpec("", "category"), (tuple(order),))


def prior_relation(config: LearnerConfig) -> Relation | None:
    """Return the relation of the arms to the attribute that `prior` names; None without one."""
    sizes = [count_levels(attribute) for attribute in config.context]
    relations = find_relations(config.arms, config.context, sizes)
    found = (one for one in relations if config.context[one.context].name == config.policy.prior)
    return next(found, None)


def _nearest_ranking(config: LearnerConfig, relation: Relation) -> Ranking:
    """Return the arms by their distance from the level's own place, the lower of two first."""
    attribute = config.context[relation.context]
    orders = tuple(_nearest(row, known) for row, known in zip(relation.offsets, relation.defined,
                                                             strict=True))  # fmt: skip
    return Ranking(attribute, orders)


def _nearest(offsets: IntArray, known: int) -> tuple[int, ...]:
    places = list(enumerate(offsets.tolist()))
    return tuple(arm for arm, _ in sorted(places, key=lambda x: (abs(x[1]), x[1]))) if known else ()


def distances(config: LearnerConfig, arm: int) -> list[float]:
    """Return by how many places each arm (K,) is away from one: 1 where arms have no numbers."""
    ladder = _ladder(config)
    if ladder is None:
        return [float(other != arm) for other in range(len(config.arms))]
    return [abs(place - ladder[arm]) for place in ladder]


def _ladder(config: LearnerConfig) -> list[float] | None:
    """Return the place of each arm by its first numeric attribute that all of them have."""
    names = dict.fromkeys(name for arm in config.arms for name in arm.attributes)
    for name in names:
        values = [arm.attributes.get(name) for arm in config.arms]
        numbers = [
            float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)
        ]
        distinct = sorted(set(numbers))
        if len(numbers) == len(values) and len(distinct) > 1:
            return [float(distinct.index(number)) for number in numbers]
    return None
