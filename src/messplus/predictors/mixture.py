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

How good each model is on the whole, and how sure that is, is told by the experts that are blind to
the request. They differ in what they hold about zoos, say that models are alike or that they are
not; the zoo decides, by Bayes' rule proper, which forgets nothing: what holds of a zoo does not
change from day to day. With weights v_b, and N(m_b, s_b^2) what blind expert b believes of a level,

    mean = sum_b v_b m_b        doubt^2 = sum_b v_b (s_b^2 + (m_b - mean)^2)

so where they disagree, that adds to the doubt.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from messplus.core.types import Belief, Bools, Floats, Predictor
from messplus.errors import SettingError, require_range
from messplus.predictors.hierarchical import Hierarchical, averaged, levels
from messplus.predictors.knn import NearestNeighbours
from messplus.predictors.logistic import OnlineLogistic

SURE = 1e-4
"""Experts are heard within [SURE, 1 - SURE]: one bold mistake costs at most log(1e4) = 9.2."""


class Told(NamedTuple):
    """What the experts say about one request.

    Attributes:
        p_sat: Each expert's prediction, within [SURE, 1 - SURE], shape (E, M).
        level: Mean satisfaction of each model as each blind expert has it, shape (B, M).
        mean: Posterior mean of the same in log-odds, shape (B, M).
        variance: Its posterior variance, shape (B, M).
    """

    p_sat: Floats
    level: Floats
    mean: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class MixtureState:
    """What every expert learned, and how far each is trusted; the B blind ones are first.

    Attributes:
        experts: Their states.
        log_weight: Of each expert's predictions, shape (E,), normalised: exp of it sums to 1.
        log_blind: Of each blind expert's levels, shape (B,), normalised too.
        last: What was told of the latest request, by its features: most verdicts are on that one,
            and need not be foreseen twice. At most one; no part of what was learned.
    """

    experts: tuple[Any, ...]
    log_weight: Floats
    log_blind: Floats
    last: list[tuple[bytes, Told]] = field(default_factory=list, init=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Experts weighted by their log scores; implements `messplus.core.types.Believer`.

    Attributes:
        blinds: The experts that are blind to the request, slope_sd = 0, at least one. They say how
            good each model is on the whole, and how sure that is.
        experts: The other experts. They may be any predictors.
        discount: What a log score is worth one learned request later, in (0, 1]. 0.999 remembers
            about 1,000 requests; 1 all. Not so among the blind, for their levels.
        share: Part of all weight dealt out evenly after each learned request, in [0, 1).
    """

    blinds: tuple[Hierarchical, ...]
    experts: tuple[Predictor[Any], ...]
    discount: float = 0.999
    share: float = 1e-3

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("discount", self.discount, "in (0, 1]", ok=0 < self.discount <= 1)
        require_range("share", self.share, "in [0, 1)", ok=0 <= self.share < 1)
        if not self.blinds:
            raise SettingError("at least one expert must be blind to the request, got none")
        for blind in self.blinds:
            if blind.slope_sd > 0:
                raise SettingError(
                    f"a blind expert must not read the request: give it slope_sd=0, "
                    f"got {blind.slope_sd!r}"
                )

    def init(self, n_models: int, n_features: int) -> MixtureState:
        """Untrained experts, trusted alike.

        Raises:
            SettingError: An expert refuses the size of the zoo.
        """
        states = tuple(one.init(n_models, n_features) for one in self._all())
        return MixtureState(states, _even(len(states)), _even(len(self.blinds)))

    def predict(self, state: MixtureState, x: Floats) -> Floats:
        """Weighted mean of the experts' predictions, shape (M,), within [SURE, 1 - SURE]."""
        return np.exp(state.log_weight) @ self._told(state, x).p_sat

    def believe(self, state: MixtureState, x: Floats) -> Belief:
        """The mixture's prediction; level and doubt are those of the blind experts together."""
        told, weight = self._told(state, x), np.exp(state.log_blind)
        apart = told.mean - weight @ told.mean
        return Belief(
            p_sat=np.exp(state.log_weight) @ told.p_sat,
            level=weight @ told.level,
            doubt=np.sqrt(weight @ (told.variance + apart * apart)),
        )

    def update(
        self, state: MixtureState, x: Floats, satisfied: Floats, observed: Bools
    ) -> MixtureState:
        """Weigh each expert by what it would have said just now, then let it learn."""
        if not observed.any():
            return state
        p, s = self._told(state, x).p_sat[:, observed], satisfied[observed]
        score = (s * np.log(p) + (1.0 - s) * np.log1p(-p)).mean(axis=1)
        log_weight = _normalised(self.discount * state.log_weight + score)
        if self.share > 0:
            even = self.share / len(log_weight)
            log_weight = np.log((1.0 - self.share) * np.exp(log_weight) + even)
        log_blind = _normalised(state.log_blind + score[: len(self.blinds)])
        states = tuple(
            one.update(its, x, satisfied, observed)
            for one, its in zip(self._all(), state.experts, strict=True)
        )
        return MixtureState(states, log_weight, log_blind)

    def _all(self) -> tuple[Predictor[Any], ...]:
        return (*self.blinds, *self.experts)

    def _told(self, state: MixtureState, x: Floats) -> Told:
        """What each expert says; kept until the state is used up."""
        key = x.tobytes()  # by value: a caller may fill the same array anew
        for known, told in state.last:
            if known == key:
                return told
        n_blind = len(self.blinds)
        believed = [levels(its) for its in state.experts[:n_blind]]
        mean, variance = np.array([m for m, _ in believed]), np.array([v for _, v in believed])
        level = averaged(mean, variance)  # blind to the request, this is the prediction too
        others = zip(self.experts, state.experts[n_blind:], strict=True)
        p_sat = np.array([*level, *(one.predict(its, x) for one, its in others)])
        told = Told(np.minimum(np.maximum(p_sat, SURE), 1.0 - SURE), level, mean, variance)
        state.last[:] = [(key, told)]
        return told


def _even(n: int) -> Floats:
    return np.full(n, -np.log(n))


def _normalised(log_weight: Floats) -> Floats:
    """The same weights, whose exponentials sum to 1."""
    return np.asarray(log_weight - np.logaddexp.reduce(log_weight))


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
            blinds=(Hierarchical(prior=self.prior, tilt=self.tilt, slope_sd=0.0),),
            experts=(
                Hierarchical(prior=self.prior, tilt=self.tilt),
                OnlineLogistic(),
                NearestNeighbours(),
            ),
            discount=self.discount,
            share=self.share,
        )
