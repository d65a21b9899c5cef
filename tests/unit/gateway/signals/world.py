"""A synthetic route whose truth is known: who says what of its answers, and what becomes of the promise.

Three models answer; a request is a point on a sphere, and each model's chance to satisfy it a logistic
function of that point. The policy that the gateway runs decides, learns, and keeps the account.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from messplus.core.adaptive import Adaptive
from messplus.core.types import Decision, Draws, Floats, Request, Source, Verdict
from messplus.costs import Known
from messplus.gateway.signals.checks import Finding
from messplus.gateway.signals.rules import ruling
from messplus.predictors.experts import mixture

ALPHA: Final = 0.8
N_REQUESTS: Final = 5000
COSTS: Final = np.array([1.0, 4.0, 12.0])

_LEVELS: Final = np.array([0.2, 1.1, 2.2])
_SLOPES: Final = np.array([[1.5, 1.0], [1.5, 0.0], [1.5, -0.5]])
_FAILING: Final = np.array([0.6, 0.35, 0.1])  # of answers that do not satisfy: no two models alike
_BROKEN: Final = 1  # the model that breaks, and when
_BREAKS: Final = N_REQUESTS // 2

_RULE_LATE: Final = 0
_JUDGE_LATE: Final = 5
_USER_LATE: Final = 50
_AUDIT_LATE: Final = 200
"""Requests that are decided between an answer and what is said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who says something of the answers.

    Attributes:
        check: What a rule that some bad answers break decides; None: there is none. `user`: its
            failures are taken for users' verdicts, as they should not be.
        happy: Share of satisfied users who say so.
        unhappy: Share of the others who do.
        judged: Share of answers that a judge sees, drawn at random.
        trust: What its word is taken for.
        sensitivity: P(it says satisfied | satisfied).
        specificity: P(it says the opposite | not satisfied).
        audits: Share of answers that people audit, drawn at random.
        breaks: Whether a model fails on everything from the middle on.
    """

    check: Literal["failure", "always", "user"] | None = None
    happy: float = 0.0
    unhappy: float = 0.0
    judged: float = 0.0
    trust: Literal["judge", "audit"] = "judge"
    sensitivity: float = 0.9
    specificity: float = 0.8
    audits: float = 0.0
    breaks: bool = False


class Ended(NamedTuple):
    """How one run came out.

    Attributes:
        true: Share of requests satisfied, in [0, 1].
        believed: What the account says of it.
        cost: Mean cost of a request.
        broken: Answers by the model that broke, since then.
    """

    true: float
    believed: float
    cost: float
    broken: int


class _Said(NamedTuple):
    value: float
    source: Source
    late: int


class _Coming(NamedTuple):
    features: Floats
    decision: Decision
    said: _Said


def run(world: World, seed: int) -> Ended:
    """One run of `N_REQUESTS` requests."""
    rng = np.random.default_rng(seed)
    policy = Adaptive(alpha=ALPHA, predictor=mixture(ALPHA), costs=Known())
    state = policy.init(len(COSTS), 4)
    coming: list[list[_Coming]] = [[] for _ in range(N_REQUESTS + _AUDIT_LATE + 1)]
    satisfied = cost = 0.0
    from_broken = 0
    for t in range(N_REQUESTS):
        for one in coming[t]:
            observed = np.arange(len(COSTS)) == one.decision.model
            value, source, _ = one.said
            verdict = Verdict(np.where(observed, value, 0.0), observed, source)
            request = Request(features=one.features, cost=COSTS)
            state = policy.learn(state, request, one.decision, verdict)
        x = rng.normal(size=4)
        x /= np.linalg.norm(x)
        request = Request(features=x, cost=COSTS)
        luck = rng.random(8)
        decision, state = policy.decide(state, request, Draws(luck[0], luck[1]))
        state = policy.charge(state, request, decision, COSTS)
        m = decision.model
        broken = world.breaks and m == _BROKEN and t >= _BREAKS
        p = 0.0 if broken else 1.0 / (1.0 + np.exp(-(_LEVELS[m] + _SLOPES[m] @ x[:2])))
        good = bool(luck[2] < p)
        fails = not good and (broken or luck[3] < _FAILING[m])
        satisfied, cost = satisfied + good, cost + COSTS[m]
        from_broken += broken
        for said in _said(world, good, fails, luck[4:]):
            coming[t + 1 + said.late].append(_Coming(x, decision, said))
    return Ended(satisfied / N_REQUESTS, policy.believed(state), cost / N_REQUESTS, from_broken)


def _said(world: World, good: bool, fails: bool, luck: Floats) -> Iterator[_Said]:
    """Who says what of one answer. A rule that decides always is broken by all that does not satisfy."""
    if world.check == "user" and fails:
        yield _Said(0.0, "user", _RULE_LATE)
    elif world.check == "failure" or world.check == "always":
        passed = good if world.check == "always" else not fails
        ruled = ruling([Finding("json", world.check, passed)])
        if ruled is not None:
            yield _Said(ruled.value, ruled.source, _RULE_LATE)
    if luck[0] < world.judged:
        right = luck[1] < (world.sensitivity if good else world.specificity)
        yield _Said(float(good == right), world.trust, _JUDGE_LATE)
    if luck[2] < (world.happy if good else world.unhappy):
        yield _Said(float(good), "user", _USER_LATE)
    if luck[3] < world.audits:
        yield _Said(float(good), "audit", _AUDIT_LATE)
