"""Routers that are trained before they serve: what they learn from, and what it costs.

The literature trains a router on a recorded split and reports what it does on the rest. Somebody paid
for that split: every model answered every request of it. Here it is the first part of the stream, and
charged: while it collects, the policy asks the whole zoo and delivers the answer of the model that has
been best so far. Then it is trained, once, and hands over to what it was trained to be.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Policy, Request, Verdict
from messplus.errors import require_range
from messplus.replay.baselines.blind import always

TRAIN_SHARE = 0.2
"""Share of the stream that a router is trained on, unless told otherwise."""

LEAST = 10
"""Requests with verdicts below which nothing is trained: the largest model serves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Requests that every model answered: what a router is trained on. Equal if it holds the same.

    Attributes:
        features: Shape (n, d).
        score: Satisfaction of each model's answer, shape (n, M), in [0, 1].
        cost: What each answer cost, shape (n, M), >= 0.
    """

    features: Floats
    score: Floats
    cost: Floats

    def __eq__(self, other: object) -> bool:
        """Whether the other holds the same."""
        return isinstance(other, Past) and all(
            np.array_equal(ours, theirs)
            for ours, theirs in zip(self._arrays, other._arrays, strict=True)
        )

    def __hash__(self) -> int:
        """Of the contents."""
        return hash(tuple(array.tobytes() for array in self._arrays))

    @property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return self.features, self.score, self.cost

    def __len__(self) -> int:
        """n."""
        return len(self.features)

    @property
    def n_models(self) -> int:
        """M."""
        return int(self.score.shape[1])

    def of_rows(self, rows: Any) -> "Past":  # noqa: ANN401  # whatever numpy takes for an index
        """These requests only."""
        return Past(features=self.features[rows], score=self.score[rows], cost=self.cost[rows])


class Course(Protocol):
    """Makes a policy of recorded requests."""

    def graduate(self, past: Past, rng: np.random.Generator) -> Policy[Any]:
        """The policy that serves from now on, trained on at least `LEAST` requests."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrainedState:
    """Everything that the policy carries from one request to the next.

    Attributes:
        t: Requests decided.
        collected: What was seen of the requests so far, NaN where nothing was; filled in place.
        policy: What serves once training is over.
        inner: The state of that policy.
    """

    t: int
    collected: Past
    policy: Policy[Any] | None = None
    inner: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Collects, is trained once, and then serves as what it was trained to be.

    A model that never answered while it collected counts as one that satisfies nobody and costs ten
    times as much as any other: it has not been heard of. Verdicts that come after training are lost.

    Attributes:
        requests: Requests on which every model is asked, >= 0.
        course: What makes a policy of them.
    """

    requests: int
    course: Course

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        require_range("requests", self.requests, "at least 0", ok=self.requests >= 0)

    def init(self, n_models: int, n_features: int) -> TrainedState:
        """Nothing collected."""
        return TrainedState(
            0,
            Past(
                features=np.zeros((self.requests, n_features)),
                score=np.full((self.requests, n_models), np.nan),
                cost=np.full((self.requests, n_models), np.nan),
            ),
        )

    def decide(
        self, state: TrainedState, request: Request, draws: Draws
    ) -> tuple[Decision, TrainedState]:
        """Every model while collecting; later, what the trained policy says."""
        if state.t < self.requests:
            return self._collect(state, request)
        if state.policy is None:
            state = self._train(state, draws)
        assert state.policy is not None  # just trained
        decision, inner = state.policy.decide(state.inner, request, draws)
        decision = replace(decision, t=decision.t + self.requests)
        return decision, replace(state, t=state.t + 1, inner=inner)

    def charge(
        self, state: TrainedState, request: Request, decision: Decision, cost: Floats
    ) -> TrainedState:
        """Note the bills, or hand them on."""
        if decision.t < self.requests:
            asked = decision.asked_mask
            state.collected.cost[decision.t, asked] = cost[asked]
            return state
        assert state.policy is not None  # it decided
        decision = replace(decision, t=decision.t - self.requests)
        return replace(state, inner=state.policy.charge(state.inner, request, decision, cost))

    def learn(
        self, state: TrainedState, request: Request, decision: Decision, verdict: Verdict
    ) -> TrainedState:
        """Note the verdicts, or hand them on."""
        if decision.t < self.requests:
            observed = verdict.observed
            state.collected.score[decision.t, observed] = verdict.satisfied[observed]
            return state
        assert state.policy is not None  # it decided
        decision = replace(decision, t=decision.t - self.requests)
        return replace(state, inner=state.policy.learn(state.inner, request, decision, verdict))

    def _collect(self, state: TrainedState, request: Request) -> tuple[Decision, TrainedState]:
        """Ask everybody; deliver the model with the best mean so far, the largest at first."""
        score = state.collected.score
        available = request.can_be_asked(score.shape[1])
        state.collected.features[state.t] = request.features
        judged = ~np.isnan(score[: state.t])
        mean = np.nansum(score[: state.t], axis=0) / np.maximum(judged.sum(axis=0), 1)
        model = len(mean) - 1 - int(np.argmax(np.where(available, mean, -1.0)[::-1]))
        nothing = np.full(len(mean), np.nan)
        decision = Decision(
            model=model,
            asked=tuple(np.flatnonzero(available).tolist()),
            explored=True,
            propensity=1.0,
            queue=0.0,
            p_sat=nothing,
            cost=nothing,
            t=state.t,
        )
        return decision, replace(state, t=state.t + 1)

    def _train(self, state: TrainedState, draws: Draws) -> TrainedState:
        """The policy that everything collected makes."""
        past = _complete(state.collected)
        n_models, n_features = past.n_models, past.features.shape[1]
        if len(past) < LEAST:
            policy: Policy[Any] = always(n_models - 1, n_models)
        else:
            rng = np.random.default_rng(int(draws.choose * 2**53))
            policy = self.course.graduate(past, rng)
        return replace(state, policy=policy, inner=policy.init(n_models, n_features))


def train_requests(n_requests: int, share: float) -> int:
    """How many of a stream's requests a router is trained on; raises `SettingError`."""
    require_range("train_share", share, "in (0, 1)", ok=0.0 < share < 1.0)
    return round(share * n_requests)


def _complete(collected: Past) -> Past:
    """The requests with a verdict, and no gap: what one model lacks, its mean stands for."""
    rows = ~np.isnan(collected.score).all(axis=1)
    seen = collected.of_rows(rows)
    if len(seen) == 0:
        return seen
    return replace(
        seen,
        score=_filled(seen.score, 0.0),
        cost=_filled(seen.cost, 10.0 * float(np.nanmax(seen.cost))),
    )


def _filled(values: Floats, unknown: float) -> Floats:
    """Columns with their means in the gaps; `unknown` where there is nothing but gaps."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), unknown)
    return np.where(known, values, mean)
