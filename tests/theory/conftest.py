"""Simulations that several tests look at, each run once."""

import pytest
from tests.theory.simulate import ALPHA, TYPES, Runs, mess_plus, simulate

N_REQUESTS, N_RUNS = 2000, 20


@pytest.fixture(scope="package", params=[1.0, 5.0], ids=lambda v: f"V={v:g}")
def known_p(request: pytest.FixtureRequest) -> tuple[float, Runs]:
    """V, and MESS+ with c = .1 and a predictor that knows p on the stream of three types."""
    v = float(request.param)
    policy = mess_plus(ALPHA, v, c=0.1)
    return v, simulate(policy, TYPES.sample, TYPES.costs, N_REQUESTS, N_RUNS, seed=1)


@pytest.fixture(scope="package")
def wrong_p() -> tuple[float, Runs]:
    """V, and the same with a predictor that overrates the small and underrates the large model."""
    policy = mess_plus(ALPHA, 5.0, c=0.1, bias=(0.15, 0.0, -0.1))
    return 5.0, simulate(policy, TYPES.sample, TYPES.costs, N_REQUESTS, N_RUNS, seed=2)
