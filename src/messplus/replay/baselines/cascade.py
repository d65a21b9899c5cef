"""`cascade`: ask a cheap model, check its answer, and ask a dearer one where the check rejects it.

The threshold cascade of FrugalGPT (Chen et al., arXiv:2305.05176, section 3: pairs of models and a
threshold are chosen on labelled requests). Every model that is called is charged, and every check.

**The check is simulated on recorded outcomes.** No table records what a verifier would have said, so it is
stated by two rates: it accepts a share `sensitivity` of what satisfies, and `false_accept` of what does
not. Between them lies a score with the least assumptions that a threshold needs: normal, with the same
spread for both kinds of answer (the binormal model of a ROC curve), so that the two rates are one point
of its curve and the threshold moves along it.

Left out: chains of three models, a learned scorer (here the check is given), and the choice of the pair
per request; FrugalGPT minimises loss under a budget, this keeps a promise at the least cost.
"""

from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np

from messplus.core.types import Chain, Decision, Draws, Floats, Request, Verdict
from messplus.errors import require_range
from messplus.replay.baselines.frozen import stand_in
from messplus.replay.baselines.trained import TRAIN_SHARE, Past, Trained, train_requests
from messplus.replay.references import cheapest_mix
from messplus.replay.streams import Stream

THRESHOLDS = 41
"""Thresholds that are tried for each pair, over all that the check could score."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeSettings:
    """`cascade`: two models and a threshold, with a check that is simulated on outcomes.

    Attributes:
        sensitivity: Share of satisfying answers that the check accepts, in (0, 1).
        false_accept: Share of the others that it accepts, in (0, sensitivity].
        check_cost: What a check costs, in mean answers of the cheapest model, >= 0.
        train_share: Share of the stream to be trained on, in (0, 1).
    """

    sensitivity: float = 0.9
    false_accept: float = 0.4
    check_cost: float = 0.5
    train_share: float = TRAIN_SHARE

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        ok = 0.0 < self.sensitivity < 1.0
        require_range("sensitivity", self.sensitivity, "in (0, 1)", ok=ok)
        ok = 0.0 < self.false_accept <= self.sensitivity
        require_range("false_accept", self.false_accept, "in (0, sensitivity]", ok=ok)
        ok = 0.0 <= self.check_cost < np.inf
        require_range("check_cost", self.check_cost, "at least 0 and finite", ok=ok)

    def build(self, stream: Stream) -> Trained:
        """The cascade for one stream."""
        check = SimulatedCheck(
            separation=_NORMAL.inv_cdf(self.sensitivity) - _NORMAL.inv_cdf(self.false_accept),
            cost=self.check_cost * float(stream.cost[:, 0].mean()),
        )
        return Trained(
            requests=train_requests(stream.n_requests, self.train_share),
            course=ChooseChains(alpha=stream.alpha, check=check),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCheck:
    """A check that errs at stated rates; implements `core.types.Check`.

    Attributes:
        separation: By how many standard deviations a satisfying answer scores higher, >= 0.
        cost: What one check costs, in the stream's unit, >= 0.
    """

    separation: float
    cost: float

    def score(self, satisfied: float, luck: float) -> float:
        """Normal around 0 for what satisfies nobody, around `separation` for what satisfies."""
        return self.separation * satisfied + _NORMAL.inv_cdf(max(luck, 1e-300))

    def accepts(self, satisfied: Floats, least: float) -> Floats:
        """P(score >= least) for answers of this worth, any shape."""
        worth, place = np.unique(satisfied, return_inverse=True)
        chance = np.array([_NORMAL.cdf(self.separation * s - least) for s in worth.tolist()])
        return np.asarray(chance[place].reshape(satisfied.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseChains:
    """Chooses two models and a threshold for a promise; implements `trained.Course`.

    Attributes:
        alpha: The promise.
        check: Scores answers.
    """

    alpha: float
    check: SimulatedCheck

    def graduate(self, past: Past, rng: np.random.Generator) -> "Cascade":
        """The cheapest mix of two chains that reaches alpha on the training split.

        A chain of one model is among them, so the static mix is the worst that can come of it. If
        nothing reaches alpha: the chain that satisfies most.
        """
        chains, cost, satisfaction = [], [], []
        for chain in self._chains(past.n_models):
            spent, gained = self._expected(chain, past)
            chains.append(chain)
            cost.append(spent)
            satisfaction.append(gained)
        mix = cheapest_mix(np.array(cost), np.array(satisfaction), self.alpha)
        if mix is None:
            best = chains[int(np.argmax(satisfaction))]
            return Cascade(best, best, 1.0)
        return Cascade(chains[mix.first], chains[mix.second], mix.weight)

    def _chains(self, n_models: int) -> list[Chain]:
        """Each model alone, and each pair at each threshold."""
        tried = np.linspace(-2.5, self.check.separation + 2.5, THRESHOLDS).tolist()
        alone = [Chain(models=(m,), least=0.0, check=self.check) for m in range(n_models)]
        pairs = combinations(range(n_models), 2)
        return alone + [Chain(models=p, least=x, check=self.check) for p in pairs for x in tried]

    def _expected(self, chain: Chain, past: Past) -> tuple[float, float]:
        """Mean cost and satisfaction of a chain, over what the check may say."""
        first, last = chain.models[0], chain.models[-1]
        if first == last:
            return float(past.cost[:, first].mean()), float(past.score[:, first].mean())
        passes = self.check.accepts(past.score[:, first], chain.least)
        spent = past.cost[:, first] + self.check.cost + (1.0 - passes) * past.cost[:, last]
        gained = passes * past.score[:, first] + (1.0 - passes) * past.score[:, last]
        return float(spent.mean()), float(gained.mean())


@dataclass(frozen=True, slots=True)
class Cascade:
    """Two chains, one of which each request is sent down; learns nothing more.

    Attributes:
        one: Chain of a share `weight` of the requests.
        other: Chain of the rest.
        weight: In [0, 1].
    """

    one: Chain
    other: Chain
    weight: float

    def init(self, n_models: int, n_features: int) -> int:
        """The number of models: all there is to remember."""
        return n_models

    def decide(self, state: int, request: Request, draws: Draws) -> tuple[Decision, int]:
        """One of the two chains; stand-ins for models that are not there."""
        chain = self.one if draws.choose < self.weight else self.other
        available = request.can_be_asked(state)
        models = tuple(dict.fromkeys(stand_in(m, available) for m in chain.models))
        nothing = np.full(state, np.nan)
        decision = Decision(
            model=models[0],
            asked=models[:1],
            explored=False,
            propensity=self._chance(chain),
            queue=0.0,
            p_sat=nothing,
            cost=nothing,
            chain=Chain(models=models, least=chain.least, check=chain.check),
        )
        return decision, state

    def _chance(self, chain: Chain) -> float:
        """Probability of the first model that is asked."""
        parts = ((self.one, self.weight), (self.other, 1.0 - self.weight))
        return sum(part for one, part in parts if one.models[0] == chain.models[0])

    def charge(self, state: int, request: Request, decision: Decision, cost: Floats) -> int:
        """Nothing to learn."""
        return state

    def learn(self, state: int, request: Request, decision: Decision, verdict: Verdict) -> int:
        """Nothing to learn."""
        return state
