"""Many processes keep one promise, and know late what the others did: a replay of that.

Each replica is a policy of its own. It starts from the latest *version*: what one learner, which folds
all requests in their order, knew when the version was cut. On top of that a replica counts what it did
itself; what others did since then it does not know. Debts may be told more often than knowledge, as
steps of the queue (`messplus.core.queue`). Time is counted in requests: at r requests per second, what
is tau seconds old is r * tau requests old.

Exact, but for two things: verdicts come at once, and a version is in use from the moment it is cut.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from messplus.core.account import Account, Ledger
from messplus.core.adaptive import Adaptive, AdaptiveState
from messplus.core.contract import capped
from messplus.core.queue import QueueStep
from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.errors import require_range
from messplus.replay.serving import Randomness, Rows
from messplus.replay.streams import Stream

State = AdaptiveState[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How many replicas there are, and how old what they share may get.

    Attributes:
        replicas: N >= 1; each request goes to one of them at random.
        knowledge_every: Requests from one version to the next, d >= 1: a version is up to so many
            requests old.
        debts_every: Requests after which all are told what is owed, >= 1. None: with versions only.
        own: Whether a replica counts what it did itself since it was last told. Without, replicas
            behave as if there were infinitely many, and none ever got two requests.
        alone: Requests that one replica serves before the others come, >= 0; it makes the first version.
    """

    replicas: int
    knowledge_every: int
    debts_every: int | None = None
    own: bool = True
    alone: int = 0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        for name in ("replicas", "knowledge_every", "debts_every"):
            value = getattr(self, name)
            if value is not None:
                require_range(name, value, "at least 1", ok=value >= 1)
        require_range("alone", self.alone, "at least 0", ok=self.alone >= 0)

    def epochs(self, length: int) -> Iterator[tuple[int, int]]:
        """First request of each epoch and the first after it, for so many requests."""
        starts = range(self.alone, length, self.knowledge_every)
        yield from pairwise((*([0] if self.alone else []), *starts, length))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetTrace:
    """What happened, request by request, in the order served; shapes are (T,).

    Attributes:
        alpha: The promise.
        row: Row of the stream that was served.
        replica: Who decided.
        model: Who answered.
        satisfied: Satisfaction of the answer, in [0, 1].
        cost: What it cost, in the stream's unit.
        known: The debt that the replica decided with, in requests, credit kept to its cap.
        owed: The same debt as it was, if everything had been known.
        unseen: Requests of others that the replica had not been told of.
    """

    alpha: float
    row: Rows
    replica: NDArray[np.intp]
    model: NDArray[np.intp]
    satisfied: Floats
    cost: Floats
    known: Floats
    owed: Floats
    unseen: NDArray[np.intp]


@dataclass(slots=True)
class _Member:
    """A replica since the latest version.

    Attributes:
        state: Its own.
        told: Changes of the debt, by everybody, that it was told of: so many requests.
        own: Its own requests since then.
    """

    state: State
    told: int = 0
    own: int = 0


@dataclass(slots=True)
class _Epoch:
    """From one version to the next.

    Attributes:
        version: What all start from.
        step: What all did to the debt since then and have been told.
        told: In how many requests.
        members: Replicas that have decided, by number.
        done: What they decided, to be folded: request, decision, satisfaction of each model, cost.
    """

    version: State
    step: QueueStep
    told: int = 0
    members: dict[int, _Member] = field(default_factory=dict)
    done: list[tuple[Request, Decision, Floats, Floats]] = field(default_factory=list)


