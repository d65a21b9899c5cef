"""`svm`: satisfaction predicted by support vector regression.

The third of the classical routers that benchmarks carry beside nearest neighbours and perceptrons (LLMRouter;
FusionFactory, arXiv:2507.10540): support vectors with a radial kernel on the embedding of the prompt. There one
machine classifies which model is best, with the trade-off between score and cost already in its labels. Here each
model's score is regressed (epsilon-insensitive), so that a multiplier can be set to keep a promise; a model's cost is
its mean on the training split. Its loss estimates medians, which says little of a verdict that is 0 or 1: of the
forecasts here it is the poorest. Left out: a search over kernels and penalties for each table; machines that classify,
their margins turned into probabilities, were no better (in-sample Platt scaling) and four times slower.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Floats
from messplus.errors import require_extra, require_range
from messplus.replay.baselines.frozen import frozen_router
from messplus.replay.baselines.priced import Forecast, Priced
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained
from messplus.replay.streams import Stream

EPSILON = 0.1
"""Errors of a score up to this are none."""

NARROW = 0.05
"""The kernel's exponent, in units of one over the features' total variance: less is wider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SvmSettings:
    """`svm`: support vectors and a multiplier.

    Attributes:
        penalty: C, weight of errors against a wide margin, > 0.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    penalty: float = 0.3
    train_share: float = TRAIN_SHARE

    def build(self, stream: Stream) -> Trained:
        """The router for one stream; raises `MissingExtraError` without the extra `baselines`."""
        require_extra("baselines", ["sklearn"], "the svm policy")
        return frozen_router(stream, self.train_share, Priced(SupportVectors(penalty=self.penalty)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportVectors:
    """One regression per model; implements `priced.Learner`.

    Attributes:
        penalty: C, > 0.
    """

    penalty: float

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        ok = 0.0 < self.penalty < np.inf
        require_range("penalty", self.penalty, "positive and finite", ok=ok)

    def fit(self, past: Past, rng: np.random.Generator) -> "Kernels":
        """Fit each model's regression, with the kernel's width from the features' variance."""
        from sklearn.svm import SVR  # the extra `baselines` starts here

        x = past.features
        gamma = NARROW / (x.shape[1] * (float(x.var()) or 1.0))
        weight = np.zeros((len(past), past.n_models))
        intercept = np.zeros(past.n_models)
        for m in range(past.n_models):
            machine = SVR(C=self.penalty, epsilon=EPSILON, gamma=gamma)
            machine.fit(x, past.score[:, m])
            weight[machine.support_, m] = machine.dual_coef_[0]
            intercept[m] = machine.intercept_[0]
        used = (weight != 0.0).any(axis=1)
        return Kernels(x[used], weight[used], intercept, gamma, past.cost.mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """Trained regressions, over one set of support vectors; implements `priced.Forecaster`."""

    vectors: Floats  # (n, d)
    weight: Floats  # (n, M)
    intercept: Floats  # (M,)
    gamma: float
    cost: Floats  # (M,), mean

    def forecast(self, features: Floats) -> Forecast:
        """Scores within [0, 1]; mean costs."""
        apart = (features**2).sum(axis=1)[:, None] + (self.vectors**2).sum(axis=1)
        apart -= 2.0 * features @ self.vectors.T
        kernel = np.exp(-self.gamma * np.maximum(apart, 0.0))
        p_sat = (kernel @ self.weight + self.intercept).clip(0.0, 1.0)
        return Forecast(p_sat, np.broadcast_to(self.cost, p_sat.shape))
