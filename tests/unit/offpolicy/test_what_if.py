"""Promises and mixes from one log."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.unit.offpolicy.worlds import world

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.offpolicy import Estimate, Line, Refused, what_if
from messplus.offpolicy.choosing import ascending, cheapest_mix


def ask(alphas: list[float], n: int = 4000, spread: float = 0.2) -> dict[str, Line]:
    log = world().logged(n, spread, np.random.default_rng(5))
    return {line.policy: line for line in what_if(log, alphas, seed=1).lines}


def value(line: Line, what: str = "satisfaction") -> Estimate:
    found = getattr(line.value, what)
    assert isinstance(found, Estimate)
    return found


def test_promises_are_kept_at_less_cost_than_by_a_static_mix() -> None:
    lines = ask([0.4, 0.5, 0.6])
    for alpha in ("0.4", "0.5", "0.6"):
        routed, mix = lines[f"alpha {alpha}"], lines[f"mix for {alpha}"]
        assert value(routed).interval.low <= float(alpha) <= value(routed).interval.high
        assert value(mix).interval.low <= float(alpha) <= value(mix).interval.high
        assert value(routed, "cost").value < value(mix, "cost").value
    prices = [lines[f"alpha {alpha}"].price for alpha in (0.4, 0.5, 0.6)]
    assert all(prices)
    assert prices == sorted(prices, key=lambda price: price or 0.0)


def test_a_policy_is_not_judged_on_what_it_was_chosen_for() -> None:
    """Over many short logs a promise is met on average; chosen and judged alike it would be missed."""
    truths = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        log = world().logged(1500, 0.3, rng)
        (line,) = (one for one in what_if(log, [0.5]).lines if one.policy == "alpha 0.5")
        truths.append(value(line).value)
    assert np.mean(truths) == pytest.approx(0.5, abs=4 * np.std(truths) / np.sqrt(60) + 0.005)


def test_the_curve_rises() -> None:
    log = world().logged(4000, 0.2, np.random.default_rng(5))
    curve = what_if(log, [], seed=1).curve
    assert [line.price for line in curve] == sorted(line.price or 0.0 for line in curve)
    assert value(curve[0]).value < value(curve[-1]).value
    assert value(curve[0], "cost").value < value(curve[-1], "cost").value


def test_what_is_out_of_reach_says_what_is_not() -> None:
    lines = ask([0.95])
    for name in ("alpha 0.95", "mix for 0.95"):
        found = lines[name].value.satisfaction
        assert isinstance(found, Refused)
        assert "reaches 0.95: the best is about 0." in found.reason


@pytest.mark.parametrize("broken", ["no chance", "no verdicts", "no predictions", "short"])
def test_a_log_that_does_not_tell_is_refused_line_by_line(broken: str) -> None:
    n = 8 if broken == "short" else 500
    log = world().logged(n, 0.2, np.random.default_rng(5))
    if broken == "no chance":
        log = replace(log, propensity=np.ones(n))
    if broken == "no verdicts":
        log = replace(log, satisfied=np.full(n, np.nan), verdicts="none")
    if broken == "no predictions":
        log = replace(log, p_sat=np.full((n, 3), np.nan))
    found = what_if(log, [0.5], seed=1)
    (line,) = (one for one in found.lines if one.policy == "alpha 0.5")
    assert isinstance(line.value.satisfaction, Refused)
    assert line.value.satisfaction.fix


def test_notes_name_the_assumption() -> None:
    log = world().logged(500, 0.2, np.random.default_rng(5), share=0.5, verdicts="user")
    found = what_if(replace(log, forced=20), [], seed=1)
    assert "of the answers were judged. Satisfaction is by users" in found.notes[0]
    assert found.notes[1].startswith("20 decisions are left out")


def test_alphas_are_checked() -> None:
    with pytest.raises(SettingError, match=r"alpha must be in \(0, 1\], got 1.2"):
        ask([1.2], n=100)


FEW = hnp.arrays(np.float64, st.integers(1, 8), elements=st.floats(0, 1, width=16))


@given(FEW)
def test_ascending_is_ascending_and_keeps_the_mean(values: Floats) -> None:
    found = ascending(values)
    assert (np.diff(found) >= -1e-12).all()
    assert found.mean() == pytest.approx(values.mean())
    assert ascending(np.sort(values)) == pytest.approx(np.sort(values))


@given(FEW, st.floats(0.05, 1.0), st.integers(0, 100))
def test_the_cheapest_mix_beats_any_other(level: Floats, alpha: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.random(len(level))
    share = cheapest_mix(level, cost, alpha)
    if share is None:
        assert level.max() < alpha
        return
    assert share.sum() == pytest.approx(1.0)
    assert (share >= 0).all()
    assert share @ level >= alpha - 1e-9
    for other in rng.dirichlet(np.ones(len(level)), 50):
        assert other @ level < alpha or share @ cost <= other @ cost + 1e-9
