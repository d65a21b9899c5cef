"""Whole states that go on in another zoo, because models have joined, or stand in another order.

A model that joins starts with what the others tell about any model (match.py), and with the doubt that
remains: the policy then asks it as often as that doubt is worth, and no longer. Of one that leaves
everything is kept: it keeps a place in the zoo and is not available.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from messplus.core.adaptive import Adaptive, AdaptiveState
from messplus.core.sharing import Knowledge
from messplus.core.types import Floats, Predictor
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills
from messplus.errors import SettingError
from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.logistic import OnlineLogistic
from messplus.predictors.mixture import Mixture, MixtureState
from messplus.priors import match
from messplus.priors.doubted import Doubted, DoubtedState
from messplus.priors.match import Places
from messplus.priors.started import StartedCosts


def knowledge(
    before: Adaptive[Any, Any], after: Adaptive[Any, Any], known: Knowledge, places: Places
) -> Knowledge:
    """What is known of the models of one zoo, in another one.

    Args:
        before: The policy over the zoo that was learned on.
        after: The same policy over the zoo to be served.
        known: What was learned; used up.
        places: See `match.places`.

    Raises:
        SettingError: A predictor or cost estimate cannot do that.
    """
    predictor = _believer(before.predictor, after.predictor, known.predictor, places)
    return Knowledge(predictor, _costs(after.costs, known.costs, places))


def adaptive(
    after: Adaptive[Any, Any], state: AdaptiveState[Any, Any], places: Places
) -> AdaptiveState[Any, Any]:
    """What a promise carries, in another zoo; `state` holds the knowledge that was moved already.

    The account stays. Of a new model the window holds its level and its price for the average request:
    what it would have been expected to do with recent ones is not known.
    """
    x = np.zeros(_n_features(state.costs))
    belief = after.predictor.believe(state.predictor, x)
    cost = _average_cost(state.costs)
    window = replace(
        state.window,
        p_sat=_columns(state.window.p_sat, belief.level, places),
        cost=_columns(state.window.cost, cost, places),
    )
    return replace(state, window=window, belief=belief if state.belief else None)


def _believer(before: object, after: object, state: Any, places: Places) -> Any:  # noqa: ANN401
    """The state of a believer; which one, the settings tell."""
    if isinstance(before, Doubted) and isinstance(after, Doubted):
        warm = state.warm
        return DoubtedState(
            warm=None if warm is None else _believer(before.warm, after.warm, warm, places),
            cold=_believer(before.cold, after.cold, state.cold, places),
            against=state.against,
            shifted=_evidence(before, after, state.shifted, places),
        )
    if isinstance(after, Mixture):
        each = zip((*after.blinds, *after.experts), state.experts, strict=True)
        experts = tuple(_expert(one, its, places) for one, its in each)
        return MixtureState(experts, state.log_weight, state.log_blind)
    raise _cannot(after)


def _expert(settings: Predictor[Any], state: Any, places: Places) -> Any:  # noqa: ANN401
    if isinstance(settings, Hierarchical) and settings.own_slope_sd == 0:
        return match.levels(settings, state, places)
    if isinstance(settings, OnlineLogistic):
        return match.regressions(settings, state, places)
    raise _cannot(settings)


def _costs(settings: object, state: LogBills, places: Places) -> LogBills:
    if isinstance(settings, StartedCosts):
        return match.bills(settings.costs, state, places)
    if isinstance(settings, LogLinear):
        return match.bills(settings, state, places)
    raise _cannot(settings)


def _evidence(before: Doubted, after: Doubted, shifted: Floats, places: Places) -> Floats:
    """The evidence against a prior by model, of those that it knows; none yet on a new one."""
    whole = np.zeros((len(before.known), shifted.shape[1]))
    whole[before.known] = shifted
    moved = match.rows(whole, np.zeros((len(places), shifted.shape[1])), places)
    return np.asarray(moved[after.known])


def _columns(known: Floats, fresh: Floats, places: Places) -> Floats:
    """One column per model to be served, (W, models served): the known one, or a constant."""
    return match.rows(known.T, np.tile(fresh[:, np.newaxis], len(known)), places).T.copy()


def _average_cost(bills: LogBills) -> Floats:
    """Expected cost of the average request, that of features 0, shape (M,)."""
    known = bills.foreseen > 0
    smearing = bills.billed / np.where(known, bills.foreseen, 1.0)
    return np.where(known, np.exp(bills.weights[:, 0]) * smearing, 0.0)


def _n_features(bills: LogBills) -> int:
    return int(bills.weights.shape[1]) - 1


def _cannot(settings: object) -> SettingError:
    return SettingError(
        f"what {type(settings).__name__} has learned cannot go on in another zoo: use the adaptive"
        " policy with its own experts, or give the changed zoo another store"
    )
