"""A cost estimate that starts from bills seen elsewhere."""

from copy import deepcopy
from dataclasses import dataclass

from messplus.core.types import Bools, Floats, Request
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills


@dataclass(frozen=True, slots=True, eq=False)
class StartedCosts:
    """`LogLinear` from a state; implements `messplus.core.types.CostEstimate`.

    Attributes:
        costs: How to expect and to learn.
        start: What was learned elsewhere; never changed.
    """

    costs: LogLinear
    start: LogBills

    def init(self, n_models: int, n_features: int) -> LogBills:
        """A copy of the start; the zoo and the features must be those that it was made for."""
        return deepcopy(self.start)

    def predict(self, state: LogBills, request: Request) -> Floats:
        """See `LogLinear`."""
        return self.costs.predict(state, request)

    def update(self, state: LogBills, request: Request, cost: Floats, asked: Bools) -> LogBills:
        """See `LogLinear`."""
        return self.costs.update(state, request, cost, asked)
