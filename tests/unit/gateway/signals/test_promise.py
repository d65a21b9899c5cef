"""With each kind of signal the account knows the truth, and the promise is kept: a whole route, simulated.

The tolerances follow from how much is ever known: of 20 % thumbs and 5 % or 3 % audits among 5,000
answers the standard error is about 1, 2.5 and 3 points per run.
"""

import numpy as np
import pytest
from tests.unit.gateway.signals.world import ALPHA, World, run

SEEDS = (1, 2, 3)


@pytest.mark.parametrize(
    ("world", "tolerance"),
    [
        pytest.param(World(check="failure", happy=0.2, unhappy=0.2), 0.02, id="check and thumbs"),
        pytest.param(World(check="always"), 0.005, id="check that decides"),
        pytest.param(World(judged=0.3, audits=0.03), 0.04, id="judge and audits"),
        pytest.param(
            World(judged=0.05, trust="audit", sensitivity=1.0, specificity=1.0), 0.035,
            id="judge as audit",
        ),
    ],
)  # fmt: skip
def test_what_is_believed_is_true_and_the_promise_is_kept(world: World, tolerance: float) -> None:
    true, believed, *_ = np.array([run(world, seed) for seed in SEEDS]).mean(axis=0)
    assert abs(believed - true) < tolerance
    assert true > ALPHA - tolerance


def test_failures_taken_for_thumbs_would_be_believed_too_much() -> None:
    right, wrong = (
        run(World(check=check, happy=0.2, unhappy=0.2), 1) for check in ("failure", "user")
    )
    assert wrong.believed - wrong.true < -0.03
    assert wrong.cost > 1.2 * right.cost


def test_a_model_that_breaks_is_found_out_by_its_failures_before_users_say_so() -> None:
    with_check, without = (
        np.mean(
            [
                run(World(check=check, happy=0.05, unhappy=0.05, breaks=True), seed).broken
                for seed in SEEDS
            ]
        )
        for check in ("failure", None)
    )
    assert with_check < 0.7 * without
