"""What was learned elsewhere, believed less firmly: wrong beliefs then give way to few verdicts.

A posterior is right about the past. It may be wrong about the traffic to come in two ways, and every
state is loosened for both. Means stay as they are: they are the best guess that there is.

- *It saw less than it looks.* Requests of one week, or of one benchmark, are not as many independent
  ones. So its evidence is tempered: that of n requests counts as that of at most `WORTH`,

      P'^-1 = (1 - c) P0^-1 + c P^-1        c = min(1, WORTH / n)

  which is the posterior after a share c of the evidence: never looser than the prior P0, and P
  itself if there were few requests. It matters for the slopes.
- *The world has moved.* Models are replaced under the same name, users get used to better ones. So
  each level has moved by an unknown amount, of standard deviation `DRIFT` on its own and as much
  again together with all others: variance is added, as by a Kalman filter after a random walk.

A level of variance v moves by the share n h v / (1 + n h v) of its error within n verdicts of
variance h each; v = 2 DRIFT^2 = 0.045 makes that one half after 90 verdicts at h = 1/4. Doubt is not free: it is what
the policy hopes with, so twice the drift began streams deeper in debt and saved nothing, not even where every level
had moved by a tenth. Errors larger than such drift are not for loosening: `Doubted` drops a prior that is wrong.
"""

from dataclasses import replace

import numpy as np

from messplus.core.types import Floats
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills
from messplus.predictors.hierarchical import Hierarchical, JointPosterior
from messplus.predictors.logistic import OnlineLogistic, Posterior

WORTH = 300
"""Requests that the evidence of a prior counts as, at most."""

DRIFT = 0.15
"""Standard deviation by which a level has moved on its own, and again with all others, in log-odds."""

WORTH_BILLS = 100
"""Bills of a model that the evidence on its costs counts as, at most."""

BILL_DRIFT = 0.3
"""Same of the log of a model's price, in units of the noise of a log bill."""

EVEN = 0.2
"""Weight of experts that is dealt out evenly: if the best of four in the past is not the best to
come, that costs at most log(4 / EVEN) = 3.0 in log score, some tens of verdicts."""


def levels(settings: Hierarchical, state: JointPosterior, n_requests: int) -> JointPosterior:
    """Looser levels, tempered slopes; only for models without slopes of their own."""
    prior = settings.init(state.n_models, state.n_slopes).covariance
    covariance = _tempered(prior, state.covariance, min(1.0, WORTH / n_requests))
    intercepts = slice(0, state.n_models)
    covariance[intercepts, intercepts] += DRIFT**2 * (1.0 + np.eye(state.n_models))
    return replace(state, mean=state.mean.copy(), covariance=covariance)


def regressions(settings: OnlineLogistic, state: Posterior, n_requests: int) -> Posterior:
    """Looser intercepts, tempered slopes."""
    prior = settings.init(*_size(state.mean)).covariance
    covariance = _tempered(prior, state.covariance, min(1.0, WORTH / n_requests))
    covariance[:, 0, 0] += 2.0 * DRIFT**2
    return Posterior(state.mean.copy(), covariance)


def bills(settings: LogLinear, state: LogBills, n_requests: int) -> LogBills:
    """Looser prices, tempered slopes, and a smearing factor that gives way to as few bills."""
    share = min(1.0, WORTH_BILLS / n_requests)
    prior = LogLinear(slope_sd=settings.slope_sd).init(*_size(state.weights)).covariance
    covariance = _tempered(prior, state.covariance, share)
    covariance[:, 0, 0] += BILL_DRIFT**2
    return replace(
        state, covariance=covariance, billed=share * state.billed, foreseen=share * state.foreseen
    )


def weights(log_weight: Floats) -> Floats:
    """Experts' log weights, of which a part is dealt out evenly."""
    return np.log((1.0 - EVEN) * np.exp(log_weight) + EVEN / len(log_weight))


def _size(weights: Floats) -> tuple[int, int]:
    """Models and features of a regression with an intercept, (M, 1 + d)."""
    return weights.shape[0], weights.shape[1] - 1


def _tempered(prior: Floats, posterior: Floats, share: float) -> Floats:
    """The covariances, (..., K, K), after a share of the evidence."""
    precision = (1.0 - share) * np.linalg.inv(prior) + share * np.linalg.inv(posterior)
    covariance = np.linalg.inv(precision)
    return np.asarray(0.5 * (covariance + np.swapaxes(covariance, -1, -2)))
