"""The experts that the adaptive policy predicts with: those whose states a prior holds."""

from typing import NamedTuple

from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.logistic import OnlineLogistic
from messplus.predictors.mixture import Mixture


class Experts(NamedTuple):
    """The experts one by one, and the mixture of them in this order."""

    blind: Hierarchical
    experts: tuple[Hierarchical, OnlineLogistic]
    mixture: Mixture


def experts(level: float) -> Experts:
    """Untrained experts that expect this satisfaction, kept within [0.02, 0.98]."""
    prior = min(max(level, 0.02), 0.98)
    blind = Hierarchical(prior=prior, slope_sd=0.0)
    others = (Hierarchical(prior=prior), OnlineLogistic(prior=prior, intercept_sd=1.0))
    return Experts(blind, others, Mixture(blind=blind, experts=others, share=0.0))
