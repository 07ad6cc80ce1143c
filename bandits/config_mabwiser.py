"""Options of `policy.kind = "mabwiser"`: policy names, parameters and their limits.

The check runs when a slot is read and does not import MABWiser, which the process that applies a
slot may lack.
"""

from collections.abc import Mapping, Sequence

from bandits.config_values import Table, read_number
from bandits.errors import ConfigError

KEY = "policy.options"
DEFAULT = "LinTS"  # the best of the nine on a recharge channel
LINEAR = ("LinGreedy", "LinTS", "LinUCB")
LEARNING: Mapping[str, tuple[str, ...]] = {
    "EpsilonGreedy": ("epsilon",),
    "LinGreedy": ("epsilon", "l2_lambda", "scale"),
    "LinTS": ("alpha", "l2_lambda", "scale"),
    "LinUCB": ("alpha", "l2_lambda", "scale"),
    "Popularity": (),
    "Random": (),
    "Softmax": ("tau",),
    "ThompsonSampling": (),
    "UCB1": ("alpha",),
}
NEIGHBORHOODS: Mapping[str, tuple[str, ...]] = {
    "Clusters": ("n_clusters", "is_minibatch"),
    "KNearest": ("k", "metric"),
    "LSHNearest": ("n_dimensions", "n_tables", "no_nhood_prob_of_arm"),
    "Radius": ("radius", "metric", "no_nhood_prob_of_arm"),
    "TreeBandit": ("tree_parameters",),
}
_LEAST, _MOST = 1e-9, 1e9


def read_options(options: Table) -> tuple[str, dict[str, object]]:
    """Read and check the name and the parameters of a MABWiser learning policy.

    Args:
        options: `learning_policy` and its parameters, such as `{"learning_policy": "LinTS",
            "alpha": 0.2}`; without a name, LinTS.

    Raises:
        ConfigError: MABWiser does not accept the name, a parameter or a value.
    """
    name = str(options.get("learning_policy", DEFAULT))
    if name not in LEARNING:
        cure = f"Use one of {', '.join(LEARNING)}"
        raise ConfigError(f"{KEY}.learning_policy", f"{name!r} is unknown", cure)
    given = {key: value for key, value in options.items() if key != "learning_policy"}
    check_names(given, LEARNING[name], name)
    return name, {key: _read(key, value) for key, value in given.items()}


def check_names(given: Table, known: Sequence[str], name: str) -> None:
    """Check that a MABWiser policy has these parameters.

    Args:
        given: parameters by name.
        known: names of the parameters that the policy has.
        name: name of the policy, for the message.

    Raises:
        ConfigError: a parameter is unknown; the message names the first one.
    """
    wrong = sorted(set(given) - set(known))
    if wrong:
        cure = f"Known are: {', '.join(known) or 'none'}"
        raise ConfigError(f"{KEY}.{wrong[0]}", f"is not a parameter of {name}", cure)


def _read(key: str, value: object) -> object:
    if key != "scale":
        return read_number(
            value, f"{KEY}.{key}", *((0.0, 1.0) if key == "epsilon" else (_LEAST, _MOST))
        )
    if not isinstance(value, bool):
        raise ConfigError(f"{KEY}.scale", f"{value!r} cannot be used", "Use true or false")
    return value
