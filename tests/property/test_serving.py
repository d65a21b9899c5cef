"""Scenarios and feedback on arbitrary streams: what they may change, and what they may not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from messplus.core.types import Decision
from messplus.replay.feedback import Feedback, Judge
from messplus.replay.scenarios import Blocks, Join, Leave, Reprice, Scenario, Worsen, serve
from messplus.replay.serving import Randomness
from messplus.replay.streams import Stream

shares = st.floats(0.0, 1.0)
places = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**32 - 1)
changes = st.one_of(
    st.builds(Worsen, at=places, loss=shares),
    st.builds(Reprice, at=places, factor=st.floats(0.0, 100.0)),
    st.builds(Join, at=places),
    st.builds(Leave, model=st.just("m0"), at=places),
)
blocks = st.builds(Blocks, length=st.integers(1, 60))


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    n, n_models = draw(st.integers(2, 50)), draw(st.integers(3, 4))
    rng = np.random.default_rng(draw(seeds))
    return Stream(
        data="d", task="t", alpha=draw(st.floats(0.01, 1.0)), cost_unit="usd",
        models=tuple(f"m{m}" for m in range(n_models)),
        score=rng.random((n, n_models)).round(1),
        cost=np.sort(rng.random((n, n_models)), axis=1),
        features=np.arange(n, dtype=float)[:, None],
    )  # fmt: skip


@given(streams(), st.lists(st.one_of(changes, blocks), max_size=4), seeds, st.booleans())
def test_every_request_is_served_once_and_before_any_change_as_recorded(
    stream: Stream, scenarios: list[Scenario], seed: int, shuffle: bool
) -> None:
    served = serve(stream, seed=seed, shuffle=shuffle, scenarios=scenarios)
    assert sorted(served.row) == list(range(stream.n_requests))
    if any(position == 0 for position in starts(stream, scenarios)):
        return
    first = served.changes[0] if served.changes else stream.n_requests
    np.testing.assert_array_equal(served.score[:first], stream.score[served.row[:first]])
    np.testing.assert_array_equal(served.cost[:first], stream.cost[served.row[:first]])
    assert (served.score <= stream.score[served.row]).all()
    assert list(served.changes) == sorted(set(served.changes))
    assert sum(s.n_requests for s in served.segments()) == stream.n_requests


def starts(stream: Stream, scenarios: list[Scenario]) -> list[int]:
    """Where each change is: in a very short stream it may be at the start."""
    return [round(getattr(s, "at", 0.5) * stream.n_requests) for s in scenarios]


@given(streams(), blocks, seeds)
def test_blocks_change_the_order_and_nothing_else(stream: Stream, one: Blocks, seed: int) -> None:
    served = serve(stream, seed=seed, scenarios=[one])
    np.testing.assert_array_equal(served.score, stream.score[served.row])
    np.testing.assert_array_equal(served.cost, stream.cost[served.row])
    breaks = int((np.diff(served.row) != 1).sum())
    assert one.length is not None
    assert breaks <= (stream.n_requests - 1) // one.length


def decision(model: int) -> Decision:
    nothing = np.zeros(3)
    return Decision(
        model=model, asked=(model,), explored=False, propensity=1.0, queue=0.0, p_sat=nothing,
        cost=nothing,
    )  # fmt: skip


@given(seeds, shares, shares, shares, st.lists(shares, min_size=3, max_size=3), st.integers(0, 2))
def test_who_is_audited_does_not_depend_on_what_was_done(
    seed: int, share: float, audits: float, sensitivity: float, score: list[float], model: int
) -> None:
    judge = Judge(sensitivity=sensitivity, false_accept=0.1, share=share)
    feedback = Feedback(share=share, dissatisfied_share=0.0, audits=audits, judge=judge)

    def audited(model: int, score: list[float]) -> list[bool]:
        return [
            any(c.verdict.source == "audit" for c in feedback.verdicts(
                decision(model), model, np.array(score), luck
            ))
            for luck in feedback.luck(Randomness.of(seed), 30)
        ]  # fmt: skip

    assert audited(model, score) == audited(0, [0.0, 0.0, 0.0])


@given(seeds, shares, st.lists(shares, min_size=3, max_size=3), st.integers(0, 2))
def test_with_equal_shares_it_does_not_matter_who_is_satisfied(
    seed: int, share: float, score: list[float], model: int
) -> None:
    plain = Feedback(share=share)
    for luck in plain.luck(Randomness.of(seed), 30):
        found = list(plain.verdicts(decision(model), model, np.array(score), luck))
        assert len(found) == (luck.user < share)


@given(seeds, shares, shares)
def test_who_answers_more_often_answers_at_least_where_he_did(
    seed: int, one: float, other: float
) -> None:
    few, many = sorted((one, other))
    score = np.array([1.0, 0.0, 0.5])
    for luck in Feedback().luck(Randomness.of(seed), 30):
        said = [
            len(list(Feedback(satisfied_share=s, dissatisfied_share=0.0).verdicts(
                decision(0), 0, score, luck
            )))
            for s in (few, many)
        ]  # fmt: skip
        assert said[0] <= said[1]
