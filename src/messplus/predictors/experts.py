"""The experts that the adaptive policy predicts with: those whose states a prior holds.

How much a verdict on one model tells about the others depends on the zoo: much if its models are
alike, nothing if they are not, when failures of a hopeless model must not make good ones look bad.
No single spread of levels suits both, so two experts that are blind to the request have one each,
and the zoo decides between them (empirical Bayes; see `messplus.predictors.mixture`).
"""

from typing import Literal, NamedTuple

from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.knn import NearestNeighbours
from messplus.predictors.logistic import OnlineLogistic
from messplus.predictors.mixture import Mixture

ALIKE = 0.25
"""Standard deviation of a model's level beside the tilt where models are alike, in log-odds."""

UNLIKE = 0.8
"""Same where they are not; there the dearest may be above the cheapest by as much more, too."""


Which = Literal["all", "alike", "blind", "shared", "own", "neighbours"]
"""Experts to predict with: `all` of those below; only `alike` of the two that are blind; only the
`blind` ones; these and the one with `shared` slopes; these and the one with each model's `own`; or all
and nearest `neighbours`. To see what each is worth."""


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


def mixture(level: float, which: Which = "all") -> Mixture:
    """The mixture of some of the experts, untrained; `level` as in `experts`."""
    blinds, (shared, own), every = experts(level)
    match which:
        case "all":
            return every
        case "alike":
            return Mixture(blinds=blinds[:1], experts=(shared, own), share=0.0)
        case "blind":
            return Mixture(blinds=blinds, experts=(), share=0.0)
        case "shared":
            return Mixture(blinds=blinds, experts=(shared,), share=0.0)
        case "own":
            return Mixture(blinds=blinds, experts=(own,), share=0.0)
        case "neighbours":
            return Mixture(blinds=blinds, experts=(shared, own, NearestNeighbours()), share=0.0)
