"""Costs that are known when the request arrives, as the paper assumes of E_{m,t}."""

from dataclasses import dataclass

from messplus.core.types import Bools, Floats, Request
from messplus.errors import SettingError


@dataclass(frozen=True, slots=True)
class Known:
    """Passes on `request.cost`. Stateless.

    In replay these are the recorded costs of this very request: an optimistic reading where the
    cost depends on an answer that is not written yet. `RunningMean` and `LogLinear` are the sober ones.
    """

    def init(self, n_models: int, n_features: int) -> None:
        """Nothing to remember."""

    def predict(self, state: None, request: Request) -> Floats:
        """The costs that came with the request, shape (M,).

        Raises:
            SettingError: The request carries none.
        """
        if request.cost is None:
            raise SettingError(
                "this policy expects the cost of each model with the request (cost=request), "
                "and the request carries none; use cost=mean or cost=predicted"
            )
        return request.cost

    def update(self, state: None, request: Request, cost: Floats, asked: Bools) -> None:
        """Nothing to learn."""
