"""Parts of a state of one zoo made to fit another: models are matched by name.

What is known of a model that is not served is left out, which is exact: a part of a Gaussian is
marginalised by deleting its rows and columns. `moving.py` puts whole states together from these parts.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Floats
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills
from messplus.predictors.hierarchical import Hierarchical, JointPosterior
from messplus.predictors.logistic import OnlineLogistic, Posterior

Places = NDArray[np.intp]
"""For each model to be served, its index in the zoo that was learned on; -1 if it is not there."""


def places(known: Sequence[str], served: Sequence[str]) -> Places:
    """Where the models to be served are among the known ones, shape (models served,)."""
    return np.array([known.index(name) if name in known else -1 for name in served], dtype=np.intp)


def levels(settings: Hierarchical, state: JointPosterior, places: Places) -> JointPosterior:
    """The joint belief about another zoo, and of a new model what the others tell about it.

    Verdicts on known models tell nothing more about a new one once the known weights are given. So
    its intercept is regressed on them as in the prior, and what is believed of them is averaged
    over. With prior means m0, prior covariance S (k: known, u: new) and posterior N(m, P),

        B = S_uk S_kk^-1    mean_u = m0_u + B (m - m0_k)    cov_u = S_uu - B S_ku + B P B'

    Only for models without slopes of their own.
    """
    m, d, m_before = len(places), state.n_slopes, state.n_models
    prior = settings.init(m, d)
    new = np.flatnonzero(places < 0)
    known = np.concatenate((np.flatnonzero(places >= 0), m + np.arange(d)))
    before = np.concatenate((places[places >= 0], m_before + np.arange(d)))

    posterior = state.covariance[np.ix_(before, before)]
    with_new = prior.covariance[np.ix_(known, new)]
    regression = np.linalg.solve(prior.covariance[np.ix_(known, known)], with_new).T
    across = regression @ posterior
    own = prior.covariance[np.ix_(new, new)] - regression @ with_new + across @ regression.T

    moved = state.mean[before] - settings.init(m_before, d).mean[before]
    mean = prior.mean.copy()
    mean[known] = state.mean[before]
    mean[new] += regression @ moved
    covariance = prior.covariance  # every entry is set
    covariance[np.ix_(known, known)] = posterior
    covariance[np.ix_(new, known)] = across
    covariance[np.ix_(known, new)] = across.T
    covariance[np.ix_(new, new)] = 0.5 * (own + own.T)
    return replace(prior, mean=mean, covariance=covariance)


def regressions(settings: OnlineLogistic, state: Posterior, places: Places) -> Posterior:
    """Known models' regressions, and the untrained one for the others."""
    fresh = settings.init(len(places), state.mean.shape[1] - 1)
    return Posterior(
        mean=rows(state.mean, fresh.mean, places),
        covariance=rows(state.covariance, fresh.covariance, places),
    )


def bills(settings: LogLinear, state: LogBills, places: Places) -> LogBills:
    """What known models cost, and the list price of the others."""
    fresh = settings.init(len(places), state.weights.shape[1] - 1)
    return LogBills(
        weights=rows(state.weights, fresh.weights, places),
        covariance=rows(state.covariance, fresh.covariance, places),
        billed=rows(state.billed, fresh.billed, places),
        foreseen=rows(state.foreseen, fresh.foreseen, places),
        lowest=rows(state.lowest, fresh.lowest, places),
        highest=rows(state.highest, fresh.highest, places),
    )


def rows(known: Floats, fresh: Floats, places: Places) -> Floats:
    """One row per model to be served, (models served, ...): the known one if there is one."""
    rows = fresh.copy()
    rows[places >= 0] = known[places[places >= 0]]
    return rows
