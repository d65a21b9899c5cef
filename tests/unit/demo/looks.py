"""Moments of a demo that was never run."""

from tests.unit.demo.recordings import recording

from messplus.demo.look import Look
from messplus.demo.route_state import RouteState
from messplus.demo.script import recorded_script
from messplus.demo.tally import OfModel, Tally
from messplus.demo.traffic import Answered
from messplus.demo.yardsticks import yardsticks

ALPHA = 0.7


def look(answered: int = 30, *, total: int = 40, failing: int = 0, alpha: float = ALPHA) -> Look:
    """Every second request went to the large model; the last `failing` got no answer.

    A demo of 40 at the end: 30 of 40 satisfied, at 110 µUSD each.
    """
    recorded = recording(total)
    script = recorded_script(recorded, requests=0, seed=0)
    outcomes = script.outcomes
    tally = Tally(yardsticks(outcomes, alpha), {name: OfModel() for name in outcomes.models})
    for row in range(answered):
        if row >= answered - failing:
            tally.add(Answered(row=row, error="HTTP 502: nobody there"))
            continue
        m = row % 2
        tally.add(
            Answered(
                row=row,
                model=outcomes.models[m],
                score=float(row % 4 > 0),
                cost_usd=float(outcomes.cost[row, m]),
                overhead_ms=float(row % 10),
            )
        )
    return Look(
        title="messplus demo",
        alpha=alpha,
        asked=script.questions,
        tally=tally,
        state=RouteState(answered, 2.5, 0.7, True, ()),
        latest=script.questions[answered - 1] if answered else None,
        elapsed_s=3.0,
    )
