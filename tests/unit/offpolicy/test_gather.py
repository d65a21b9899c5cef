"""From events to arrays."""

import numpy as np
import pytest
from tests.unit.stores.samples import decided, feedback, outcome

from messplus.errors import DataError
from messplus.offpolicy import gather
from messplus.records import Event

BOTH = np.array([True, True])


def free(name: str, **changes: object) -> Event:
    """A decision with a choice."""
    return decided(name, available=BOTH, **changes)


def test_a_decision_becomes_a_row() -> None:
    log = gather(
        [free("a", propensity=0.25), outcome("a", cost=0.5), feedback("a", value=0.75)],
    )
    assert log.models == ("small", "large")
    assert log.chosen.tolist() == [0]
    assert log.propensity.tolist() == [0.25]
    assert log.p_sat.tolist() == [[0.4, 0.9]]
    assert log.cost.tolist() == [[1e-6, 1e-3]]
    assert log.satisfied.tolist() == [0.75]
    assert log.spent.tolist() == [0.5]
    assert log.verdicts == "user"


def test_what_is_not_known_is_nan() -> None:
    log = gather([free("a")])
    assert np.isnan([*log.satisfied, *log.spent]).all()
    assert log.verdicts == "none"


def test_a_decision_without_a_choice_is_left_out() -> None:
    log = gather([free("a"), decided("b"), outcome("b")])
    assert (len(log), log.forced) == (1, 1)


def test_calls_in_place_of_a_failed_one_belong_to_the_choice() -> None:
    """What was asked only to learn does not."""
    log = gather(
        [
            free("a", asked=("small", "large")),
            outcome("a", cost=0.25),
            outcome("a", model="large", cost=4.0),
            free("b"),
            outcome("b", cost=0.25, error="down"),
            outcome("b", model="large", cost=4.0),
        ]
    )
    assert log.spent.tolist() == [0.25, 4.25]
    assert np.isnan(log.satisfied).all()


def test_a_call_that_failed_satisfied_nobody() -> None:
    log = gather([free("a"), outcome("a", cost=0.0, error="down")])
    assert (log.satisfied.tolist(), log.certain.tolist()) == ([0.0], [True])


def test_audits_count_before_users_and_users_before_judges() -> None:
    events = [free("a"), feedback("a", "1", value=0.25, source="judge")]
    assert gather(events).satisfied.tolist() == [0.25]
    events.append(feedback("a", "2", value=0.5))
    assert gather(events).satisfied.tolist() == [0.5]
    events += [feedback("a", "3", value=0.75, source="audit"), free("b"), feedback("b", "4")]
    log = gather(events)
    assert log.verdicts == "audit"
    assert log.satisfied.tolist() == pytest.approx([0.75, np.nan], nan_ok=True)
    assert gather(events, verdicts="judge").satisfied[0] == 0.25


def test_the_latest_word_counts() -> None:
    log = gather([free("a"), feedback("a", "1", value=0.0), feedback("a", "2", value=1.0)])
    assert log.satisfied.tolist() == [1.0]


def test_a_rule_is_certain() -> None:
    log = gather(
        [
            free("a"), feedback("a", "1", value=0.0, attributes={"by": "check:json"}),
            free("b"), feedback("b", "2", value=1.0),
        ]
    )  # fmt: skip
    assert log.certain.tolist() == [True, False]
    assert log.satisfied.tolist() == [0.0, 1.0]


def test_a_check_by_a_client_is_its_word() -> None:
    """Nobody knows which answers it looks at."""
    log = gather([free("a"), feedback("a", value=0.0, attributes={"by": "check"})])
    assert (log.certain.tolist(), log.verdicts) == ([False], "user")


def test_a_zoo_that_changed_has_all_its_models() -> None:
    new = free(
        "b", models=("large", "new"), model="new", asked=("new",),
        p_sat=np.array([0.5, 0.75]), cost=np.array([2.0, 3.0]),
    )  # fmt: skip
    log = gather([free("a"), new])
    assert log.models == ("large", "new", "small")
    assert log.available.tolist() == [[True, False, True], [True, True, False]]
    assert log.chosen.tolist() == [2, 1]
    assert log.p_sat[1].tolist() == pytest.approx([0.5, 0.75, np.nan], nan_ok=True)


def test_only_what_is_kept_counts() -> None:
    events = [free("a"), free("b", route="law"), outcome("b"), feedback("a")]
    log = gather(events, keep=lambda one: one.route == "law")
    assert (len(log), log.verdicts) == (1, "none")
    with pytest.raises(DataError, match="no decision of the log is kept"):
        gather(events, keep=lambda one: one.route == "maths")
