"""Costs known on arrival, and costs estimated from the bills."""

import numpy as np
import pytest

from messplus.core.types import Request
from messplus.costs import Known, RunningMean
from messplus.errors import SettingError

ALL = np.ones(3, dtype=np.bool_)
SECOND = np.array([False, True, False])
UNPRICED = Request(features=np.zeros(2))


def test_known_costs_are_those_of_the_request() -> None:
    request = Request(features=np.zeros(2), cost=np.array([1.0, 3.0, 8.0]))
    assert Known().predict(None, request).tolist() == [1.0, 3.0, 8.0]


def test_known_costs_that_did_not_come_name_the_fix() -> None:
    with pytest.raises(SettingError, match=r"the request carries none; use cost=mean"):
        Known().predict(None, UNPRICED)


def test_a_running_mean_holds_what_was_charged_and_nothing_else() -> None:
    mean = RunningMean()
    state = mean.init(3, 2)
    state = mean.update(state, UNPRICED, np.array([1.0, 3.0, 8.0]), ALL)
    state = mean.update(state, UNPRICED, np.array([np.nan, 5.0, np.nan]), SECOND)
    assert mean.predict(state, UNPRICED).tolist() == [1.0, 4.0, 8.0]


def test_a_model_that_was_never_asked_is_expected_to_cost_nothing() -> None:
    mean = RunningMean()
    state = mean.update(mean.init(3, 2), UNPRICED, np.array([1.0, 3.0, 8.0]), SECOND)
    assert mean.predict(state, UNPRICED).tolist() == [0.0, 3.0, 0.0]


def test_a_list_price_counts_as_one_bill() -> None:
    mean = RunningMean(list_price=(2.0, 4.0, 6.0))
    state = mean.update(mean.init(3, 2), UNPRICED, np.array([1.0, 3.0, 8.0]), SECOND)
    assert mean.predict(state, UNPRICED).tolist() == [2.0, 3.5, 6.0]
    with pytest.raises(SettingError, match="list_price has 3 prices for 2 models"):
        mean.init(2, 2)
    with pytest.raises(SettingError, match="list_price must be at least 0 and finite, got -1"):
        RunningMean(list_price=(-1.0,))


def test_sums_of_two_replicas_add_up() -> None:
    mean = RunningMean()
    one = mean.update(mean.init(3, 2), UNPRICED, np.array([1.0, 3.0, 8.0]), ALL)
    other = mean.update(mean.init(3, 2), UNPRICED, np.array([3.0, 3.0, 2.0]), ALL)
    both = type(one)(one.total + other.total, one.calls + other.calls)
    assert mean.predict(both, UNPRICED).tolist() == [2.0, 3.0, 5.0]


def test_the_state_that_is_updated_stays_as_it_was() -> None:
    mean = RunningMean()
    before = mean.init(3, 2)
    mean.update(before, UNPRICED, np.array([1.0, 3.0, 8.0]), ALL)
    assert before.calls.tolist() == [0.0, 0.0, 0.0]