def replay_fleet(
    stream: Stream,
    policy: Adaptive[Any, Any],
    fleet: Fleet,
    *,
    seed: int = 0,
    n_requests: int | None = None,
) -> FleetTrace:
    """Serve a stream by many replicas, each user giving a verdict at once.

    Args:
        stream: Recorded outcomes.
        policy: What every replica and the learner run.
        fleet: How many, and how late.
        seed: Of the order, of the policy's draws, and of who gets which request.
        n_requests: Length of what is served. None: the stream once. Longer: all rows again, each time
            in another order.
    """
    chance = Randomness.of(seed)
    length = stream.n_requests if n_requests is None else n_requests
    rows = _rows(stream.n_requests, length, chance.order)
    draws = chance.draws.random((length, 2))
    who = chance.scenarios.integers(fleet.replicas, size=length)
    who[: fleet.alone] = 0
    every = fleet.knowledge_every if fleet.debts_every is None else fleet.debts_every

    nothing = QueueStep(0.0, -policy.credit)  # changes no debt that is within the cap of credit

    trace = _nothing_yet(policy.alpha, rows, who)
    learner = policy.init(stream.n_models, stream.features.shape[1])
    owed = 0.0
    for start, end in fleet.epochs(length):
        epoch = _Epoch(learner, nothing)
        own = fleet.own or start < fleet.alone
        last = _last(who[start:end])
        news: list[QueueStep] = []
        for t in range(start, end):
            if (t - start) % every == 0 and start >= fleet.alone:
                for one in news:
                    epoch.step = epoch.step.then(one)
                epoch.told += len(news)
                news.clear()
            row = rows[t]
            request = Request(features=stream.features[row], cost=stream.cost[row])
            alone = not own or (last[t - start] and who[t] not in epoch.members)
            member = _member(epoch, int(who[t]), keep=not alone)
            trace.known[t], trace.owed[t] = member.state.debt, owed
            trace.unseen[t] = t - start - member.told - member.own

            decision, state = policy.decide(member.state, request, Draws(*draws[t].tolist()))
            score, cost = stream.score[row], stream.cost[row]
            if not alone:
                member.state = _taught(policy, state, request, decision, score, cost)
                member.own += 1
            epoch.done.append((request, decision, score, cost))
            trace.model[t] = decision.model
            trace.satisfied[t] = score[decision.model]
            trace.cost[t] = cost[list(decision.asked)].sum()
            change = policy.alpha - float(score[decision.model])
            owed = capped(owed + change, policy.credit)
            news.append(QueueStep(change, -policy.credit))
        learner = _folded(policy, epoch)
    return trace


def _member(epoch: _Epoch, number: int, *, keep: bool) -> _Member:
    """A replica, told what can be told by now.

    Args:
        epoch: Whose version it starts from.
        number: Which one.
        keep: Whether it is needed again in this epoch; else it shares the version's knowledge, from
            which it may only read.
    """
    member = epoch.members.get(number)
    if member is None:
        member = _Member(_begun(epoch.version, learns=keep))
        if keep:
            epoch.members[number] = member
    if member.told < epoch.told:
        member.state = _settled(member.state, epoch)
        member.told, member.own = epoch.told, 0
    return member


def _begun(version: State, *, learns: bool) -> State:
    """The state of a replica that takes over a version: what it will change is its own."""
    window = version.window
    own = replace(window, p_sat=window.p_sat.copy(), cost=window.cost.copy())
    state = replace(version, window=own, account=replace(version.account, ledger=Ledger()))
    if not learns:
        return state
    return replace(
        state, predictor=copy.deepcopy(version.predictor), costs=copy.deepcopy(version.costs)
    )


def _settled(state: State, epoch: _Epoch) -> State:
    """With the debt of the version and of all that was told since."""
    base: Account = epoch.version.account
    account = state.account
    more = base.owed + epoch.step.a - account.owed
    settled = replace(
        account,
        t=base.t + epoch.told,
        debt=epoch.step(base.debt),
        by_word=account.by_word + more,
        by_worth=account.by_worth + more,
    )
    return replace(state, account=settled)


def _folded(policy: Adaptive[Any, Any], epoch: _Epoch) -> State:
    """What the learner knows after an epoch; the version is used up."""
    state = epoch.version
    for request, decision, score, cost in epoch.done:
        numbered = replace(decision, t=state.t)
        state = policy.witnessed(state, request, numbered)
        state = _taught(policy, state, request, numbered, score, cost)
    return state


def _taught(
    policy: Adaptive[Any, Any],
    state: State,
    request: Request,
    decision: Decision,
    score: Floats,
    cost: Floats,
) -> State:
    """After the bill and the verdict of a decision."""
    state = policy.charge(state, request, decision, cost)
    return policy.learn(state, request, decision, Verdict(score, decision.asked_mask))


def _rows(n: int, length: int, rng: np.random.Generator) -> Rows:
    """So many rows, shape (length,): all of them in random order, as often as needed."""
    return np.concatenate([rng.permutation(n) for _ in range(-(-length // n))])[:length]


def _last(who: Sequence[int] | NDArray[np.int64]) -> list[bool]:
    """Whether each request is the last that its replica gets, shape (n,)."""
    latest = {int(one): at for at, one in enumerate(who)}
    return [latest[int(one)] == at for at, one in enumerate(who)]


def _nothing_yet(alpha: float, rows: Rows, who: NDArray[np.int64]) -> FleetTrace:
    n = len(rows)
    return FleetTrace(
        alpha=alpha,
        row=rows,
        replica=who.astype(np.intp),
        model=np.zeros(n, dtype=np.intp),
        satisfied=np.zeros(n),
        cost=np.zeros(n),
        known=np.zeros(n),
        owed=np.zeros(n),
        unseen=np.zeros(n, dtype=np.intp),
    )
