"""The shield against routers that do their worst: windows are broken as seldom as was promised.

A router that always fails is the worst: with it each window is as close to being lost as the shield
lets it come. The safe model's rate is exactly what the shield was told, so nothing is spare.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom

from messplus.core.contract import Contract, headroom, must_be_safe
from messplus.core.types import Floats

N_WINDOWS = 2000
Router = Callable[[np.random.Generator, int], float]


def always_fails(rng: np.random.Generator, t: int) -> float:
    return 0.0


def tosses_a_coin(rng: np.random.Generator, t: int) -> float:
    return float(rng.random() < 0.5)


def oscillates(rng: np.random.Generator, t: int) -> float:
    return float(t // 7 % 2)


def coin(rng: np.random.Generator, rate: float) -> float:
    return float(rng.random() < rate)


def third_or_all(rng: np.random.Generator, rate: float) -> float:
    """A graded verdict of 1/3 or 1, of that mean."""
    return 1.0 if rng.random() < (rate - 1 / 3) * 1.5 else 1 / 3


def broken(
    contract: Contract,
    alpha: float,
    q: float,
    router: Router,
    *,
    rate: float | None = None,
    delay: int = 0,
    verdict: Callable[[np.random.Generator, float], float] = coin,
) -> float:
    """Share of windows that end below alpha.

    Args:
        contract: Window and risk.
        alpha: The promise.
        q: What the shield is told of the safe model.
        router: Satisfaction with its answer number t.
        rate: What the safe model does in truth; None: that.
        delay: Requests after which a verdict comes; until then the router's count as failures.
        verdict: Draws one for the safe model.
    """
    rng = np.random.default_rng(5)
    n_broken = 0
    for index in range(N_WINDOWS):
        account, due, total = contract.open(index), [], 0.0
        for t in range(contract.window):
            guarded = must_be_safe(account, alpha, q, contract.delta)
            s = verdict(rng, q if rate is None else rate) if guarded else router(rng, t)
            account = account.guarded(q) if guarded else account.served(alpha, 0.0)
            due.append((guarded, s))
            total += s
            if len(due) > delay:
                was_guarded, s = due.pop(0)
                account = account.judged(alpha, s) if was_guarded else account.corrected(0.0, s)
        n_broken += total < alpha * contract.window - 1e-9
    return n_broken / N_WINDOWS


def most(delta: float) -> float:
    """Three standard deviations above the risk."""
    return delta + 3.0 * math.sqrt(delta * (1.0 - delta) / N_WINDOWS)


@pytest.mark.parametrize(
    ("alpha", "q", "delta", "n"),
    [(0.7, 0.9, 0.05, 30), (0.7, 0.8, 0.1, 80), (0.5, 0.8, 0.01, 40), (0.9, 0.97, 0.05, 60)],
)
def test_whatever_the_router_does_few_windows_are_broken(
    alpha: float, q: float, delta: float, n: int
) -> None:
    share = broken(Contract(window=n, delta=delta), alpha, q, always_fails)
    assert share <= most(delta)
    assert share >= delta / 4  # nor does it take over long before it has to


@pytest.mark.parametrize("router", [tosses_a_coin, oscillates])
@pytest.mark.parametrize("delay", [0, 10])
def test_so_it_is_with_other_routers_and_late_verdicts(router: Router, delay: int) -> None:
    contract = Contract(window=40, delta=0.05)
    assert broken(contract, 0.7, 0.85, router, delay=delay) <= most(0.05)


def test_so_it_is_with_graded_verdicts() -> None:
    contract = Contract(window=40, delta=0.1, graded=True)
    assert broken(contract, 0.7, 0.85, always_fails, verdict=third_or_all) <= most(0.1)


def test_a_safe_model_that_is_worse_than_believed_breaks_the_contract() -> None:
    contract = Contract(window=80, delta=0.05)
    assert broken(contract, 0.7, 0.85, always_fails, rate=0.75) > 4 * 0.05


def test_a_shield_that_lets_luck_be_spent_again_breaks_it_too() -> None:
    # The same rule without the luck: the router is free wherever the safe model could still make the
    # window after a failure. Exact, by dynamic programming from the end of the window: chance[r] is
    # that of keeping it with r satisfied answers needed, against a router that always fails.
    alpha, q, delta, n = 0.7, 0.8, 0.05, 500
    needed = math.ceil(alpha * n)
    chance: Floats = np.zeros(needed + 1)
    chance[0] = 1.0
    for left in range(1, n + 1):
        free = binom.sf(np.arange(needed + 1) - 1, left - 1, q) >= 1.0 - delta
        guarded = chance.copy()
        guarded[1:] = q * chance[:-1] + (1.0 - q) * chance[1:]
        chance = np.where(free, chance, guarded)
    assert 1.0 - chance[needed] > 5 * delta
    assert not must_be_safe(Contract(window=n, delta=delta).open(), alpha, q, delta)


def by_azuma(window: int, alpha: float, q: float) -> int:
    """Failures in a row that Azuma's inequality allows a router at the start of a window."""

    def safe(failures: int) -> bool:
        left = window - failures
        return alpha * failures <= left * (q - alpha) - math.sqrt(left * math.log(1 / 0.05) / 2)

    return next(failures for failures in range(window) if not safe(failures + 1))


@pytest.mark.parametrize(
    ("window", "alpha", "q", "azuma", "entropy", "exact"),
    [
        (100, 0.7, 0.85, 3, 6, 11),
        (500, 0.7, 0.75, 0, 1, 12),
        (500, 0.7, 0.8, 29, 35, 45),
        (500, 0.9, 0.93, 0, 0, 6),
        (2000, 0.9, 0.92, 0, 10, 22),
    ],
)
def test_the_freedom_that_each_bound_leaves_as_documented(
    window: int, alpha: float, q: float, azuma: int, entropy: int, exact: int
) -> None:
    assert by_azuma(window, alpha, q) == azuma
    assert headroom(Contract(window=window, graded=True).open(), alpha, q, 0.05) == entropy
    assert headroom(Contract(window=window).open(), alpha, q, 0.05) == exact


@pytest.mark.parametrize(
    ("window", "needed"),
    [
        (100, (0.577, 0.766, 0.855, 0.937, 0.974)),
        (500, (0.536, 0.732, 0.827, 0.919, 0.963)),
        (2000, (0.518, 0.716, 0.814, 0.910, 0.957)),
    ],
)
def test_the_rates_that_contracts_need_as_documented(
    window: int, needed: tuple[float, ...]
) -> None:
    rates = [Contract(window=window).rate_needed(alpha) for alpha in (0.5, 0.7, 0.8, 0.9, 0.95)]
    assert rates == pytest.approx(needed, abs=6e-4)
