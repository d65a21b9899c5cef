"""The experts that the adaptive policy predicts with: those whose states a prior holds.

How much a verdict on one model tells about the others depends on the zoo: much if its models are
alike, nothing if they are not, when failures of a hopeless model must not make good ones look bad.
No single spread of levels suits both, so two experts that are blind to the request have one each,
and the zoo decides between them (empirical Bayes; see `messplus.predictors.mixture`).
"""

from typing import NamedTuple

from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.logistic import OnlineLogistic
from messplus.predictors.mixture import Mixture

ALIKE = 0.25
"""Standard deviation of a model's level beside the tilt where models are alike, in log-odds."""

UNLIKE = 0.8
"""Same where they are not; there the dearest may be above the cheapest by as much more, too."""


class Experts(NamedTuple):
    """The experts one by one, and the mixture of them in this order."""

    blinds: tuple[Hierarchical, Hierarchical]
    experts: tuple[Hierarchical, OnlineLogistic]
    mixture: Mixture


def experts(level: float) -> Experts:
    """Untrained experts that expect this satisfaction, kept within [0.02, 0.98]."""
    prior = min(max(level, 0.02), 0.98)
    blinds = (
        Hierarchical(prior=prior, own_sd=ALIKE, slope_sd=0.0),
        Hierarchical(prior=prior, own_sd=UNLIKE, tilt=UNLIKE, slope_sd=0.0),
    )
    others = (
        Hierarchical(prior=prior, own_sd=ALIKE),
        OnlineLogistic(prior=prior, intercept_sd=1.0),
    )
    return Experts(blinds, others, Mixture(blinds=blinds, experts=others, share=0.0))
