"""How often a caller may call."""

import math

from hypothesis import given
from hypothesis import strategies as st

from messplus.gateway.access import Caller, Rates
from messplus.gateway.access.rate import MINUTE_S, Allowance, take


def asked(limit: int, times_s: list[float]) -> list[Allowance]:
    full_at_s, told = -math.inf, []
    for now_s in times_s:
        full_at_s, allowance = take(full_at_s, limit, now_s)
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
    full_at_s, now_s = -math.inf, 0.0
    for gap in between_s:
        now_s += gap
        full_at_s, one = take(full_at_s, limit, now_s)
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
