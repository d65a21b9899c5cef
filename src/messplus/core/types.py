"""What the core speaks of: requests, decisions, and the three things that can be plugged in.

Everything in here is about *one zoo of M models, indexed in ascending order of cost*, as the paper
has it: index 0 is the cheapest model and M - 1 the largest.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """One request, as far as a policy can see it on arrival.

    Attributes:
        features: What the encoder made of the request, shape (d,).
        cost: What each model would charge for this request, shape (M,), where that is known on
            arrival, as the paper assumes of E_{m,t}. None: a policy has to estimate it.
        available: Which models can be asked now, shape (M,), at least one. None: all. A model that
            has left the zoo, or not yet joined it, keeps its index and is not available.
    """

    features: Floats
    cost: Floats | None = None
    available: Bools | None = None

    def can_be_asked(self, n_models: int) -> Bools:
        """Which models can be asked, shape (M,)."""
        if self.available is None:
            return np.ones(n_models, dtype=np.bool_)
        return self.available


class Draws(NamedTuple):
    """The uniform random numbers in [0, 1) that one decision may use."""

    explore: float
    choose: float


class Check(Protocol):
    """Looks at an answer before the user does.

    Attributes:
        cost: What one look costs, in the zoo's unit, >= 0.
    """

    @property
    def cost(self) -> float:
        """What one look costs, in the zoo's unit, >= 0."""
        ...

    def score(self, satisfied: float, luck: float) -> float:
        """How good the answer looks.

        Args:
            satisfied: What the answer is worth, in [0, 1]. A check does not know that; one that is
                simulated on recorded outcomes errs about it as often as it is said to.
            luck: A uniform random number in [0, 1).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Models to be asked one after the other, until an answer passes a check.

    Attributes:
        models: In the order asked, at least one. The answer of the last is not checked.
        least: Score from which an answer passes.
        check: Scores the answers.
    """

    models: tuple[int, ...]
    least: float
    check: Check

    def asked(self, satisfied: Floats, luck: Floats) -> tuple[int, ...]:
        """Who is asked, in order; the answer of the last one is delivered.

        Args:
            satisfied: What each model's answer is worth, shape (M,); read only of the models asked.
            luck: Of the check, for each model, shape (M,).
        """
        for n, model in enumerate(self.models[:-1], start=1):
            if self.check.score(float(satisfied[model]), float(luck[model])) >= self.least:
                return self.models[:n]
        return self.models


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """What was decided for one request.

    Attributes:
        model: The model whose answer is delivered (but see `delivered`).
        asked: Every model that is called, in ascending order. All of them are charged.
        explored: Whether more was asked than the delivered model, or another than the best guess, in
            order to learn.
        propensity: Probability, given the past, that this model's answer is delivered; in (0, 1].
            With `deliver_best` that of choosing `model`: which answer is best is not known yet.
        queue: The virtual queue that the decision was taken with, in satisfied requests owed.
        p_sat: Predicted probability that each model satisfies the request, shape (M,).
        cost: Expected cost of each model on the request, shape (M,), in the zoo's unit.
        deliver_best: Deliver the best answer among those asked, not `model`'s.
        t: Number of the request, from 0, for a policy that keeps an account of each.
        price: What one more satisfied request was worth to the decision, >= 0, in units of cost; 0 where
            the policy has no such price.
        shielded: Whether a contract over windows took the choice from the policy.
        chain: Ask on where a check rejects the answer of `model`, the first of the chain. None: no.
    """

    model: int
    asked: tuple[int, ...]
    explored: bool
    propensity: float
    queue: float
    p_sat: Floats
    cost: Floats
    deliver_best: bool = False
    t: int = 0
    price: float = 0.0
    shielded: bool = False
    chain: Chain | None = None

    @property
    def asked_mask(self) -> Bools:
        """Which models are called, shape (M,)."""
        mask = np.zeros(len(self.cost), dtype=np.bool_)
        mask[list(self.asked)] = True
        return mask

    def carried_out(self, satisfied: Floats, luck: Floats) -> "Decision":
        """This decision once its chain has ended: who was asked, and who delivers.

        Args:
            satisfied: What each model's answer is worth, shape (M,).
            luck: Of checks, for each model, shape (M,).
        """
        if self.chain is None:
            return self
        asked = self.chain.asked(satisfied, luck)
        return replace(self, model=asked[-1], asked=tuple(sorted(asked)))

    @property
    def checks_cost(self) -> float:
        """What was spent on checks, in the zoo's unit; of a decision that was carried out."""
        if self.chain is None:
            return 0.0
        checked = min(len(self.asked), len(self.chain.models) - 1)
        return checked * self.chain.check.cost

    def delivered(self, satisfied: Floats) -> int:
        """The model whose answer the user gets, given what each asked model is worth.

        Only `deliver_best` looks at `satisfied` (shape (M,)); ties go to the cheapest model.
        """
        if not self.deliver_best:
            return self.model
        return max(self.asked, key=lambda m: (satisfied[m], -m))


