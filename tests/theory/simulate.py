"""Synthetic streams whose truth is known, so that theorems can be held against them.

Requests are i.i.d.; the features of a request *are* the satisfaction probabilities of the models on
it, costs are fixed per model, and the predictor reads the probabilities off. So assumption 2 holds,
s_hat = p unless a bias is asked for, and every constant of the theorems can be computed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from messplus.core.adaptive import Adaptive
from messplus.core.messplus import MessPlus
from messplus.core.types import Belief, Bools, Draws, Floats, Request, Verdict
from messplus.costs import Known

Sampler = Callable[[np.random.Generator, int], Floats]
"""Draws the satisfaction probabilities of n requests, shape (n, M)."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """Knows p; with a bias it is wrong about each model by that much."""

    bias: tuple[float, ...] = ()

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, x: Floats) -> Floats:
        return np.clip(x + self.bias, 0.0, 1.0) if self.bias else x

    def update(self, state: None, x: Floats, satisfied: Floats, observed: Bools) -> None:
        """Nothing to learn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What happened to each request (column) of each independent run (row)."""

    queue: Floats  # Q_t that the decision was taken with
    queue_after: Floats  # Q_{t+1}
    cost: Floats  # all models that were asked
    satisfied: Floats
    explored: Floats
    error: Floats  # max_m |s_hat - p|


def simulate(
    policy: MessPlus[None, None],
    sampler: Sampler,
    costs: Floats,
    n_requests: int,
    n_runs: int,
    *,
    seed: int,
    queue: float | None = None,
) -> Runs:
    """Drive MESS+ through its public methods, with a prompt verdict on every request.

    Args:
        policy: MESS+ with an `Oracle`.
        sampler: Draws the requests.
        costs: Cost of each model, shape (M,).
        n_requests: Length T of each run.
        n_runs: Independent runs.
        seed: Of everything that is random.
        queue: Start in the middle of a stream with this much owed; None: start at the beginning.
    """
    rng = np.random.default_rng(seed)
    rows = {name: np.empty((n_runs, n_requests)) for name in Runs.__dataclass_fields__}
    for run in range(n_runs):
        p = sampler(rng, n_requests)
        verdicts = (rng.random(p.shape) < p).astype(np.float64)
        draws = rng.random(n_requests).tolist()
        state = policy.init(len(costs), len(costs))
        if queue is not None:
            state = replace(state, queue=queue, t=1)
        seen = []
        for x, verdict, draw in zip(p, verdicts, draws, strict=True):
            request = Request(features=x, cost=costs)
            decision, state = policy.decide(state, request, Draws(draw, 0.0))
            state = policy.charge(state, request, decision, costs)
            asked = list(decision.asked)
            observed = np.zeros(len(costs), dtype=np.bool_)
            observed[asked] = True
            state = policy.learn(state, request, decision, Verdict(verdict, observed))
            satisfied = verdict[decision.delivered(verdict)]
            paid = sum(costs[m] for m in asked)
            seen.append((decision.queue, state.queue, paid, satisfied, decision.explored))
        for name, column in zip(
            ("queue", "queue_after", "cost", "satisfied", "explored"),
            zip(*seen, strict=True),
            strict=True,
        ):
            rows[name][run] = column
        rows["error"][run] = np.abs(policy.predictor.predict(None, p) - p).max(axis=1)
    return Runs(**rows)


def mess_plus(
    alpha: float, v: float, *, c: float = 0.0, bias: tuple[float, ...] = ()
) -> MessPlus[None, None]:
    """MESS+ with a predictor that knows p, up to `bias`, and costs known on arrival."""
    return MessPlus(alpha=alpha, v=v, c=c, predictor=Oracle(bias), costs=Known())


def mean_and_error(samples: Floats) -> tuple[Floats, Floats]:
    """Mean over independent runs (axis 0), and its standard error."""
    return samples.mean(axis=0), samples.std(axis=0, ddof=1) / math.sqrt(len(samples))


@dataclass(frozen=True, slots=True)
class Types:
    """A few types of request, each with its share and its p_m(type).

    The optimum of (1) over stationary policies is a linear programme in x[k, m], the share of type
    k that model m answers; its price is the dual of the promise.
    """

    share: Floats  # (K,)
    p: Floats  # (K, M)
    costs: Floats  # (M,)

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """Requests of random types."""
        return self.p[rng.choice(len(self.share), size=n, p=self.share)]

    def optimum(self, alpha: float) -> tuple[float, float]:
        """Least mean cost C* with mean satisfaction alpha, and the price lambda* = dC*/dalpha."""
        n_types, n_models = self.p.shape
        found = linprog(
            np.outer(self.share, self.costs).ravel(),
            A_ub=-(self.share[:, None] * self.p).reshape(1, -1),
            b_ub=[-alpha],
            A_eq=np.kron(np.eye(n_types), np.ones(n_models)),
            b_eq=np.ones(n_types),
            bounds=(0, 1),
            method="highs",
        )
        assert found.success
        return float(found.fun), -float(found.ineqlin.marginals[0])


# Easy, medium and hard requests for a small, a medium and a large model.
#
# Assumption 1 with alpha = .8: psi = 0, as the predictor knows p from the first request on;
# beta = .4 and q = .92, as within .4 of the best there are, by type,
#     easy    .92 .95 .97   all three,               each >= .92
#     medium  .92 .96       (.50 is .46 away),       each >= .92
#     hard    .95           (.50 is .45 away)
# Where the proof is silent, on exploring, the claim is made true by the largest model: its answer
# is delivered and satisfies with probability >= .95 >= q whatever the type, so the queue drifts
# down at least as fast as assumption 1 makes it on the other requests.
#
# The optimum at alpha = .8 by hand: with the small model only, satisfaction is .65 at cost 1.
# Medium requests to the medium model: + .3 x .42 = .126, at .3 x 2; price 2 / .42 = 4.8.
# Hard ones to the medium model: + .3 per request at 2; price 20 / 3. Of these .024 / .3 = .08
# are needed (of .2), so C* = 1 + .6 + .16 = 1.76 and lambda* = 20 / 3.
TYPES = Types(
    share=np.array([0.5, 0.3, 0.2]),
    p=np.array([[0.92, 0.95, 0.97], [0.50, 0.92, 0.96], [0.20, 0.50, 0.95]]),
    costs=np.array([1.0, 3.0, 8.0]),
)
ALPHA, BETA, Q_SAT = 0.8, 0.4, 0.92
DELTA_E, COST_ALL = 7.0, 12.0


# The debt from which on `adaptive` has all models open is what its patience ends at, 20 x 4 alpha
# (1 - alpha) = 12.8 requests behind, less the reserve. The cheapest adequate model is the medium one,
# with .851: room .051, so the reserve is .25 x .64 x 2 / .051 = 6.27, full after 246 requests.
#
# There the debt alone raises the price by e^(12.8 / 25 + 6.5 / 10) = 3.2. Where the learned price is
# at least 4.8, that makes 15: hard requests go to the large model from 5 / .45 = 11.1 on, medium
# ones to the medium model or better, so that every answer satisfies with at least .92.
OPEN, SETTLED = 12.8 - 0.16 * 2 / 0.051, 300


@dataclass(frozen=True, slots=True)
class Omniscient:
    """Reads p off the features and knows each model's mean on `TYPES` without doubt."""

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, x: Floats) -> Floats:
        return x

    def believe(self, state: None, x: Floats) -> Belief:
        return Belief(x, TYPES.share @ TYPES.p, np.zeros(len(x)))

    def update(self, state: None, x: Floats, satisfied: Floats, observed: Bools) -> None:
        """Nothing to learn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What `adaptive` did with each request (column) of each independent run (row)."""

    debt: Floats  # D that the decision was taken with
    debt_after: Floats
    cost: Floats
    satisfied: Floats
    p: Floats  # of the model that answered
    hard: Floats  # 1 for requests that the small model hardly ever satisfies, else 0
    believed: Floats  # mean satisfaction so far, as the policy's account has it


