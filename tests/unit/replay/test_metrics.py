"""Figures of a run, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from messplus.core.types import Floats
from messplus.replay.metrics import Metrics, curves, first_compliance, measure, running_mean
from messplus.replay.run import Trace
from messplus.replay.streams import Stream

MODELS = ("small", "large")


def stream(n: int, alpha: float) -> Stream:
    return Stream(
        data="d", task="t", alpha=alpha, models=MODELS, cost_unit="usd",
        score=np.zeros((n, 2)), cost=np.zeros((n, 2)), features=np.zeros((n, 1)),
    )  # fmt: skip


def trace(
    satisfied: Floats | list[float], model: list[int] | None = None, explored: int = 0
) -> Trace:
    n = len(satisfied)
    return Trace(
        row=np.arange(n),
        model=np.array(model or [0] * n),
        explored=np.arange(n) < explored,
        satisfied=np.asarray(satisfied, dtype=float),
        cost=np.arange(1.0, n + 1.0),
        queue=np.zeros(n),
        p_sat=np.zeros((n, 2)),
        cost_feedback=np.zeros(n),
        by_user=np.arange(n) % 2 == 0,
        by_audit=np.arange(n) < 1,
        by_judge=np.zeros(n, dtype=np.bool_),
    )


def measured(satisfied: Floats | list[float], alpha: float = 0.5) -> Metrics:
    return measure(stream(len(satisfied), alpha), trace(satisfied))


def test_costs_of_exploring_and_serving_add_up() -> None:
    figures = measure(stream(4, 0.5), trace([1, 0, 1, 0], explored=2))
    assert figures.cost_exploration == 1 + 2
    assert figures.cost_serving == 3 + 4
    assert figures.cost_total == 10
    assert figures.cost_mean == 2.5
    assert figures.explored_requests == 2
    assert figures.feedback_used == 2


def test_late_is_after_the_first_fifth() -> None:
    figures = measured([1, 1, 0, 0, 0, 1, 0, 1, 0, 1])
    assert figures.satisfaction_late == 3 / 8
    assert figures.cost_mean_late == (3 + 10) / 2
    assert measured([1]).satisfaction_late == 1.0


def test_opinions_of_a_judge_are_part_of_what_a_run_costs() -> None:
    run = replace(trace([1, 0, 1, 0]), cost_feedback=np.array([0.5, 0.0, 0.5, 0.0]))
    figures = measure(stream(4, 0.5), run)
    assert figures.cost_feedback == 1.0
    assert figures.cost_total == figures.cost_serving + 1.0 == 11.0
    assert figures.cost_mean == 11.0 / 4
    assert curves(stream(4, 0.5), run).cost.tolist() == [1.5, 3.5, 7.0, 11.0]


def test_verdicts_are_counted_by_who_gave_them() -> None:
    figures = measured([1, 0, 1, 0])
    assert (figures.feedback_used, figures.audits_used, figures.judge_used) == (2, 1, 0)


@pytest.mark.parametrize(
    ("satisfied", "window", "windows", "violated"),
    [
        ([1, 0, 0, 0, 1, 1], 2, 3, 1 / 3),  # 1/2, 0, 1 at alpha 1/2
        ([1, 0, 0, 0, 1, 1, 0], 2, 3, 1 / 3),  # what is left over is no window
        ([1, 0, 0, 0, 1, 1], 3, 2, 1 / 2),
        ([0, 0], 3, 0, None),
        ([0, 0], 2, 1, 1.0),
    ],
)
def test_contract_windows(
    satisfied: list[float], window: int, windows: int, violated: float | None
) -> None:
    figures = measure(stream(len(satisfied), 0.5), trace(satisfied), window=window)
    assert figures.windows == windows
    assert figures.windows_violated == violated


def test_rounding_breaks_no_window() -> None:
    fractions = [0.1] * 3  # their sum is not .3
    assert measure(stream(3, 0.1), trace(fractions), window=3).windows_violated == 0.0
    assert measured([1, 1]).windows == 0  # a window has 500 requests unless told otherwise


def test_what_the_policy_believes_is_its_own_affair() -> None:
    assert measured([1, 1]).satisfaction_believed is None
    told = measure(stream(2, 0.5), replace(trace([1, 1]), believed=0.25))
    assert told.satisfaction_believed == 0.25


def test_calls_are_the_shares_of_delivered_answers() -> None:
    figures = measure(stream(4, 0.5), trace([1, 1, 1, 1], model=[0, 1, 1, 1]))
    assert figures.calls == {"small": 0.25, "large": 0.75}


@pytest.mark.parametrize(
    ("satisfied", "request_number"),
    [
        ([1, 1, 0, 1], 1),  # 1, 1, 2/3, 3/4: never below 1/2
        ([0, 1, 1, 1], 2),  # 0, 1/2, ...
        ([1, 0, 0, 1, 1], 4),  # 1, 1/2, 1/3, 1/2, 3/5
        ([1, 1, 0, 0, 0], None),  # ends at 2/5
    ],
)
def test_first_compliance(satisfied: list[float], request_number: int | None) -> None:
    assert first_compliance(running_mean(np.array(satisfied, dtype=float)), 0.5) == request_number


def test_the_queue_is_that_of_equation_2_whatever_the_policy_thought() -> None:
    figures = measured([0, 0, 1, 1, 0])  # queue .5, 1, .5, 0, .5
    assert figures.queue_final == 0.5
    assert figures.queue_mean == pytest.approx(0.5)


def test_shortfalls_are_counted_from_request_200_on() -> None:
    satisfied = np.ones(400)
    satisfied[:100] = 0.0  # running mean 1/2 at request 200, 3/4 at the end
    figures = measured(satisfied, alpha=0.6)
    assert figures.shortfall_final == 0.0
    assert figures.shortfall_worst == pytest.approx(0.1)
    # 1 - 100 / t < .59 up to t = 243: requests 200 to 243 of 200 to 400.
    assert figures.share_below_1pp == pytest.approx(44 / 201)
    assert figures.first_compliance == 250


def test_a_stream_shorter_than_the_burn_in_is_judged_by_its_end() -> None:
    figures = measured([0, 0, 0, 1], alpha=0.5)
    assert figures.shortfall_worst == pytest.approx(0.25)
    assert figures.share_below_1pp == 1.0
    assert figures.shortfall_final == pytest.approx(0.25)


def test_shortfall_worst_is_negative_if_the_promise_was_always_kept() -> None:
    assert measured([1] * 300, alpha=0.9).shortfall_worst == pytest.approx(-0.1)


def test_curves_end_where_the_run_ends_and_stay_small() -> None:
    n = 5000
    satisfied = np.random.default_rng(0).integers(0, 2, n).astype(float)
    run = trace(satisfied, model=[t % 2 for t in range(n)])
    drawn = curves(stream(n, 0.5), run)
    assert len(drawn.t) <= 400
    assert drawn.t[0] == 1
    assert drawn.t[-1] == n
    assert drawn.satisfaction[-1] == pytest.approx(satisfied.mean())
    assert drawn.cost[-1] == pytest.approx(run.cost.sum())
    np.testing.assert_allclose(drawn.model_share.sum(axis=1), 1.0)
    assert drawn.model_share[0].tolist() == [1.0, 0.0]
