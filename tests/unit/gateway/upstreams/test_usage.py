from typing import Any

import pytest

from messplus.gateway.config.settings import Cost, Model
from messplus.gateway.upstreams import Usage, bill
from messplus.gateway.upstreams.usage import counted_usage, read_usage


def test_a_bill_charges_cached_tokens_at_their_own_price() -> None:
    cost = Cost(input_per_mtok=2.0, output_per_mtok=10.0, cached_input_per_mtok=0.5)
    model = Model(provider="p", cost=cost, energy_j_per_token=0.25)
    told = bill(model, Usage(1_000_000, 100_000, cached_tokens=400_000))
    assert told.cost_usd == pytest.approx(0.6 * 2.0 + 0.4 * 0.5 + 0.1 * 10.0)
    assert told.energy_j == 25_000.0


def test_without_a_price_of_their_own_cached_tokens_cost_as_the_others() -> None:
    model = Model(provider="p", cost=Cost(input_per_mtok=2.0))
    assert bill(model, Usage(1000, 0, cached_tokens=999)).cost_usd == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(3, 4)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(3, 0, 2)),
        ({"prompt_tokens": 3, "prompt_tokens_details": None}, Usage(3, 0)),
        ({"input_tokens": 3, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 1}},
         Usage(3, 4, 1)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(3, 0, 3)),
        ({"prompt_tokens": -3, "completion_tokens": True}, None),
        ({"prompt_tokens": "3"}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)  # fmt: skip
def test_usage_is_read_from_what_upstreams_say(said: Any, usage: Usage | None) -> None:  # noqa: ANN401
    assert read_usage({"usage": said}) == usage
    assert read_usage({"response": {"usage": said}}) == usage


def test_what_is_not_told_is_counted() -> None:
    assert counted_usage(7, 9) == Usage(7, 3, counted=True)
