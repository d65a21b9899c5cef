"""A policy without a knob: MESS+ with the price of satisfaction learned apart from the debt.

In MESS+ the price of a satisfied request is Q / V, so the right price is held only while V times as
much is owed: the promise is late by construction, and V has to fit the zoo, the unit of cost and the
workload. Here

    price = learned price * exp(correction(debt))

The learned price is re-solved from predictions over recent requests (price.py). The debt only
corrects it: with the right price nothing is owed, and an error of the price by a factor k costs
about `softness` * log(k) requests of debt, once. Costs enter only as ratios, so no setting has a
unit. Symbols:

    D     debt     sum of alpha - s over all requests, signed: mean satisfaction = alpha - D / t
    b     reserve  requests ahead that the debt is steered towards, -b

Two more parts make it keep its promise from early on, at little cost:

- It learns from every answer, and is optimistic: a model is credited with its doubt, so one that may
  be better gets asked, one at a time, and no longer once it is known.
- Unless it is far behind, it leaves alone what is dearer than the cheapest model that may be adequate.

docs/explanation/adaptive.md says what is guaranteed; docs/results/adaptive.md, what was measured.
"""

import math
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar, get_args

import numpy as np

from messplus.core.account import Account
from messplus.core.exploration import probability
from messplus.core.price import Window
from messplus.core.safe import attainable, bound
from messplus.core.types import (
    Belief,
    Believer,
    Bools,
    CostEstimate,
    Decision,
    Draws,
    Floats,
    Request,
    Verdict,
)
from messplus.errors import require_range, unknown

P = TypeVar("P")
C = TypeVar("C")

Asks = Literal["one", "all"]


