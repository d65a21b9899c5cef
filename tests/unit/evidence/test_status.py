"""One word and one sentence on a promise."""

import pytest

from messplus.evidence import Satisfaction, Status, verdict_on


def found(
    requests: int, judged: int, estimate: float | None, low: float, high: float
) -> Satisfaction:
    return Satisfaction(
        requests=requests,
        judged=judged,
        verdicts="user",
        estimate=estimate,
        low=None if estimate is None else low,
        high=None if estimate is None else high,
        level=0.95,
        realised=estimate,
        unknown_low=0.0,
        unknown_high=1.0,
    )


@pytest.mark.parametrize(
    ("satisfaction", "feasible", "status"),
    [
        (found(0, 0, None, 0, 1), True, "unknown"),
        (found(500, 0, None, 0, 1), True, "unknown"),
        (found(500, 29, 0.9, 0.85, 0.95), True, "unknown"),
        (found(20, 20, 0.9, 0.85, 0.95), True, "unknown"),
        (found(500, 100, 0.9, 0.81, 0.95), True, "certified"),
        (found(500, 100, 0.9, 0.80, 0.95), True, "certified"),
        (found(500, 100, 0.81, 0.75, 0.85), True, "on_course"),
        (found(500, 100, 0.795, 0.75, 0.85), True, "on_course"),
        (found(500, 100, 0.785, 0.75, 0.85), True, "behind"),
        (found(500, 500, 0.785, 0.75, 0.85), True, "behind"),
        (found(500, 100, 0.7, 0.65, 0.79), True, "broken"),
        (found(500, 100, 0.7, 0.65, 0.79), False, "infeasible"),
        (found(500, 100, 0.785, 0.75, 0.85), False, "infeasible"),
        (found(500, 100, 0.81, 0.75, 0.85), False, "on_course"),
    ],
)
def test_the_word(satisfaction: Satisfaction, feasible: bool, status: Status) -> None:
    assert verdict_on(0.8, satisfaction, feasible=feasible).status == status


def test_the_sentence_has_the_numbers() -> None:
    says = verdict_on(0.8, found(500, 100, 0.7, 0.65, 0.79)).says
    for number in ("70.0%", "80.0%", "95%", "65.0%", "79.0%"):
        assert number in says