def serve_adaptive(
    n_requests: int, n_runs: int, *, seed: int, restart: float | None = None
) -> Served:
    """Drive `adaptive`, which knows p, on `TYPES`, with a prompt verdict on every request.

    Args:
        n_requests: Length T of each run.
        n_runs: Independent runs.
        seed: Of everything that is random.
        restart: Once settled, a debt at or below this level is set to alpha above it: excursions
            that begin as high as they can, one after another.
    """
    policy = Adaptive(alpha=ALPHA, predictor=Omniscient(), costs=Known())
    rng = np.random.default_rng(seed)
    rows = {name: np.empty((n_runs, n_requests)) for name in Served.__dataclass_fields__}
    for run in range(n_runs):
        p = TYPES.sample(rng, n_requests)
        verdicts = (rng.random(p.shape) < p).astype(np.float64)
        state = policy.init(3, 3)
        for t in range(n_requests):
            if restart is not None and t >= SETTLED and state.debt <= restart:
                state = replace(state, account=replace(state.account, debt=restart + ALPHA))
            before = state.debt
            request = Request(features=p[t], cost=TYPES.costs)
            decision, state = policy.decide(state, request, Draws(0.5, 0.5))
            model = decision.model
            verdict = Verdict(verdicts[t], np.arange(3) == model)
            state = policy.learn(state, request, decision, verdict)
            seen = {
                "debt": before,
                "debt_after": state.debt,
                "cost": TYPES.costs[model],
                "satisfied": verdicts[t, model],
                "p": p[t, model],
                "hard": float(p[t, 0] < 0.5),
                "believed": policy.believed(state),
            }
            for name, value in seen.items():
                rows[name][run, t] = value
    return Served(**rows)


