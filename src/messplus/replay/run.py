"""The replay loop: drive one policy over one stream, exactly as a live router would be driven."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Decision, Draws, Floats, Policy, Request, Source, Verdict
from messplus.errors import SettingError
from messplus.replay.feedback import Feedback
from messplus.replay.scenarios import Scenario, serve
from messplus.replay.serving import Randomness, Served
from messplus.replay.streams import Stream

S_contra = TypeVar("S_contra", contravariant=True)


@runtime_checkable
class Reports(Protocol[S_contra]):
    """A policy that keeps an account of its own."""

    def believed(self, state: S_contra) -> float:
        """The mean satisfaction that it thinks it has delivered, in [0, 1] up to noise."""
        ...


@runtime_checkable
class Warns(Protocol[S_contra]):
    """A policy that notices when something is wrong."""

    def warnings(self, state: S_contra) -> tuple[str, ...]:
        """The problems that it has detected, each a sentence for people; empty if none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """What happened, request by request, in the order served. Shapes are (T,) but for `p_sat`.

    Attributes:
        row: Row of the stream that was served.
        model: Model whose answer was delivered.
        explored: Whether more was asked in order to learn.
        satisfied: Satisfaction of the delivered answer, in [0, 1], whether or not it was judged.
        cost: Cost of all answers that were asked for, and of checks on them.
        cost_feedback: Cost of the opinions that a judge gave.
        queue: The policy's virtual queue when it decided.
        p_sat: Predicted satisfaction of each model, shape (T, M); NaN for a policy without one.
        by_user: Whether the user's verdict came back before the stream ended.
        by_audit: The same of an audit.
        by_judge: The same of the judge's opinion.
        believed: Mean satisfaction that the policy thinks it delivered; None if it keeps no account.
        warnings: Problems that the policy had detected at the end.
    """

    row: NDArray[np.intp]
    model: NDArray[np.intp]
    explored: Bools
    satisfied: Floats
    cost: Floats
    cost_feedback: Floats
    queue: Floats
    p_sat: Floats
    by_user: Bools
    by_audit: Bools
    by_judge: Bools
    believed: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def judged(self) -> Bools:
        """Whether any verdict came back before the stream ended, shape (T,)."""
        return self.by_user | self.by_audit | self.by_judge


class _UnderWay(NamedTuple):
    """A verdict that is not there yet, with the decision that it is about."""

    t: int
    request: Request
    decision: Decision
    verdict: Verdict


def replay(
    stream: Stream,
    policy: Policy[Any],
    *,
    seed: int = 0,
    shuffle: bool = True,
    feedback: Feedback | None = None,
    scenarios: Sequence[Scenario] = (),
) -> Trace:
    """Serve a stream with a policy. The table decides what every answer is worth and costs.

    Args:
        stream: Recorded outcomes.
        policy: Anything with the policy protocol.
        seed: Drives the order, the policy's draws, the feedback and the scenarios, each
            independently: two policies with one seed see the same order and the same draws.
        shuffle: Serve in random order; else in the recorded one.
        feedback: How verdicts come back. None: every user's, at once.
        scenarios: What happens to the stream while it is served.

    Raises:
        SettingError: A scenario does not fit the stream, or the policy asks a model that is not
            available.
    """
    served = serve(stream, seed=seed, shuffle=shuffle, scenarios=scenarios)
    return _drive(served, policy, Randomness.of(seed), feedback or Feedback())


def _drive(served: Served, policy: Policy[Any], chance: Randomness, feedback: Feedback) -> Trace:
    n = served.n_requests
    draws = [Draws(*pair) for pair in chance.draws.random((n, 2)).tolist()]
    checks = chance.checks.random((n, served.n_models))
    opinion_cost = feedback.opinion_cost(served.recorded)
    arriving: list[list[_UnderWay]] = [[] for _ in range(n)]
    trace = _nothing_yet(served)
    came: Mapping[Source, Bools] = {
        "user": trace.by_user,
        "audit": trace.by_audit,
        "judge": trace.by_judge,
    }
    state = policy.init(served.n_models, served.recorded.features.shape[1])

    for t, (request, luck) in enumerate(
        zip(served.requests(), feedback.luck(chance, n), strict=True)
    ):
        score, cost = served.score[t], served.cost[t]
        decision, state = policy.decide(state, request, draws[t])
        decision = decision.carried_out(score, checks[t])
        _check_available(served, t, decision)
        state = policy.charge(state, request, decision, cost)
        delivered = _record(trace, t, decision, score, cost)

        for verdict, delay in feedback.verdicts(decision, delivered, score, luck):
            if verdict.source == "judge":
                trace.cost_feedback[t] += opinion_cost
            if t + delay < n:
                arriving[t + delay].append(_UnderWay(t, request, decision, verdict))
        for one in arriving[t]:
            state = policy.learn(state, one.request, one.decision, one.verdict)
            came[one.verdict.source][one.t] = True
        arriving[t].clear()
    return replace(
        trace,
        believed=float(policy.believed(state)) if isinstance(policy, Reports) else None,
        warnings=policy.warnings(state) if isinstance(policy, Warns) else (),
    )


def _nothing_yet(served: Served) -> Trace:
    n = served.n_requests
    return Trace(
        row=served.row,
        model=np.zeros(n, dtype=np.intp),
        explored=np.zeros(n, dtype=np.bool_),
        satisfied=np.zeros(n),
        cost=np.zeros(n),
        cost_feedback=np.zeros(n),
        queue=np.zeros(n),
        p_sat=np.zeros((n, served.n_models)),
        by_user=np.zeros(n, dtype=np.bool_),
        by_audit=np.zeros(n, dtype=np.bool_),
        by_judge=np.zeros(n, dtype=np.bool_),
    )


def _record(trace: Trace, t: int, decision: Decision, score: Floats, cost: Floats) -> int:
    """Write down what one decision did; gives the model whose answer was delivered."""
    delivered = decision.delivered(score)
    trace.model[t] = delivered
    trace.explored[t] = decision.explored
    trace.satisfied[t] = score[delivered]
    trace.cost[t] = cost[list(decision.asked)].sum() + decision.checks_cost
    trace.queue[t] = decision.queue
    trace.p_sat[t] = decision.p_sat
    return delivered


def _check_available(served: Served, t: int, decision: Decision) -> None:
    """Nobody gets an answer of a model that is not there."""
    if served.available is None:
        return
    for model in decision.asked:
        if not served.available[t, model]:
            name = served.recorded.models[model]
            raise SettingError(f"the policy asked {name!r}, not available at request {t + 1}")