@dataclass(frozen=True, slots=True)
class AdaptiveState(Generic[P, C]):
    """Everything that the policy carries from one request to the next.

    Attributes:
        predictor: What the predictor learned.
        costs: What the cost estimate learned.
        window: What was expected of the latest requests.
        account: What is owed. Without a verdict the prediction counts.
        room: How far the cheapest adequate model is above alpha, smoothed.
        price: Learned price of a satisfied request, in the zoo's unit of cost.
        belief: What the latest decision was taken with; None before the first.
    """

    predictor: P
    costs: C
    window: Window
    account: Account
    room: float = 0.0
    price: float = 0.0
    belief: Belief | None = None

    @property
    def t(self) -> int:
        """Requests decided."""
        return self.account.t

    @property
    def debt(self) -> float:
        """D, in satisfied requests; negative when ahead."""
        return self.account.debt


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive(Generic[P, C]):
    """The policy with its settings. None has a unit of cost, and none was fitted to a zoo.

    Attributes:
        alpha: Promised share of satisfied requests, in (0, 1].
        predictor: Gives predictions, and how sure it is of each model; learns from every verdict.
        costs: Expects each model's cost on a request.
        softness: Requests of debt that raise the price by a factor e, > 0.
        urgency: Further such requests where more is owed than was promised (D > 0), > 0.
        optimism: Standard deviations of doubt credited to a model, >= 0; rises to 1 in debt.
        patience: Requests of debt, at alpha = 1/2, up to which dearer models are left alone, > 0.
        window: Recent requests over which the price is solved, >= 1.
        resolve_every: Requests between two solutions, >= 1.
        explore: Scale c >= 0 of the paper's schedule c / t^(1/4): how often more models are asked, off
            the user's path, only to learn from. 0: never; the answers that are served teach enough.
        explore_asks: What is asked then: the model of which least is known among those not dearer than
            the one that serves (`one`), or the whole zoo, as in the paper (`all`).
        credit: Requests ahead that are counted on at most, > 0: a good morning is not spent on a bad
            afternoon.
        rehearsal: Features of recorded requests, shape (n, d), the latest last: what is expected of
            them fills the window before the first request. None: it starts empty.
    """

    alpha: float
    predictor: Believer[P]
    costs: CostEstimate[C]
    softness: float = 25.0
    urgency: float = 10.0
    optimism: float = 0.5
    patience: float = 20.0
    window: int = 200
    resolve_every: int = 5
    explore: float = 0.0
    explore_asks: Asks = "one"
    credit: float = 100.0
    rehearsal: Floats | None = None

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("alpha", self.alpha, "in (0, 1]", ok=0.0 < self.alpha <= 1.0)
        for name in ("softness", "urgency", "patience", "credit"):
            value = getattr(self, name)
            require_range(name, value, "positive and finite", ok=0.0 < value < np.inf)
        for name in ("optimism", "explore"):
            value = getattr(self, name)
            require_range(name, value, "at least 0 and finite", ok=0.0 <= value < np.inf)
        if self.explore_asks not in get_args(Asks):
            raise unknown("explore_asks", self.explore_asks, get_args(Asks))
        for name in ("window", "resolve_every"):
            require_range(name, getattr(self, name), "at least 1", ok=getattr(self, name) >= 1)

    def init(self, n_models: int, n_features: int) -> AdaptiveState[P, C]:
        """Nothing owed; nothing learned but what predictor and costs start with."""
        predictor = self.predictor.init(n_models, n_features)
        costs = self.costs.init(n_models, n_features)
        window = Window.empty(self.window, n_models)
        for x in () if self.rehearsal is None else self.rehearsal[-self.window :]:
            belief = self.predictor.believe(predictor, x)
            hopeful = bound(belief.p_sat, belief.doubt, self.optimism)
            window = window.push(hopeful, self.costs.predict(costs, Request(features=x)))
        account = Account(alpha=self.alpha, credit=self.credit)
        return AdaptiveState(predictor=predictor, costs=costs, window=window, account=account)

    def decide(
        self, state: AdaptiveState[P, C], request: Request, draws: Draws
    ) -> tuple[Decision, AdaptiveState[P, C]]:
        """The best value at the corrected price, among the models that may be asked."""
        belief = self.predictor.believe(state.predictor, request.features)
        cost = self.costs.predict(state.costs, request)
        available = request.can_be_asked(len(cost))
        payable = np.where(available, cost, np.inf)

        choice = np.count_nonzero(available) > 1 or len(cost) == 1
        room = self._room(belief, payable)
        if state.t:  # levels are noisy at first: smooth what follows from them
            room = 0.99 * state.room + 0.01 * room if choice else state.room
        known = state.account.labels.rate
        behind = state.debt + self._reserve(room, state.t, known)

        optimism = _cautious(self.optimism, known)
        if behind > 0.0:
            optimism = max(optimism, min(1.0, known * behind / DEEP))
        hopeful = bound(belief.p_sat, belief.doubt, optimism)
        window = state.window.push(hopeful, cost)
        price = state.price
        if state.t % self.resolve_every == 0 and choice:  # one model alone has no price
            price = window.price(self.alpha, INSIDE, request.available)

        # With few verdicts the debt is mostly expectation: a request of it tells less.
        gain = math.sqrt(known)
        corrected = price * self._correction(gain * behind, gain * state.debt)
        payable[payable > self._limit(belief, payable, gain * behind, known)] = np.inf
        model = int(np.argmin(payable - corrected * hopeful))
        best_guess = int(np.argmin(payable - corrected * belief.p_sat))
        if state.account.blindfold:  # nothing is known: serve what is reputed best
            model = best_guess = int(np.flatnonzero(available)[-1])

        asked: tuple[int, ...] = (model,)
        if draws.explore < probability(self.explore, state.t + 1):
            asked = self._with_others(model, belief, np.where(available, cost, np.inf))
        decision = Decision(
            model=model,
            asked=asked,
            explored=model != best_guess or len(asked) > 1,
            propensity=1.0,
            queue=max(0.0, state.debt),
            p_sat=belief.p_sat,
            cost=cost,
            t=state.t,
            price=corrected,
        )
        account = state.account.answered(float(belief.p_sat[model]))
        return decision, replace(
            state, window=window, account=account, room=room, price=price, belief=belief
        )

    def charge(
        self, state: AdaptiveState[P, C], request: Request, decision: Decision, cost: Floats
    ) -> AdaptiveState[P, C]:
        """Learn what the asked model cost."""
        costs = self.costs.update(state.costs, request, cost, decision.asked_mask)
        return replace(state, costs=costs)

    def learn(
        self,
        state: AdaptiveState[P, C],
        request: Request,
        decision: Decision,
        verdict: Verdict,
    ) -> AdaptiveState[P, C]:
        """Learn from the verdict, and count it in place of what was expected."""
        satisfied, observed, source = verdict
        account = state.account
        if observed[decision.model]:
            account, taken_for = account.judged(
                decision.t, float(satisfied[decision.model]), source
            )
            if taken_for is None:
                return replace(state, account=account)
            satisfied = satisfied.copy()
            satisfied[decision.model] = taken_for
        predictor = self.predictor.update(state.predictor, request.features, satisfied, observed)
        return replace(state, predictor=predictor, account=account)

    def redirected(
        self, state: AdaptiveState[P, C], decision: Decision, model: int
    ) -> tuple[Decision, AdaptiveState[P, C]]:
        """The decision just taken, with another model in place of the one chosen, and nobody else asked."""
        account = state.account.reconsidered(float(decision.p_sat[model]))
        decision = replace(decision, model=model, asked=(model,), explored=False)
        return decision, replace(state, account=account)

    def witnessed(
        self, state: AdaptiveState[P, C], request: Request, decision: Decision
    ) -> AdaptiveState[P, C]:
        """Book a decision that was taken elsewhere, by this policy in an older state.

        It counts with what was expected of it there. The predictor is asked as often as the price is
        solved, so that one who follows many is quicker than they are.
        """
        belief, room, price = state.belief, state.room, state.price
        look = belief is None or state.t % self.resolve_every == 0
        if belief is None or look:
            belief = self.predictor.believe(state.predictor, request.features)
        known = state.account.labels.rate
        optimism = _cautious(self.optimism, known)
        hopeful = bound(decision.p_sat, belief.doubt, optimism)
        window = state.window.push(hopeful, decision.cost)
        if look:
            available = request.can_be_asked(len(decision.cost))
            keep = 0.99**self.resolve_every if state.t else 0.0
            now = self._room(belief, np.where(available, decision.cost, np.inf))
            room = keep * room + (1.0 - keep) * now
            price = window.price(self.alpha, INSIDE, request.available)
        account = state.account.answered(float(decision.p_sat[decision.model]))
        return replace(state, window=window, account=account, room=room, price=price, belief=belief)

    def believed(self, state: AdaptiveState[P, C]) -> float:
        """Mean satisfaction delivered so far, as far as verdicts tell; NaN before the first request."""
        return state.account.believed

    def warnings(
        self, state: AdaptiveState[P, C], available: Bools | None = None
    ) -> tuple[str, ...]:
        """What stands against the promise, each a sentence for people.

        Args:
            state: Of the policy.
            available: Which models can be asked at all, shape (M,), at least one. None: all.
        """
        found = []
        if state.account.blindfold:
            found.append(
                f"{state.account.blindfold}: the largest model serves until verdicts come on answers "
                "drawn at random"
            )
        if state.belief:
            zoo = slice(None) if available is None else available
            level, doubt = state.belief.level[zoo], state.belief.doubt[zoo]
            if self.reach(level, doubt) == "no":
                best = float(level.max())
                found.append(
                    f"alpha = {self.alpha:g} is out of reach: the best model satisfies about "
                    f"{best:.3f}; lower alpha or add a better model"
                )
        return tuple(found)

    def reach(self, level: Floats, doubt: Floats) -> Literal["yes", "doubtful", "no"]:
        """Whether some model alone would keep the promise; "no" only once its best hope is known.

        Args:
            level: Mean satisfaction of each model that can be asked, shape (M,), M >= 1.
            doubt: Posterior standard deviation of each, in log-odds, shape (M,), >= 0.
        """
        found = attainable(level, doubt, self.alpha)
        hope = int(np.argmax(bound(level, doubt, 2.0)))
        return "doubtful" if found == "no" and doubt[hope] > VAGUE else found

    @property
    def _noise(self) -> float:
        """Variance of a verdict at alpha, over that at 1/2; not 0, so that alpha = 1 has a scale."""
        return max(4.0 * self.alpha * (1.0 - self.alpha), 0.04)

    def _with_others(self, model: int, belief: Belief, cost: Floats) -> tuple[int, ...]:
        """The model that serves, and what else is asked to learn from; cost is infinite if absent."""
        others = np.flatnonzero(np.isfinite(cost) & (np.arange(len(cost)) != model))
        if self.explore_asks == "one" and len(others):
            not_dearer = others[cost[others] <= cost[model]]
            pool = not_dearer if len(not_dearer) else others
            others = pool[[np.argmax(belief.doubt[pool])]]
        return tuple(sorted((model, *others.tolist())))

    def _room(self, belief: Belief, cost: Floats) -> float:
        """How far the cheapest adequate model is above alpha: what it can pay back per request."""
        cost = np.where(belief.level >= self.alpha + MARGIN, cost, np.inf)
        model = int(np.argmin(cost))
        return float(belief.level[model]) - self.alpha if np.isfinite(cost[model]) else MARGIN

    def _reserve(self, room: float, t: int, known: float) -> float:
        """Requests to be ahead by, so that the noise of verdicts seldom ends below alpha.

        With little room a debt takes longer to pay back, so more is held; and it is earned no faster
        than the adequate model can while paying for half of it. The fewer the verdicts, the less is
        known of the debt, and the more is held.
        """
        full = 0.25 * self._noise * min(max(2.0 / room, 30.0), 100.0) / known
        return float(min(full, EARNED**known * room * t, self.credit))

    def _correction(self, behind: float, debt: float) -> float:
        """The factor by which debt raises the price, or credit lowers it."""
        exponent = behind / self.softness + max(0.0, debt) / self.urgency
        return math.exp(min(max(exponent, -5.0), 5.0))

    def _limit(self, belief: Belief, cost: Floats, behind: float, known: float) -> float:
        """The most that a model may cost to be asked: that of the cheapest adequate one.

        Adequate is by hope while ahead, by its level at half the patience, and beyond doubt before
        all become available at the end of it.
        """
        patience = self.patience * self._noise
        if behind >= patience:
            return np.inf
        hope = _cautious(2.0 * min(max(1.0 - 2.0 * behind / patience, -1.0), 1.0), known)
        adequate = bound(belief.level, belief.doubt, hope) >= self.alpha
        return float(np.min(cost, where=adequate, initial=np.inf))


EARNED = 0.5
"""Share of an adequate model's room above alpha that goes into the reserve until it is full."""

DEEP = 10.0
"""Requests behind at which optimism is full."""

VAGUE = 0.6
"""Doubt about a model beyond which it is not said to be too bad: that would be prejudice."""

MARGIN = 0.005
"""How far above alpha a model's level is called adequate for the reserve."""

INSIDE = 0.05
"""How far inside the attainable range the price is solved; see `Window.price`."""

CAUTION = 1.0
"""Standard deviations of doubt held against a model where there are no verdicts at all."""


def _cautious(hope: float, known: float) -> float:
    """Standard deviations in a model's favour, the fewer the less is ever judged, and so found out."""
    return known * hope - (1.0 - known) * CAUTION