def excursions(debt: Floats, debt_after: Floats, level: float) -> Floats:
    """How far beyond `level` each excursion of one run got: from a crossing until back at `level`."""
    ended = np.minimum(debt, debt_after)[:-1] <= level
    back = np.concatenate([[True], ended])
    starts = np.flatnonzero((debt > level) & back)
    return np.maximum.reduceat(debt, starts) - level if len(starts) else np.empty(0)


def share_beyond(values: Floats, x: Floats) -> Floats:
    """Share of the values above each x."""
    return np.asarray((values[:, None] > x).mean(axis=0))


def exploration_noise(c: float, n_requests: int) -> float:
    """Standard deviation of the number of explored requests: independent, unequal coins."""
    p = np.minimum(1.0, c / np.arange(2, n_requests + 1) ** 0.25)
    return float(np.sqrt((p * (1.0 - p)).sum()))


# How the gap shrinks with V needs a stream whose prices are continuous: with a few types MESS+ is
# optimal as soon as Q / V lies between two of their prices, and the gap vanishes much faster.
#
# Let x be uniform on (0, 1), p = (1 - x, 1) and costs (1, 2). At the price l = Q / V >= 1 the large
# model answers where x > 1 / l, so the mean cost is C(l) = 2 - 1 / l and the mean satisfaction
# S(l) = 1 - 1 / (2 l^2). The promise alpha = 7 / 8 makes l* = 2 and C* = 3 / 2.
#
# What a decision at price l wastes is C(l) - C* - l* (S(l) - alpha) = (1 / l - 1 / 2)^2 (and 1 / 4
# for l < 1). Near l* the queue is an Ornstein-Uhlenbeck process: drift S'(l*) (Q - V l*) / V with
# S'(l*) = 1 / 8, noise alpha (1 - alpha); so it forgets within 8 V requests, its variance is
# 4 alpha (1 - alpha) V, and the mean waste is the variance of Q / V over 16:
# alpha (1 - alpha) / (4 V). For any smooth C and S the same constant comes out.
STEADY_ALPHA, STEADY_PRICE = 7 / 8, 2.0


def hardness(rng: np.random.Generator, n: int) -> Floats:
    """Satisfaction probabilities of n requests of uniform hardness x, shape (n, 2)."""
    x = rng.random(n)
    return np.stack([1 - x, np.ones(n)], axis=1)