Source = Literal["user", "audit", "judge", "check"]
"""Who says so. `user`: whoever cares to answer. `audit`: a check of an answer drawn at random, which
is right. `judge`: an opinion that can be had of every answer, and may be wrong. `check`: a rule that every
answer is held against, and which is heard only of those that fail: they are worth 0 for certain."""


class Verdict(NamedTuple):
    """What became known of the answers to one request.

    Attributes:
        satisfied: Satisfaction s_{m,t} in [0, 1], shape (M,); ignored where not observed.
        observed: Which models were asked and judged, shape (M,).
        source: Who says so.
    """

    satisfied: Floats
    observed: Bools
    source: Source = "user"


class Predictor(Protocol[S]):
    """Predicts which model satisfies which request, and learns online.

    The hyper-parameters live in the predictor, what was learned lives in the state. `update` uses
    up the state it is given and may reuse its memory: go on with the state that it returns.
    """

    def init(self, n_models: int, n_features: int) -> S:
        """The state before anything was seen."""
        ...

    def predict(self, state: S, x: Floats) -> Floats:
        """P(model m satisfies a request with features x), shape (M,), within [0, 1]."""
        ...

    def update(self, state: S, x: Floats, satisfied: Floats, observed: Bools) -> S:
        """Learn from the verdicts on one request.

        Args:
            state: What was learned so far; used up.
            x: Features of the request, shape (d,).
            satisfied: Satisfaction s_{m,t} in [0, 1], shape (M,); ignored where not observed.
            observed: Which models were asked and judged, shape (M,). One or all, or any number.
        """
        ...


class Belief(NamedTuple):
    """What a predictor believes about each model, and how sure it is. All fields have shape (M,).

    Attributes:
        p_sat: P(model m satisfies this request), within [0, 1].
        level: Mean satisfaction of each model, whatever the request, within [0, 1].
        doubt: Posterior standard deviation of that level, in log-odds, >= 0.
    """

    p_sat: Floats
    level: Floats
    doubt: Floats


class Believer(Predictor[S], Protocol[S]):
    """A predictor that also says how good each model is on the whole, and how sure it is of that."""

    def believe(self, state: S, x: Floats) -> Belief:
        """The prediction for a request with features x, (d,), and what is known of the models."""
        ...


class CostEstimate(Protocol[S]):
    """Expects what each model charges for a request, and learns from what was charged.

    As with a predictor, `update` uses up the state it is given.
    """

    def init(self, n_models: int, n_features: int) -> S:
        """The state before anything was charged."""
        ...

    def predict(self, state: S, request: Request) -> Floats:
        """Expected cost E_{m,t} of each model, shape (M,), in the zoo's unit."""
        ...

    def update(self, state: S, request: Request, cost: Floats, asked: Bools) -> S:
        """Learn from one request's bill; `cost` (M,) is ignored where the model was not asked."""
        ...


class Policy(Protocol[S]):
    """Anything that can decide: MESS+, a baseline, an oracle. Replay and gateway drive it alike."""

    def init(self, n_models: int, n_features: int) -> S:
        """The state before the first request."""
        ...

    def decide(self, state: S, request: Request, draws: Draws) -> tuple[Decision, S]:
        """Choose for one request."""
        ...

    def charge(self, state: S, request: Request, decision: Decision, cost: Floats) -> S:
        """Take note of what the asked models charged: `cost` (M,), read at `decision.asked`."""
        ...

    def learn(self, state: S, request: Request, decision: Decision, verdict: Verdict) -> S:
        """Take note of a verdict on one decision: at once, late, or (never called) never."""
        ...
