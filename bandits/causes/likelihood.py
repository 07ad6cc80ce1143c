"""Likelihoods of lost arrivals: as usual, and where more are lost than usual."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray


def log_likelihood(bad: FloatArray, arrivals: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the binomial log-likelihoods of rates in (0, 1), less their constant term."""
    return np.asarray(bad * np.log(rate) + (arrivals - bad) * np.log1p(-rate))


def deviance(bad: FloatArray, arrivals: FloatArray, rate: FloatArray) -> float:
    """Return the sum of the binomial deviances: near the number of leaves, if the rates hold."""
    good = arrivals - bad
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(bad > 0.0, bad * np.log(bad / arrivals), 0.0)
        best += np.where(good > 0.0, good * np.log(good / arrivals), 0.0)
    return float(2.0 * (best - log_likelihood(bad, arrivals, rate)).sum())


def loss_evidence(
    bad: FloatArray, arrivals: FloatArray, usual: FloatArray, loss: FloatArray
) -> FloatArray:
    """Return the log-likelihood ratios, in nats, of a loss against the usual.

    Of those that usually succeed a share `loss` is lost as well: the rate of the lost is
    usual + (1 - usual) loss. A loss of 1 is a total outage, whatever the usual rate is.
    """
    lifted = usual + (1.0 - usual) * loss
    return np.asarray(bad * np.log(lifted / usual) + (arrivals - bad) * np.log1p(-loss))
