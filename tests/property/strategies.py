"""What the property tests draw: verdicts, zoos and predictions."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from messplus.core.messplus import MessPlus, Silence, State
from messplus.core.types import Bools, Draws, Floats, Request
from messplus.costs import Known

EXPLOIT = Draws(explore=0.999999, choose=0.0)

alphas = st.floats(0.01, 1.0)
shares = st.floats(0.0, 1.0)
queues = st.floats(0.0, 1e4)
weights = st.floats(1e-6, 1e3)
verdicts = st.one_of(st.sampled_from([0.0, 1.0]), shares)
streams = st.lists(verdicts, min_size=1, max_size=200).map(lambda s: np.array(s))


@dataclass(frozen=True, slots=True)
class Told:
    """Predicts the features of the request and learns nothing."""

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, x: Floats) -> Floats:
        return x

    def update(self, state: None, x: Floats, satisfied: Floats, observed: Bools) -> None:
        """Nothing to learn."""


def router(
    alpha: float, v: float, *, c: float = 0.0, silence: Silence = "freeze"
) -> MessPlus[None, None]:
    return MessPlus(alpha=alpha, v=v, c=c, silence=silence, predictor=Told(), costs=Known())


def exploit(alpha: float, v: float, queue: float, request: Request) -> int:
    """The model that is asked when `queue` is owed and nothing is explored."""
    decision, _ = router(alpha, v).decide(State(None, None, t=1, queue=queue), request, EXPLOIT)
    return decision.model


@st.composite
def requests(draw: st.DrawFn, min_models: int = 1) -> Request:
    """A request with predictions and costs for up to six models, the cheapest first."""
    n = draw(st.integers(min_models, 6))
    p_sat = draw(st.lists(shares, min_size=n, max_size=n))
    cost = draw(st.lists(st.floats(1e-3, 1e3), min_size=n, max_size=n))
    return Request(features=np.array(p_sat), cost=np.array(sorted(cost)))
