"""What equation (2) alone promises, on any outcomes; and how its steps compose."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.strategies import alphas, queues, streams, verdicts

from messplus.core.bounds import pathwise_shortfall
from messplus.core.queue import QueueStep, merge, path, step
from messplus.core.types import Floats

# Queues of up to 1e4 are sums of up to 200 terms: absolute rounding of some 1e-10 at most.
ROUNDING = 1e-9

any_step = st.builds(QueueStep, st.floats(-100, 100), st.floats(0, 100))


def stepped(alpha: float, satisfied: Floats, queue: float = 0.0) -> list[float]:
    """The queue after each request, by equation (2) as it is written."""
    after = []
    for s in satisfied:
        queue = max(0.0, queue + alpha - float(s))
        after.append(queue)
    return after


@given(alphas, queues, verdicts)
def test_the_queue_is_never_negative_and_grows_by_at_most_alpha(
    alpha: float, queue: float, verdict: float
) -> None:
    after = step(alpha, verdict)(queue)
    assert 0.0 <= after <= queue + alpha


@given(alphas, streams)
def test_on_any_outcomes_satisfaction_is_at_least_alpha_minus_queue_over_t(
    alpha: float, satisfied: Floats
) -> None:
    mean = np.cumsum(satisfied) / np.arange(1, len(satisfied) + 1)
    shortfall = pathwise_shortfall(path(alpha, satisfied))
    assert np.all(mean >= alpha - shortfall - ROUNDING)


@given(alphas, st.integers(1, 200))
def test_the_pathwise_bound_is_tight_where_nothing_is_forgiven(alpha: float, n: int) -> None:
    shortfall = pathwise_shortfall(path(alpha, np.zeros(n)))
    assert shortfall == pytest.approx(np.full(n, alpha))


@given(alphas, streams)
def test_the_path_is_equation_2_step_by_step(alpha: float, satisfied: Floats) -> None:
    assert path(alpha, satisfied) == pytest.approx(stepped(alpha, satisfied), abs=ROUNDING)


@given(any_step, any_step, any_step, queues)
def test_steps_are_associative(
    first: QueueStep, second: QueueStep, third: QueueStep, queue: float
) -> None:
    left = first.then(second).then(third)
    right = first.then(second.then(third))
    assert left(queue) == pytest.approx(right(queue), abs=ROUNDING)


@given(any_step, queues)
def test_the_default_step_is_the_identity(one: QueueStep, queue: float) -> None:
    assert QueueStep().then(one)(queue) == one(queue) == one.then(QueueStep())(queue)


@given(any_step, any_step, queues)
def test_two_steps_as_one_are_one_after_the_other(
    first: QueueStep, second: QueueStep, queue: float
) -> None:
    assert first.then(second)(queue) == pytest.approx(second(first(queue)), abs=ROUNDING)


@given(alphas, streams, queues, st.data())
def test_any_split_into_batches_gives_the_queue_of_the_whole_stream(
    alpha: float, satisfied: Floats, queue: float, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(satisfied)), max_size=5)))
    batches = [merge(step(alpha, float(s)) for s in batch) for batch in np.split(satisfied, cuts)]
    after = reduce(lambda q, batch: batch(q), batches, queue)
    assert after == pytest.approx(stepped(alpha, satisfied, queue)[-1], abs=ROUNDING)
    assert merge(batches)(queue) == pytest.approx(after, abs=ROUNDING)
