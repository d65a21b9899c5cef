"""`thompson`: posterior sampling and a paced price.

Thompson sampling for logistic bandits (Chapelle & Li, "An Empirical Evaluation of Thompson Sampling",
NeurIPS 2011, section 4), as GreenServ and others route by it: satisfaction of each model is drawn from the
posterior of a Bayesian logistic regression on the request, and the best at the price is asked. The posterior
is that of `messplus.predictors.logistic`; the promise is kept by `messplus.replay.baselines.pacer`.

What differs: the posterior has its full covariance (theirs is diagonal), and is updated at each verdict, not
in batches. A request's log-odds are drawn directly, which is the same as drawing the weights.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import require_range
from messplus.predictors.logistic import OnlineLogistic, Posterior, sigmoid
from messplus.replay.baselines.pacer import Paced, Pacer, listed
from messplus.replay.streams import Stream

_SAMPLES = 64  # the first decides; all tell how probable that choice was


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Samples of the posterior; implements `pacer.Learner`.

    Attributes:
        logistic: Has the posterior.
        scale: Factor on its standard deviation, >= 0. 0: no exploration.
    """

    logistic: OnlineLogistic
    scale: float

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("scale", self.scale, "at least 0 and finite", ok=0 <= self.scale < np.inf)

    def init(self, n_models: int, n_features: int) -> Posterior:
        """The prior."""
        return self.logistic.init(n_models, n_features)

    def predict(self, state: Posterior, x: Floats) -> Floats:
        """Expected satisfaction, shape (M,)."""
        return self.logistic.predict(state, x)

    def hope(self, state: Posterior, x: Floats, rng: np.random.Generator) -> Floats:
        """Satisfaction drawn from the posterior, shape (n, M)."""
        x1 = np.concatenate(([1.0], x))
        spread = np.sqrt(np.maximum((state.covariance @ x1) @ x1, 0.0))
        drawn = rng.standard_normal((_SAMPLES, len(spread)))
        return sigmoid(state.mean @ x1 + self.scale * spread * drawn)

    def update(self, state: Posterior, x: Floats, satisfied: Floats, observed: Bools) -> Posterior:
        """One Kalman step per observed model; arrays are reused."""
        return self.logistic.update(state, x, satisfied, observed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThompsonSettings:
    """`thompson`: see the module. The defaults are one choice for all data.

    Attributes:
        scale: See Sampled.
        first: See Pacer; so for the following.
        step: See Pacer.
        smoothing: See Pacer.
        most: See Pacer.
    """

    scale: float = 0.35
    first: float = 4.0
    step: float = 0.3
    smoothing: float = 0.05
    most: float = 100.0

    def build(self, stream: Stream) -> Paced[Posterior]:
        """The router for one stream: the promise is the first guess of any satisfaction."""
        prior = min(max(stream.alpha, 0.02), 0.98)
        return Paced(
            learner=Sampled(logistic=OnlineLogistic(prior=prior), scale=self.scale),
            costs=listed(stream),
            pacer=Pacer(
                alpha=stream.alpha,
                first=self.first,
                step=self.step,
                smoothing=self.smoothing,
                most=self.most,
            ),
        )
