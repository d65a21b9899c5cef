"""The price of satisfaction, learned from predictions: no verdict is needed to know it.

At the price lambda (cost per satisfied request) the best answer to a request minimises
cost - lambda * satisfaction. The price that a promise needs is the smallest at which these answers
satisfy alpha of the requests: the multiplier of problem (1), re-solved over recent requests.
"""

from dataclasses import dataclass, replace

import numpy as np

from messplus.core.types import Bools, Floats

_STEPS = 14  # bisections of the logarithm: a price known to 0.1 %
_FEW = 8  # requests for which there is room at first: most of many promises are asleep
_SPAN = 1e3  # prices looked at: 1 / 1000 to 1000 times the largest spread of costs


@dataclass(frozen=True, slots=True)
class Window:
    """What was expected of the latest requests; a ring whose memory is reused.

    Attributes:
        p_sat: Predicted satisfaction, shape (R, M); its rows become more as they are needed.
        cost: Expected cost, shape (R, M).
        seen: Requests ever put in.
        size: Requests it holds at most, W; 0: as many as it has rows.
    """

    p_sat: Floats
    cost: Floats
    seen: int = 0
    size: int = 0

    @classmethod
    def empty(cls, size: int, n_models: int) -> "Window":
        """A window of `size` requests, none seen."""
        rows = min(size, _FEW)
        return cls(np.zeros((rows, n_models)), np.zeros((rows, n_models)), size=size)

    def push(self, p_sat: Floats, cost: Floats) -> "Window":
        """Put one request in, in place of the oldest if the window is full."""
        window = self._doubled() if self.seen == len(self.p_sat) < self.size else self
        row = window.seen % len(window.p_sat)
        window.p_sat[row], window.cost[row] = p_sat, cost
        return replace(window, seen=window.seen + 1)

    def price(self, alpha: float, inside: float, available: Bools | None = None) -> float:
        """The smallest price at which the expected answers satisfy alpha of these requests.

        Args:
            alpha: The promise.
            inside: How far inside of what is attainable the target is kept, as a share of the
                range between the cheapest and the best answers: near the upper end of the range
                the price has no bound.
            available: The models that can be asked from now on, shape (M,). None: all.
        """
        rows = min(self.seen, len(self.p_sat))
        zoo = slice(None) if available is None else available
        p_sat, cost = self.p_sat[:rows, zoo], self.cost[:rows, zoo]
        spread = float(np.ptp(cost, axis=1).max())
        if spread <= 0.0:
            return 0.0  # every model costs the same: the price decides nothing
        each = np.arange(rows)

        def satisfied(log_price: float) -> float:
            model = (cost - np.exp(log_price) * p_sat).argmin(axis=1)
            return float(np.add.reduce(p_sat[each, model])) / rows

        low, high = np.log(spread / _SPAN), np.log(spread * _SPAN)
        least, most = satisfied(low), satisfied(high)
        target = min(alpha, most - inside * (most - least))
        if least >= target:
            return float(np.exp(low))
        for _ in range(_STEPS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if satisfied(middle) >= target else (middle, high)
        return float(np.exp(high))

    def _doubled(self) -> "Window":
        """The same with twice the room, if that is not beyond its size."""
        more = np.zeros((min(self.seen, self.size - self.seen), self.p_sat.shape[1]))
        return replace(self, p_sat=np.vstack((self.p_sat, more)), cost=np.vstack((self.cost, more)))
