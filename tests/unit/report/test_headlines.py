"""What a reader is told of how a replay was made."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from messplus.replay.feedback import Judge
from messplus.replay.results import Results, Run
from messplus.report.headlines import facts


def told(run: Run, **cell: object) -> dict[str, str]:
    changed = replace(run, cell=replace(run.cell, **cell))  # type: ignore[arg-type]
    results = Results(runs=(changed,), references=())
    return {fact.name: fact.value for fact in facts(results, [])}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ({}, "on 50 % of requests, 3 requests late"),
        ({"feedback_delay": 0}, "on 50 % of requests, at once"),
        (
            {"feedback_satisfied": 0.3, "feedback_dissatisfied": 0.05, "feedback_delay": 0},
            "from 30 % of satisfied and 5 % of other users, at once",
        ),
        (
            {"feedback_dissatisfied": 0.05, "feedback_delay": 0},
            "from 50 % of satisfied and 5 % of other users, at once",
        ),
        (
            {"audits": 0.02, "audit_delay": 9},
            "on 50 % of requests, 3 requests late; audits of 2.0 %, 9 requests late",
        ),
        (
            {"judge": Judge(sensitivity=0.9, false_accept=0.2)},
            (
                "on 50 % of requests, 3 requests late; a judge of 100 % who accepts 90 % of what "
                "satisfies and 20 % of the rest"
            ),
        ),
    ],
)
def test_feedback_in_words(run: Callable[..., Run], cell: dict[str, object], shown: str) -> None:
    assert told(run(), **cell)["Feedback"] == shown


def test_a_scenario_is_told_where_there_is_one(run: Callable[..., Run]) -> None:
    assert "Scenario" not in told(run())
    shown = told(run(), scenarios=("worsen:small", "join:large"))["Scenario"]
    assert shown.startswith("worsen:small, join:large (reference lines keep α before and after")
