"""How often a caller may call."""

import math

from hypothesis import given
from hypothesis import strategies as st

from messplus.gateway.access import Caller, Rates
from messplus.gateway.access.rate import MINUTE_S, Allowance, take


def asked(limit: int, times_s: list[float]) -> list[Allowance]:
    full_at_s, told = 0.0, []
    for now_s in times_s:
        step, allowance = take(full_at_s, limit, now_s)
        full_at_s = full_at_s if step is None else step(full_at_s)
        told.append(allowance)
    return told


def test_a_minutes_worth_at_once_then_one_at_a_time() -> None:
    told = asked(3, [100, 100, 100, 100, 119.9, 120, 120])
    assert [one.allowed for one in told] == [True, True, True, False, False, True, False]
    assert [one.remaining for one in told] == [2, 1, 0, 0, 0, 0, 0]
    assert told[3].retry_after_s == 20
    assert told[3].reset_s == 60
    assert told[3].headers() == {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60.000s",
        "retry-after": "20",
        "retry-after-ms": "20000",
    }
    assert "retry-after" not in told[0].headers()


gaps = st.lists(st.floats(0, 30), max_size=60)


@given(st.integers(1, 50), gaps)
def test_never_more_than_was_promised(limit: int, between_s: list[float]) -> None:
    now_s, times_s = 0.0, []
    for gap in between_s:
        times_s.append(now_s := now_s + gap)
    allowed = [at for at, one in zip(times_s, asked(limit, times_s), strict=True) if one.allowed]
    for i, start in enumerate(allowed):
        for count, end in enumerate(allowed[i:], start=1):
            assert count <= limit + (end - start) * limit / MINUTE_S + 1e-6


@given(st.integers(1, 50), gaps)
def test_who_waits_as_told_is_let_in(limit: int, between_s: list[float]) -> None:
    full_at_s, now_s = 0.0, 0.0
    for gap in between_s:
        now_s += gap
        step, one = take(full_at_s, limit, now_s)
        full_at_s = full_at_s if step is None else step(full_at_s)
        assert 0 <= one.remaining < limit
        assert 0 <= one.reset_s <= MINUTE_S + 1e-9
        if not one.allowed:
            assert 0 < one.retry_after_s <= MINUTE_S / limit + 1e-9
            assert take(full_at_s, limit, now_s + one.retry_after_s + 1e-6)[1].allowed


def test_callers_have_limits_of_their_own() -> None:
    rates = Rates()
    alice, bob = Caller(name="alice", rpm=1), Caller(name="bob", rpm=1)
    assert rates.take(Caller(name="free"), 0) is None
    assert [one.allowed for c in (alice, bob, alice) if (one := rates.take(c, 0))] == [
        True, True, False,
    ]  # fmt: skip
    rates.keep({"bob": None})
    assert [one.allowed for c in (alice, bob) if (one := rates.take(c, 0))] == [True, False]


def formerly(full_at_s: float, limit: int, now_s: float) -> tuple[float, bool, int]:
    """The same limit, when it knew of one gateway only."""
    each_s = MINUTE_S / limit
    owed_s = max(0.0, full_at_s - now_s)
    left = math.floor((MINUTE_S - owed_s) / each_s + 1e-9)
    if left < 1:
        return full_at_s, False, 0
    return now_s + owed_s + each_s, True, left - 1


@given(st.integers(1, 50), gaps)
def test_a_gateway_alone_is_as_it_was(limit: int, between_s: list[float]) -> None:
    rates, caller = Rates(), Caller(name="alice", rpm=limit)
    full_at_s, now_s = -math.inf, 0.0
    for gap in between_s:
        now_s += gap
        full_at_s, allowed, remaining = formerly(full_at_s, limit, now_s)
        told = rates.take(caller, now_s)
        assert told is not None
        assert (told.allowed, told.remaining) == (allowed, remaining)


@given(st.sampled_from([1, 7, 50, 600, 3000]), st.floats(1.7e9, 2.5e9))
def test_a_minutes_worth_is_given_on_a_clock_that_counts_from_1970(
    limit: int, now_s: float
) -> None:
    rates, caller = Rates(), Caller(name="alice", rpm=limit)
    told = [one for _ in range(limit + 1) if (one := rates.take(caller, now_s))]
    assert [one.allowed for one in told] == [True] * limit + [False]
    assert [one.remaining for one in told[:limit]] == list(range(limit))[::-1]
    after = rates.take(caller, now_s + told[-1].retry_after_s)
    assert after is not None
    assert after.allowed
