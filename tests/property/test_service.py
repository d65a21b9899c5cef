"""MESS+ in service: requests come, verdicts come late, out of order, or never."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)
from tests.property.strategies import Told, alphas, shares, verdicts

from messplus.core.messplus import Deliver, MessPlus, Silence, State
from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.costs import RunningMean
from messplus.costs.running import CostSums

N_MODELS = 3
ROUNDING = 1e-9

predictions = st.lists(shares, min_size=N_MODELS, max_size=N_MODELS).map(lambda p: np.array(p))
bills = st.lists(st.floats(0.0, 100.0), min_size=N_MODELS, max_size=N_MODELS).map(
    lambda b: np.array(b)
)
judgements = st.lists(verdicts, min_size=N_MODELS, max_size=N_MODELS).map(lambda s: np.array(s))

Open = tuple[int, Request, Decision]


class Service(RuleBasedStateMachine):
    """One router; `open` holds the decisions that wait for a verdict."""

    open: Bundle[Open] = Bundle("open")

    @initialize(
        alpha=alphas,
        v=st.floats(1e-3, 10.0),
        c=st.floats(0.0, 2.0),
        silence=st.sampled_from(["freeze", "predicted"]),
        deliver=st.sampled_from(["largest", "best"]),
    )
    def start(self, alpha: float, v: float, c: float, silence: Silence, deliver: Deliver) -> None:
        self.router = MessPlus(
            alpha=alpha,
            v=v,
            c=c,
            silence=silence,
            deliver=deliver,
            predictor=Told(),
            costs=RunningMean(),
        )
        self.state: State[None, CostSums] = self.router.init(N_MODELS, N_MODELS)
        self.decided = 0
        self.calls = np.zeros(N_MODELS)
        self.billed = np.zeros(N_MODELS)
        self.counted: dict[int, float] = {}  # satisfaction that each decision stands for so far

    def _decide(self, p_sat: Floats, draw: float) -> Open:
        request = Request(features=p_sat)
        before = self.state.queue
        decision, self.state = self.router.decide(
            self.state, request, Draws(explore=min(draw, 0.999), choose=0.0)
        )
        if self.router.silence == "predicted":
            self.counted[self.decided] = float(p_sat[decision.model])
            assert self.state.queue <= before + self.router.alpha
        else:
            assert self.state.queue == before
        self.decided += 1
        return self.decided - 1, request, decision

    @rule(target=open, p_sat=predictions, draw=shares, bill=bills)
    def request(self, p_sat: Floats, draw: float, bill: Floats) -> Open:
        index, request, decision = self._decide(p_sat, draw)
        asked = list(decision.asked)
        unasked = [m for m in range(N_MODELS) if m not in asked]
        hidden = bill.copy()
        hidden[unasked] = math.nan  # nobody knows what the others would have charged
        self.state = self.router.charge(self.state, request, decision, hidden)
        self.calls[asked] += 1
        self.billed[asked] += bill[asked]
        return index, request, decision

    @rule(waiting=consumes(open), satisfied=judgements)
    def verdict(self, waiting: Open, satisfied: Floats) -> None:
        index, request, decision = waiting
        observed = np.zeros(N_MODELS, dtype=np.bool_)
        observed[list(decision.asked)] = True
        before = self.state
        self.state = self.router.learn(
            self.state,
            request,
            decision,
            Verdict(np.where(observed, satisfied, math.nan), observed),
        )
        self.counted[index] = float(satisfied[decision.delivered(satisfied)])
        assert self.state.t == before.t
        assert self.state.queue <= before.queue + 1.0

    @rule(waiting=consumes(open))
    def silence(self, waiting: Open) -> None:
        """The user never says: there is nothing to call."""

    @rule(p_sat=predictions, draw=shares, satisfied=judgements)
    def prompt_verdict(self, p_sat: Floats, draw: float, satisfied: Floats) -> None:
        """A verdict before anything else happens makes one step of equation (2)."""
        owed = self.state.queue
        waiting = self._decide(p_sat, draw)
        _, _, decision = waiting
        self.calls[list(decision.asked)] += 1
        self.state = self.router.charge(self.state, waiting[1], decision, np.zeros(N_MODELS))
        self.verdict(waiting, satisfied)
        s = float(satisfied[decision.delivered(satisfied)])
        assert self.state.queue == pytest.approx(
            max(0.0, owed + self.router.alpha - s), abs=ROUNDING
        )

    @rule()
    def reload(self) -> None:
        """A restart from a snapshot goes on as if nothing had happened."""
        self.state = pickle.loads(pickle.dumps(self.state))

    @invariant()
    def the_queue_is_a_finite_debt(self) -> None:
        assert math.isfinite(self.state.queue)
        assert self.state.queue >= 0.0

    @invariant()
    def t_counts_decisions(self) -> None:
        assert self.state.t == self.decided

    @invariant()
    def every_model_that_was_asked_is_charged_once(self) -> None:
        assert self.state.costs.calls.tolist() == self.calls.tolist()
        assert self.state.costs.total == pytest.approx(self.billed)

    @invariant()
    def the_promise_holds_on_this_path(self) -> None:
        """The queue covers the shortfall of what was judged, and of what was predicted instead."""
        shortfall = sum(self.router.alpha - s for s in self.counted.values())
        assert self.state.queue >= shortfall - ROUNDING


TestService = Service.TestCase
TestService.settings = settings(stateful_step_count=40)
