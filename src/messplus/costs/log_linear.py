"""The cost of each request from its features: a regression of the logarithm of the bills.

What an answer costs varies by orders of magnitude between requests, and mostly by factors: a long
question, or one that makes a model think, multiplies the bill. So the logarithm is linear in the
features, by recursive least squares per model (exact ridge regression, O(d^2) per bill):

    z = theta . [1, x]        e = log(cost) - z        k = P [1, x]
    P <- P - k k' / (1 + k.[1, x])        theta <- theta + k e / (1 + k.[1, x])

exp(z) is then the *median* bill, below the mean by half and more. It is put right by a smearing
factor: all that was billed over all that exp(z) came to, both taken after the bill was learned and
discounted. Predictions so add up to the bills, whatever the noise looks like. (Duan 1983 averages
cost / exp(z) instead; that is biased by the first predictions, which are bad: with 64 features and
log-normal noise of sd 1 still by 35 % after 300 bills, where this is off by 5 %.)

Where hard requests also get long answers, a mean per model makes routing them dearer than it looks.
"""

from dataclasses import dataclass

import numpy as np

from messplus.core.types import Bools, Floats, Request
from messplus.errors import SettingError, require_range

REACH = np.log(10.0)
"""No prediction of exp(z) lies above 10 times a model's greatest bill, or below 1/10 of its least."""


@dataclass(frozen=True, slots=True)
class LogBills:
    """What was learned of each model; `LogLinear.update` changes it in place."""

    weights: Floats  # (M, 1 + d), of log cost; index 0 is the intercept
    covariance: Floats  # (M, 1 + d, 1 + d), in units of the noise of a log bill
    billed: Floats  # (M,), discounted sum of the bills
    foreseen: Floats  # (M,), discounted sum of exp(z) for the same requests
    lowest: Floats  # (M,), log of the least bill above 0, or list price; inf if none
    highest: Floats  # (M,), log of the greatest; -inf if none


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLinear:
    """Log-linear cost model; implements `messplus.core.types.CostEstimate`.

    Bills of 0 say nothing about the logarithm; they lower the smearing factor, so a model that is
    free one time in two is expected to cost half of what it costs otherwise.

    Attributes:
        discount: Of the smearing factor, per bill of the model, in (0, 1]: a price that changes is
            followed within 1 / (1 - discount) bills.
        slope_sd: Prior standard deviation of each slope in log cost per unit of feature, relative
            to the noise of a log bill, > 0.
        list_price: What each model is expected to charge for the average request before any bill,
            in the zoo's unit, each >= 0; counts as much as one bill. None, or a price of 0: a
            model is expected to cost nothing before its first bill, and that bill counts in full.
    """

    discount: float = 0.999
    slope_sd: float = 0.55
    list_price: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("discount", self.discount, "in (0, 1]", ok=0 < self.discount <= 1)
        require_range("slope_sd", self.slope_sd, "positive", ok=0 < self.slope_sd < np.inf)
        for price in self.list_price or ():
            ok = 0 <= price < np.inf
            require_range("list_price", price, "at least 0 and finite", ok=ok)

    def init(self, n_models: int, n_features: int) -> LogBills:
        """The list prices, or nothing.

        Raises:
            SettingError: There is not one list price per model.
        """
        price = np.zeros(n_models) if self.list_price is None else np.array(self.list_price)
        if len(price) != n_models:
            raise SettingError(f"list_price has {len(price)} prices for {n_models} models")
        variance = np.full(1 + n_features, self.slope_sd**2)
        variance[0] = 1.0
        with np.errstate(divide="ignore"):
            log_price = np.log(price)  # -inf if there is none
        weights = np.zeros((n_models, 1 + n_features))
        weights[:, 0] = np.where(price > 0, log_price, 0.0)
        return LogBills(
            weights=weights,
            covariance=np.tile(np.diag(variance), (n_models, 1, 1)),
            billed=price.copy(),
            foreseen=price.copy(),
            lowest=np.where(price > 0, log_price, np.inf),
            highest=log_price,
        )

    def predict(self, state: LogBills, request: Request) -> Floats:
        """Expected cost, shape (M,), in the zoo's unit, >= 0; 0 where nothing is known."""
        z = state.weights[:, 0] + state.weights[:, 1:] @ request.features
        z = np.minimum(np.maximum(z, state.lowest - REACH), state.highest + REACH)
        known = state.foreseen > 0
        smearing = state.billed / np.where(known, state.foreseen, 1.0)
        return np.where(known, np.exp(z) * smearing, 0.0)

    def update(self, state: LogBills, request: Request, cost: Floats, asked: Bools) -> LogBills:
        """Learn from the bills of one request; the arrays of `state` are reused."""
        x1 = np.concatenate(([1.0], request.features))
        models: list[int] = np.flatnonzero(asked).tolist()
        for m in models:
            bill = float(cost[m])
            if bill > 0:
                self._learn(state, m, x1, float(np.log(bill)))
            if np.isfinite(state.highest[m]):  # else it was free so far
                z = float(state.weights[m] @ x1)
                z = min(max(z, state.lowest[m] - REACH), state.highest[m] + REACH)
                state.billed[m] = self.discount * state.billed[m] + bill
                state.foreseen[m] = self.discount * state.foreseen[m] + np.exp(z)
        return state

    def _learn(self, state: LogBills, m: int, x1: Floats, log_bill: float) -> None:
        """One step of least squares; the first without a list price sets the intercept."""
        weights, covariance = state.weights[m], state.covariance[m]
        if np.isfinite(state.highest[m]):
            k = covariance @ x1
            shrink = 1.0 + float(k @ x1)
            weights += k * ((log_bill - float(weights @ x1)) / shrink)
            k /= np.sqrt(shrink)
            covariance -= np.multiply.outer(k, k)
        else:  # the same step from an intercept that could be anything
            weights[0] = log_bill
            reach = self.slope_sd**2 * x1[1:]
            covariance[0, 0] = 1.0 + float(reach @ x1[1:])
            covariance[0, 1:] = covariance[1:, 0] = -reach
        state.lowest[m] = min(state.lowest[m], log_bill)
        state.highest[m] = max(state.highest[m], log_bill)
