"""The knob is set where alpha is reached on requests that were not trained on."""

from dataclasses import dataclass

import numpy as np
import pytest

from messplus.core.types import Draws, Floats, Request
from messplus.replay.baselines.frozen import (
    Freeze,
    Frozen,
    Models,
    Router,
    Setting,
    stand_in,
)
from messplus.replay.baselines.knn import Neighbours
from messplus.replay.baselines.priced import Priced
from messplus.replay.baselines.trained import Past


@dataclass(frozen=True)
class Ladder:
    """Knob k: the dear model for requests whose feature is below k, the cheap one else."""

    knobs: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0)

    def train(self, past: Past, rng: np.random.Generator) -> Router:
        return self

    def choose(self, features: Floats, knobs: Floats) -> Models:
        return (features[:, :1] < knobs[None, :]).astype(np.intp)


def past_of(n: int = 40) -> Past:
    """Cheap is never right, dear always; features 0, 1, 2, 3 in turn."""
    return Past(
        features=(np.arange(n) % 4).astype(float)[:, None],
        score=np.tile((0.0, 1.0), (n, 1)),
        cost=np.tile((1.0, 5.0), (n, 1)),
    )


def setting_for(alpha: float, trainer: Ladder) -> Setting:
    frozen = Freeze(alpha=alpha, trainer=trainer).graduate(past_of(), np.random.default_rng(0))
    return frozen.setting


@pytest.mark.parametrize(
    ("alpha", "setting"),
    [
        (0.5, (1.0, 2.0, 0.0)),  # knob 2 is right on exactly half: all of the requests get it
        (0.6, (2.0, 3.0, 0.6)),  # 2 gives .5, 3 gives .75: 60 % of 2 is .6
        (1.0, (3.0, 4.0, 0.0)),
    ],
)
def test_alpha_is_met_exactly_between_two_settings(
    alpha: float, setting: tuple[float, float, float]
) -> None:
    found = setting_for(alpha, Ladder())
    np.testing.assert_allclose(found, setting, atol=1e-12)


def test_a_knob_that_is_not_there_is_not_turned() -> None:
    assert setting_for(0.9, Ladder((2.0,))) == (2.0, 2.0, 1.0)


def test_the_first_setting_does_where_it_is_enough() -> None:
    found = setting_for(0.2, Ladder((1.0, 2.0)))
    assert found == (1.0, 1.0, 1.0)


def test_out_of_reach_the_setting_that_satisfies_most_is_taken() -> None:
    found = setting_for(0.9, Ladder((0.0, 1.0, 2.0)))
    assert found == (2.0, 2.0, 1.0)


def test_the_mix_is_drawn_in_its_shares_and_says_how_probable_it_was() -> None:
    router = Frozen(Ladder(), Setting(0.0, 4.0, 0.25))
    request = Request(features=np.array([1.0]))
    for draw in np.linspace(0.0, 0.99, 12).tolist():
        decision, _ = router.decide(2, request, Draws(0.0, draw))
        assert decision.model == (0 if draw < 0.25 else 1)
        assert decision.propensity == (0.25 if draw < 0.25 else 0.75)
    agreed, _ = Frozen(Ladder(), Setting(2.0, 4.0, 0.25)).decide(2, request, Draws(0.0, 0.9))
    assert agreed.propensity == 1.0


def test_a_ladder_of_promises_costs_one_training() -> None:
    trained = []

    @dataclass(frozen=True)
    class Counted(Ladder):
        def train(self, past: Past, rng: np.random.Generator) -> Router:
            trained.append(len(past))
            return self

    for alpha in (0.3, 0.6, 0.9):
        Freeze(alpha=alpha, trainer=Counted()).graduate(past_of(), np.random.default_rng(8))
    assert trained == [32] * 5 + [40]
    Freeze(alpha=0.3, trainer=Counted()).graduate(past_of(44), np.random.default_rng(8))
    Freeze(alpha=0.3, trainer=Counted()).graduate(past_of(), np.random.default_rng(9))
    assert len(trained) == 18


def test_a_stand_in_is_the_next_dearer_model() -> None:
    there = np.array([True, False, True, False])
    assert [stand_in(m, there) for m in range(4)] == [0, 2, 2, 2]


def test_calibration_does_not_believe_what_was_learned_by_heart() -> None:
    """Random verdicts: the nearest neighbour of a training request is itself, and knows its verdict.

    Taken at its word it is right on .86 with .56 dear calls, so a fifth would do for .5. Cross-fitting
    sees that nothing was learned: from .3 to .5 it takes 40 % of a model that is right on .8.
    """
    rng = np.random.default_rng(0)
    n = 600
    past = Past(
        features=rng.normal(size=(n, 3)),
        score=(rng.random((n, 2)) < (0.3, 0.8)).astype(float),
        cost=np.tile((1.0, 10.0), (n, 1)),
    )
    policy = Freeze(alpha=0.5, trainer=Priced(Neighbours(k=1))).graduate(past, rng)
    fresh = rng.normal(size=(1000, 3))
    at = policy.router.choose(fresh, np.array([policy.setting.low, policy.setting.high]))
    share = policy.setting.share
    dear = share * (at[:, 0] == 1).mean() + (1 - share) * (at[:, 1] == 1).mean()
    assert abs(dear - 0.4) < 0.1  # 600 requests: the share needed has sd .04
