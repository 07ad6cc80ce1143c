"""Fixtures of the tests of `bandits`."""

import pytest
from bandit_samples import learned_policy

import bandits


@pytest.fixture(scope="session")
def learned() -> bandits.Policy:
    return learned_policy()
