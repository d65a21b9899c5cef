"""PORT: a random opening, a price that is solved once, and the plug-in rule."""

import numpy as np
import pytest
from tests.unit.replay.baselines.dear_calls import halves

from messplus.core.types import Draws, Request
from messplus.errors import SettingError
from messplus.replay.baselines.port import Port, PortState
from messplus.replay.baselines.priced import Forecast
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay


class Line:
    """The cheap model satisfies with probability x, the dear one always; they cost 1 and 3."""

    def forecast(self, features: np.ndarray) -> Forecast:
        p_sat = np.column_stack((features[:, 0], np.ones(len(features))))
        return Forecast(p_sat, np.tile((1.0, 3.0), (len(features), 1)))


def opened(alpha: float, *x: float) -> tuple[Port, PortState]:
    port = Port(alpha=alpha, opening=len(x), forecaster=Line())
    state = port.init(2, 1)
    for t, value in enumerate(x):
        request = Request(features=np.array([value]))
        decision, state = port.decide(state, request, Draws(0.5, (t % 2) / 2))
        assert (decision.model, decision.propensity) == (t % 2, 0.5)  # whatever is estimated
    return port, state


def test_the_price_is_solved_on_the_opening_and_then_kept() -> None:
    """Of x = .2, .4, .6, .8 the mean is .5; two dear calls make it .85: a price between 2/.6, 2/.4."""
    port, state = opened(0.85, 0.2, 0.4, 0.6, 0.8)
    decision, state = port.decide(state, Request(features=np.array([0.35])), Draws(0.5, 0.5))
    assert (decision.model, decision.propensity) == (1, 1.0)
    assert state.price == pytest.approx(2.0 / 0.6, rel=0.01)  # the smallest that reaches .85
    for x, model in ((0.39, 1), (0.42, 0), (0.0, 1), (0.99, 0)):
        before = state.price
        decision, state = port.decide(state, Request(features=np.array([x])), Draws(0.5, 0.5))
        assert (decision.model, state.price) == (model, before)


def test_after_the_opening_dear_calls_are_spent_on_what_is_hard() -> None:
    stream = halves()
    trace = replay(stream, policy_from_spec("port:epsilon=0.1,k=20")(stream), seed=0)
    served = slice(600 + 240, None)
    dear = trace.model[served] == 1
    easy = stream.score[trace.row[served], 0] == 1
    # With estimates of 0 and 1 no mean between 1/2 and 1 is met by one price: it rounds up.
    assert not dear[easy].any()
    assert dear[~easy].all()
    opening = trace.model[600:840]
    assert abs(opening.mean() - 0.5) < 4 * 0.5 / np.sqrt(240)


def test_an_opening_of_everything_is_refused() -> None:
    with pytest.raises(SettingError, match="epsilon must be"):
        policy_from_spec("port:epsilon=1")(halves(50))
