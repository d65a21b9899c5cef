"""Several predictors, weighted by how well they have predicted: never much worse than the best one.

Which predictor is best depends on the zoo, on the encoder and on how much was judged so far: at
first one that is blind to the request, later one that reads it, or the nearest neighbours where the
same question comes again. So all of them learn, and the prediction is their average,

    p[m] = sum_e w_e p_e[m]        w_e = exp(L_e) / sum exp(L)
    L_e <- discount * L_e + log score of expert e on the verdict,  s log p_e[m] + (1 - s) log(1 - p_e[m])

which with discount 1 is Bayes' rule over "expert e is right". Three choices:

- One weight per expert, not one per expert and model: a model without verdicts of its own is
  predicted by what has served the rest of the zoo, and every verdict counts in full. On the
  recorded streams weights per model were no better.
- Several verdicts on one request count by their mean: they are verdicts on one question, not on
  as many. It also keeps the guarantee below when all models are asked.
- A fixed share of the weight is dealt out anew with every verdict, so an expert that was useless
  comes back within some hundred verdicts after the world has changed.

Guarantee (discount 1, share 0; any verdicts, any experts, no assumption): over every sequence,

    sum of the mixture's log losses  <=  sum of the best expert's + log(number of experts)

where the loss of a request is the mean over its verdicts, predicted as of their arrival. With a
share s it holds against the best sequence of experts that changes k times, plus k log(E / s) and
log(1 / (1 - s)) per request. Proof: Hoelder's inequality, with the telescoping sum of the
aggregating algorithm (Vovk 1990; DeSantis, Markowsky & Wegman 1988); for the share Herbster &
Warmuth (1998).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from messplus.core.types import Belief, Bools, Floats, Predictor
from messplus.errors import SettingError, require_range
from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.knn import NearestNeighbours
from messplus.predictors.logistic import OnlineLogistic

SURE = 1e-4
"""Experts are heard within [SURE, 1 - SURE]: one bold mistake costs at most log(1e4) = 9.2."""


@dataclass(frozen=True, slots=True)
class MixtureState:
    """What every expert learned, and how far each is trusted; the blind one is first."""

    experts: tuple[Any, ...]
    log_weight: Floats  # (E,), normalised: exp of it sums to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Experts weighted by their log scores; implements `messplus.core.types.Believer`.

    Attributes:
        blind: The expert that is blind to the request, slope_sd = 0. It says how good each model
            is on the whole, and how sure that is.
        experts: The other experts. They may be any predictors.
        discount: What a log score is worth one learned request later, in (0, 1]. 0.999 remembers
            about 1,000 requests; 1 all.
        share: Part of all weight dealt out evenly after each learned request, in [0, 1).
    """

    blind: Hierarchical
    experts: tuple[Predictor[Any], ...]
    discount: float = 0.999
    share: float = 1e-3

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("discount", self.discount, "in (0, 1]", ok=0 < self.discount <= 1)
        require_range("share", self.share, "in [0, 1)", ok=0 <= self.share < 1)
        if self.blind.slope_sd > 0:
            raise SettingError(
                f"the blind expert must not read the request: give it slope_sd=0, "
                f"got {self.blind.slope_sd!r}"
            )

    def init(self, n_models: int, n_features: int) -> MixtureState:
        """Untrained experts, trusted alike.

        Raises:
            SettingError: An expert refuses the size of the zoo.
        """
        experts = tuple(one.init(n_models, n_features) for one in self._all())
        return MixtureState(experts, np.full(len(experts), -np.log(len(experts))))

    def predict(self, state: MixtureState, x: Floats) -> Floats:
        """Weighted mean of the experts' predictions, shape (M,), within [SURE, 1 - SURE]."""
        return np.exp(state.log_weight) @ self._forecasts(state, x)

    def believe(self, state: MixtureState, x: Floats) -> Belief:
        """The mixture's prediction; level and doubt are the blind expert's."""
        blind = self.blind.believe(state.experts[0], x)
        return blind._replace(p_sat=self.predict(state, x))

    def update(
        self, state: MixtureState, x: Floats, satisfied: Floats, observed: Bools
    ) -> MixtureState:
        """Weigh each expert by what it would have said just now, then let it learn."""
        if not observed.any():
            return state
        p, s = self._forecasts(state, x)[:, observed], satisfied[observed]
        score = (s * np.log(p) + (1.0 - s) * np.log1p(-p)).mean(axis=1)
        log_weight = self.discount * state.log_weight + score
        log_weight -= np.logaddexp.reduce(log_weight)
        if self.share > 0:
            even = self.share / len(log_weight)
            log_weight = np.log((1.0 - self.share) * np.exp(log_weight) + even)
        experts = tuple(
            one.update(its, x, satisfied, observed)
            for one, its in zip(self._all(), state.experts, strict=True)
        )
        return MixtureState(experts, log_weight)

    def _all(self) -> tuple[Predictor[Any], ...]:
        return (self.blind, *self.experts)

    def _forecasts(self, state: MixtureState, x: Floats) -> Floats:
        """What each expert predicts of each model, (E, M)."""
        forecasts = [
            one.predict(its, x) for one, its in zip(self._all(), state.experts, strict=True)
        ]
        return np.clip(forecasts, SURE, 1.0 - SURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureSettings:
    """`mixture`: blind, shared slopes, a logistic regression per model, and nearest neighbours.

    Attributes:
        discount: See `Mixture`.
        share: See `Mixture`.
        prior: Satisfaction expected of the middle of the zoo, in (0, 1); a policy's promise is a
            good guess. See `Hierarchical`; so for the following.
        tilt: Log-odds by which the dearest model is expected above that, the cheapest below.
    """

    discount: float = 0.999
    share: float = 1e-3
    prior: float = 0.5
    tilt: float = 0.45

    def build(self) -> Mixture:
        """The mixture; raises `SettingError`."""
        return Mixture(
            blind=Hierarchical(prior=self.prior, tilt=self.tilt, slope_sd=0.0),
            experts=(
                Hierarchical(prior=self.prior, tilt=self.tilt),
                OnlineLogistic(),
                NearestNeighbours(),
            ),
            discount=self.discount,
            share=self.share,
        )
