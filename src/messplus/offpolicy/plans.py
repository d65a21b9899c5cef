"""What other policies would choose: plans, probabilities q of shape (N, M) whose rows sum to 1."""

import numpy as np

from messplus.core.types import Floats
from messplus.offpolicy.logged import Ints, Logged


def always(logged: Logged, model: int) -> Ints:
    """One model for all: where it could not be asked the next dearer one, else the dearest; (N,)."""
    places = np.arange(len(logged.models))
    dearer = logged.available & (places >= model)
    dearest = len(places) - 1 - np.argmax(logged.available[:, ::-1], axis=1)
    return np.asarray(np.where(dearer.any(axis=1), np.argmax(dearer, axis=1), dearest), np.int64)


def priced(logged: Logged, price: float) -> Ints:
    """The model with the best value at a price of one more satisfied request, shape (N,).

    The rule of the adaptive policy at a price that stays the same: the least cost - price * p_sat
    among the models that could be asked. An infinite price takes the best prediction.
    """
    gain = np.where(np.isnan(logged.p_sat), -np.inf, logged.p_sat)
    if np.isinf(price):
        return np.asarray(np.argmax(np.where(logged.available, gain, -np.inf), axis=1), np.int64)
    worth = logged.cost - price * logged.p_sat
    usable = logged.available & np.isfinite(worth)
    return np.asarray(np.argmin(np.where(usable, worth, np.inf), axis=1), np.int64)


def certainly(choice: Ints, n_models: int) -> Floats:
    """The plan that makes these choices with probability 1, shape (N, M)."""
    plan = np.zeros((len(choice), n_models))
    plan[np.arange(len(choice)), choice] = 1.0
    return plan


def price_grid(logged: Logged, size: int) -> Floats:
    """Prices from 0 to infinity, ascending, between which choices change; at most `size` >= 3.

    Two models change places at the price (difference of cost) / (difference of p_sat): the grid has
    quantiles of these over all requests and pairs of models.
    """
    turns = []
    for one in range(len(logged.models)):
        for other in range(one + 1, len(logged.models)):
            both = logged.available[:, one] & logged.available[:, other]
            gain = (logged.p_sat[:, other] - logged.p_sat[:, one])[both]
            extra = (logged.cost[:, other] - logged.cost[:, one])[both]
            with np.errstate(divide="ignore", invalid="ignore"):
                turn = extra / gain
            turns.append(turn[np.isfinite(turn) & (turn > 0)])
    found = np.concatenate(turns) if turns else np.empty(0)
    inner = np.quantile(found, np.linspace(0.0, 1.0, size - 2)) if len(found) else np.empty(0)
    return np.unique(np.concatenate([[0.0], inner, [np.inf]]))
