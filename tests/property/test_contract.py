"""What holds for the shield on every path: the theorem's inequality, and which way it leans."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.strategies import alphas, streams

from messplus.core.contract import Contract, WindowAccount, capped, headroom, must_be_safe

rates = st.floats(0.05, 0.99)
deltas = st.floats(0.001, 0.5)
accounts = st.builds(
    WindowAccount,
    left=st.integers(1, 80),
    debt=st.floats(-20, 20),
    pending=st.integers(0, 10),
    luck=st.floats(-0.5, 0.05),
    graded=st.booleans(),
)


@dataclass(frozen=True)
class Coins:
    """Outcomes of a window that hypothesis chooses: of either kind of answer, and how late each is."""

    router: list[int]
    safe: list[int]
    delay: list[int]


@st.composite
def coins(draw: st.DrawFn) -> Coins:
    n = draw(st.integers(1, 30))
    bits = st.lists(st.integers(0, 1), min_size=n, max_size=n)
    late = st.lists(st.integers(0, 8), min_size=n, max_size=n)
    return Coins(draw(bits), draw(bits), draw(late))


def played(contract: Contract, alpha: float, q: float, window: Coins) -> Iterator[WindowAccount]:
    """The account after each request, and after the last verdict; the router counts as 0 at first."""
    account = contract.open()
    due: list[tuple[int, bool, int]] = []
    for t in range(contract.window):
        guarded = must_be_safe(account, alpha, q, contract.delta)
        account = account.guarded(q) if guarded else account.served(alpha, 0.0)
        outcome = (window.safe if guarded else window.router)[t]
        due.append((t + window.delay[t], guarded, outcome))
        last = t + 1 == contract.window
        for verdict in [v for v in due if v[0] <= t or last]:
            due.remove(verdict)
            _, from_shield, s = verdict
            account = account.judged(alpha, s) if from_shield else account.corrected(0.0, s)
        yield account


@settings(max_examples=300)
@given(coins(), st.floats(0.3, 0.95), rates, deltas, st.booleans())
def test_on_every_path_a_window_is_kept_or_the_safe_model_was_unlucky(
    window: Coins, alpha: float, q: float, delta: float, graded: bool
) -> None:
    contract = Contract(window=len(window.router), delta=delta, graded=graded)
    *_, end = played(contract, alpha, q, window)
    kept = end.need(alpha) <= 1e-9
    start = contract.open().chance(alpha, q)
    assert kept >= min(1.0 - delta, start) + end.luck - 1e-9


@given(accounts, alphas, rates)
def test_the_safe_model_gains_no_luck_on_average(
    account: WindowAccount, alpha: float, q: float
) -> None:
    open_answer = account.guarded(q)
    hit, miss = open_answer.judged(alpha, 1.0).luck, open_answer.judged(alpha, 0.0).luck
    mean = q * hit + (1.0 - q) * miss
    if account.graded:  # a bound on the chance: it may only rise
        assert mean >= account.luck - 1e-9
    else:
        assert mean == pytest.approx(account.luck, abs=1e-9)


@given(accounts, st.floats(0.05, 1.0), rates, deltas)
def test_it_is_not_invoked_where_nothing_depends_on_it(
    account: WindowAccount, alpha: float, q: float, delta: float
) -> None:
    if account.need(alpha) <= 0 or account.need(alpha) > account.draws() + 1e-6:
        assert not must_be_safe(account, alpha, q, delta)


@given(accounts, st.floats(0.05, 1.0), rates, deltas, st.floats(0.0, 0.3), st.floats(0.0, 5.0))
def test_less_risk_a_worse_safe_model_or_more_debt_never_release_it(
    account: WindowAccount, alpha: float, q: float, delta: float, less: float, more_debt: float
) -> None:
    if not must_be_safe(account, alpha, q, delta):
        return
    assert must_be_safe(account, alpha, q, delta * (1.0 - less))
    assert must_be_safe(account, alpha, q * (1.0 - less), delta)
    deeper = replace(account, debt=account.debt + more_debt)
    lost = deeper.need(alpha) > deeper.draws()
    assert lost or must_be_safe(deeper, alpha, q, delta)


@given(accounts, st.floats(0.05, 1.0), rates, deltas, st.integers(1, 20))
def test_more_draws_for_the_same_need_never_invoke_it(
    account: WindowAccount, alpha: float, q: float, delta: float, more: int
) -> None:
    if not must_be_safe(account, alpha, q, delta) and account.need(alpha) <= account.draws():
        longer = replace(account, left=account.left + more, debt=account.debt - alpha * more)
        assert not must_be_safe(longer, alpha, q, delta)


@given(accounts, st.floats(0.05, 1.0), rates, deltas)
def test_headroom_counts_the_failures_until_it_is_invoked(
    account: WindowAccount, alpha: float, q: float, delta: float
) -> None:
    room = headroom(account, alpha, q, delta)
    assert 0 <= room <= account.left
    if account.need(alpha) > account.draws():
        return
    for _ in range(min(room, account.left - 1)):
        assert not must_be_safe(account, alpha, q, delta)
        account = account.served(alpha, 0.0)
    if room < account.left and account.need(alpha) <= account.draws():
        assert must_be_safe(account, alpha, q, delta)


@given(alphas, streams, st.floats(0.0, 10.0))
def test_with_capped_credit_every_run_of_requests_is_bounded(
    alpha: float, satisfied: np.ndarray, cap: float
) -> None:
    debt = [0.0]
    for s in satisfied:
        debt.append(capped(debt[-1] + alpha - float(s), cap))
    owed = np.concatenate([[0.0], np.cumsum(alpha - satisfied)])
    worst = (owed - np.minimum.accumulate(owed)).max()  # over all runs of requests
    assert worst <= max(debt) + cap + 1e-9
