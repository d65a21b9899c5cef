"""Estimates worked by hand, and logs that do not tell."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.offpolicy.worlds import world

from messplus.errors import DataError, SettingError
from messplus.offpolicy import Estimate, Logged, Method, Refused, always, evaluate, priced
from messplus.offpolicy.estimates import scores
from messplus.offpolicy.plans import certainly

RNG = np.random.default_rng(0)


def log(n: int = 3000, spread: float = 0.2, share: float = 1.0) -> Logged:
    return world().logged(n, spread, np.random.default_rng(3), share=share)


def refused(value: Estimate | Refused) -> Refused:
    assert isinstance(value, Refused)
    return value


def by_hand() -> Logged:
    """Two models, two requests: the cheap one was asked with 3/4 and liked, the dear one with 1/4."""
    return Logged(
        models=("small", "large"),
        available=np.ones((2, 2), dtype=np.bool_),
        chosen=np.array([0, 1]),
        propensity=np.array([0.75, 0.25]),
        p_sat=np.array([[0.5, 0.75], [0.25, 0.5]]),
        cost=np.array([[1.0, 4.0], [1.0, 4.0]]),
        alpha=np.full(2, 0.5),
        satisfied=np.array([1.0, 1.0]),
        certain=np.zeros(2, dtype=np.bool_),
        spent=np.array([2.0, 6.0]),
        verdicts="audit",
    )


@pytest.mark.parametrize(
    ("method", "satisfaction", "cost"),
    [
        ("ips", [0.0, 4.0], [0.0, 24.0]),
        ("snips", [1.0, 1.0], [6.0, 6.0]),
        ("dr", [0.75, 0.5 + 4 * 0.5], [4.0, 4.0 + 4 * 2.0]),
    ],
)
def test_scores_by_hand(method: Method, satisfaction: list[float], cost: list[float]) -> None:
    found = by_hand()
    plan = certainly(always(found, 1), 2)
    assert scores(found, found.satisfaction, plan, method) == pytest.approx(satisfaction)
    assert scores(found, found.spending, plan, method) == pytest.approx(cost)


def test_choices_by_hand() -> None:
    """A gain of 1/4 is worth 3 from a price of 12 on."""
    found = by_hand()
    assert priced(found, 11.9).tolist() == [0, 0]
    assert priced(found, 12.1).tolist() == [1, 1]
    assert priced(found, np.inf).tolist() == [1, 1]
    gone = replace(found, available=np.array([[True, False], [False, True]]))
    assert priced(gone, 0.0).tolist() == [0, 1]
    assert always(gone, 0).tolist() == [0, 1]
    assert always(gone, 1).tolist() == [0, 1]


def test_the_policy_that_ran_has_the_mean_of_its_log() -> None:
    found = replace(log(), propensity=np.ones(3000))
    for method in ("ips", "snips", "dr"):
        value = evaluate(found, certainly(found.chosen, 3), rng=RNG, method=method)
        assert isinstance(value.satisfaction, Estimate)
        assert isinstance(value.cost, Estimate)
        assert value.satisfaction.value == pytest.approx(found.satisfied.mean())
        assert value.cost.value == pytest.approx(found.spent.mean())
        assert value.satisfaction.effective == pytest.approx(3000)
        assert value.agrees == 1.0


def test_a_log_without_chance_tells_nothing_of_others() -> None:
    found = replace(log(spread=0.0), propensity=np.ones(3000))
    value = evaluate(found, certainly(always(found, 2), 3), rng=RNG)
    assert "had probability 1" in refused(value.satisfaction).reason
    assert "set `spread` on the route" in refused(value.cost).fix


def test_too_small_an_effective_sample_is_refused() -> None:
    found = log(n=400, spread=0.05)
    value = evaluate(found, certainly(always(found, 2), 3), rng=RNG)
    assert "100 are the least" in refused(value.satisfaction).reason
    assert "spread" in refused(value.satisfaction).fix


def test_cost_is_told_where_satisfaction_is_not() -> None:
    found = replace(log(share=0.0), verdicts="none")
    value = evaluate(found, certainly(always(found, 2), 3), rng=RNG)
    assert refused(value.satisfaction).reason == "there are no verdicts"
    assert isinstance(value.cost, Estimate)


def test_wrong_propensities_are_noticed() -> None:
    found = log(n=3000)
    value = evaluate(
        replace(found, propensity=np.full(3000, 0.9)), certainly(always(found, 2), 3), rng=RNG
    )
    assert "the mean weight is" in refused(value.satisfaction).reason


def test_without_predictions_there_is_no_doubly_robust_estimate() -> None:
    found = replace(log(), p_sat=np.full((3000, 3), np.nan))
    plan = certainly(always(found, 2), 3)
    assert "no predictions" in refused(evaluate(found, plan, rng=RNG).satisfaction).reason
    value = evaluate(found, plan, rng=RNG, method="snips")
    assert isinstance(value.satisfaction, Estimate)


def test_without_a_choice_there_is_nothing_to_tell() -> None:
    none = world().whole(np.arange(0))
    value = evaluate(replace(none, forced=7), np.empty((0, 3)), rng=RNG)
    assert "only one model could be asked in each of 7" in refused(value.cost).reason


def test_a_failure_is_known_for_sure_and_not_by_chance() -> None:
    """Its weight is not divided by the share of answers that are judged."""
    found = log(share=0.5)
    certain = np.arange(3000) < 200
    sure = replace(found, certain=certain, satisfied=np.where(certain, 0.0, found.satisfied))
    chance = sure.satisfaction.chance
    assert (chance[:200] == 1.0).all()
    assert chance[200:] == pytest.approx(np.full(2800, sure.judged[200:].mean()))


def test_users_answer_for_each_model_at_its_own_rate() -> None:
    found = log()
    satisfied = np.where((found.chosen == 0) & (np.arange(3000) % 4 > 0), np.nan, found.satisfied)
    chance = replace(found, satisfied=satisfied, verdicts="user").satisfaction.chance
    assert chance[found.chosen == 0] == pytest.approx(0.25, abs=0.05)
    assert (chance[found.chosen != 0] == 1.0).all()


def test_shapes_and_ranges_are_checked() -> None:
    with pytest.raises(DataError, match=r"decision 0: propensity must be in \(0, 1\], got 0"):
        replace(by_hand(), propensity=np.array([0.0, 0.5]))
    with pytest.raises(DataError, match=r"p_sat must have shape \(2, 2\)"):
        replace(by_hand(), p_sat=np.zeros((2, 3)))
    with pytest.raises(DataError, match=r"spent must have shape \(2,\)"):
        replace(by_hand(), spent=np.zeros(3))
    with pytest.raises(SettingError, match=r"level must be in \(0, 1\), got 1"):
        evaluate(log(), certainly(always(log(), 2), 3), rng=RNG, level=1.0)
