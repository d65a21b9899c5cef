"""Estimates on logs whose truth is known: intervals hold it as often as they say, without bias."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.offpolicy.worlds import world

from messplus.core.types import Floats
from messplus.offpolicy import Estimate, Logged, Method, Value, always, evaluate, priced
from messplus.offpolicy.plans import certainly

LOGS = 200
SHORT_OF = 4.0  # standard deviations of a count among so many logs

Plan = Callable[[Logged], Floats]


def dearer(log: Logged) -> Floats:
    """The policy at six times the price."""
    return certainly(priced(log, 6.0 * world().price), len(log.models))


def largest(log: Logged) -> Floats:
    return certainly(always(log, len(log.models) - 1), len(log.models))


def half_and_half(log: Logged) -> Floats:
    return 0.5 * certainly(always(log, 1), len(log.models)) + 0.5 * largest(log)


PLANS: dict[str, Plan] = {"dearer": dearer, "largest": largest, "half and half": half_and_half}


def values(plan: Plan, method: Method, n: int, spread: float, share: float = 1.0) -> list[Value]:
    """What 200 logs say of a plan."""
    found = []
    for seed in range(LOGS):
        rng = np.random.default_rng(seed)
        log = world().logged(n, spread, rng, share=share)
        found.append(evaluate(log, plan(log), rng=rng, method=method))
    return found


def check(estimates: list[Estimate], truth: float, level: float = 0.95) -> None:
    """Covered as often as said, but for the noise of so many logs; biased by no more than noise."""
    held = [one.interval.low <= truth <= one.interval.high for one in estimates]
    noise = np.sqrt(level * (1.0 - level) / len(held))
    assert np.mean(held) >= level - SHORT_OF * noise
    errors = np.array([one.value - truth for one in estimates])
    assert abs(errors.mean()) <= SHORT_OF * errors.std() / np.sqrt(len(errors))
    # And not by being far too wide: the standard error is that of the estimates.
    assert 0.8 < np.mean([one.stderr for one in estimates]) / errors.std() < 1.4


def numbers(found: list[Value], what: str) -> list[Estimate]:
    """The estimates; none is refused."""
    estimates = [getattr(one, what) for one in found]
    assert all(isinstance(one, Estimate) for one in estimates)
    return estimates


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize(("n", "spread"), [(2000, 0.2), (4000, 0.1)])
def test_intervals_hold_the_truth(name: str, n: int, spread: float) -> None:
    plan = PLANS[name]
    satisfaction, cost = world().truth(plan(world().whole(np.arange(len(world().score)))))
    found = values(plan, "dr", n, spread)
    check(numbers(found, "satisfaction"), satisfaction)
    check(numbers(found, "cost"), cost)


@pytest.mark.parametrize("method", ["ips", "snips"])
def test_so_do_those_of_the_other_methods(method: Method) -> None:
    satisfaction, cost = world().truth(dearer(world().whole(np.arange(len(world().score)))))
    found = values(dearer, method, 2000, 0.2)
    check(numbers(found, "satisfaction"), satisfaction)
    check(numbers(found, "cost"), cost)


def test_so_do_those_from_few_audits() -> None:
    satisfaction, _ = world().truth(dearer(world().whole(np.arange(len(world().score)))))
    found = values(dearer, "dr", 5000, 0.2, share=0.3)
    check(numbers(found, "satisfaction"), satisfaction)


def test_predictions_make_intervals_narrower() -> None:
    """By a third and more; self-normalised weights are in between."""
    widths = {}
    for method in ("ips", "snips", "dr"):
        found = numbers(values(dearer, method, 2000, 0.2), "satisfaction")
        widths[method] = np.mean([one.interval.high - one.interval.low for one in found])
    assert widths["dr"] < widths["snips"] < widths["ips"]
    assert widths["dr"] < 0.67 * widths["ips"]


def test_wrong_predictions_do_not_bias() -> None:
    """Predictions upside down cost width, never the truth."""
    satisfaction, _ = world().truth(largest(world().whole(np.arange(len(world().score)))))
    found = []
    for seed in range(LOGS):
        rng = np.random.default_rng(seed)
        log = world().logged(2500, 0.2, rng)
        wrong = replace(log, p_sat=1.0 - log.p_sat)
        found.append(evaluate(wrong, largest(log), rng=rng).satisfaction)
    assert all(isinstance(one, Estimate) for one in found)
    check([one for one in found if isinstance(one, Estimate)], satisfaction)


def test_a_policy_that_learned_meanwhile_does_not_bias() -> None:
    """Choices depend on verdicts on earlier requests, and so do predictions and propensities."""
    satisfaction, _ = world().truth(largest(world().whole(np.arange(len(world().score)))))
    found = []
    for seed in range(LOGS):
        rng = np.random.default_rng(seed)
        log = learned(500, 0.3, rng)
        value = evaluate(log, largest(log), rng=rng).satisfaction
        assert isinstance(value, Estimate)
        found.append(value)
    check(found, satisfaction)


def learned(n: int, spread: float, rng: np.random.Generator) -> Logged:
    """A log by a policy that takes the model with the best mean so far."""
    rows = rng.integers(0, len(world().score), n)
    m = len(world().models)
    hits, tries = np.ones(m), np.full(m, 2.0)
    draws, others = rng.random(n), rng.integers(0, m, n)
    chosen, propensity, p_sat = np.zeros(n, np.int64), np.zeros(n), np.zeros((n, m))
    for t, row in enumerate(rows):
        p_sat[t] = hits / tries
        best = int(np.argmax(p_sat[t]))
        chosen[t] = others[t] if draws[t] < spread else best
        propensity[t] = spread / m + (1.0 - spread) * (chosen[t] == best)
        hits[chosen[t]] += world().score[row, chosen[t]]
        tries[chosen[t]] += 1.0
    return replace(
        world().whole(rows),
        chosen=chosen,
        propensity=propensity,
        p_sat=p_sat,
        satisfied=world().score[rows, chosen],
        spent=world().cost[rows, chosen],
    )
