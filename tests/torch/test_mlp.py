"""The paper's head: it learns, from all verdicts or one, and nothing but the seed decides how."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the torch extra")

import torch
from torch import nn

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.predictors import predictor_from_spec
from messplus.predictors.mlp import HeadState, TorchHead

pytestmark = pytest.mark.torch

BOTH = np.array([True, True])


def _stream(n: int, seed: int) -> tuple[Floats, Floats]:
    """Model 0 satisfies the requests with x_0 > 0, model 1 the others."""
    x = np.random.default_rng(seed).normal(size=(n, 4))
    return x, np.stack([x[:, 0] > 0.0, x[:, 0] <= 0.0], axis=1).astype(float)


def _accuracy(mlp: TorchHead, state: HeadState) -> Floats:
    """Share of right predictions per model on requests that were not learned from."""
    x, s = _stream(200, seed=99)
    predicted = np.array([mlp.predict(state, row) for row in x]) > 0.5
    share: Floats = (predicted == (s > 0.5)).mean(axis=0)
    return share


def _learned(mlp: TorchHead, n: int, observed: np.ndarray | None = None) -> HeadState:
    state = mlp.init(2, 4)
    for t, (row, s) in enumerate(zip(*_stream(n, seed=1), strict=True)):
        seen = BOTH if observed is None else np.arange(2) == observed[t]
        # What is not observed is NaN: it must not be read.
        state = mlp.update(state, row, np.where(seen, s, np.nan), seen)
    return state


def test_it_learns_a_separable_problem_one_request_at_a_time() -> None:
    mlp = TorchHead(hidden=32, lr=0.01)
    assert (_accuracy(mlp, _learned(mlp, 600)) > 0.9).all()


def test_it_learns_from_one_verdict_per_request() -> None:
    mlp = TorchHead(hidden=32, lr=0.01)
    asked = np.random.default_rng(2).integers(2, size=1200)
    assert (_accuracy(mlp, _learned(mlp, 1200, asked)) > 0.9).all()


def test_a_model_that_was_not_observed_keeps_its_head() -> None:
    mlp = TorchHead(hidden=8, lr=0.01, weight_decay=0.0)
    state = mlp.init(2, 4)
    before = state.network[3].weight.detach().clone()
    mlp.update(state, np.ones(4), np.array([1.0, np.nan]), np.array([True, False]))
    after = state.network[3].weight.detach()
    assert torch.equal(before[1], after[1])
    assert not torch.equal(before[0], after[0])


def test_nothing_observed_changes_nothing() -> None:
    mlp = TorchHead(hidden=8)
    state = _learned(mlp, 5)  # momentum and weight decay would move the weights
    before = mlp.predict(state, np.ones(4))
    state = mlp.update(state, np.ones(4), np.full(2, np.nan), ~BOTH)
    assert (mlp.predict(state, np.ones(4)) == before).all()


def test_steps_are_those_of_the_paper() -> None:
    """BCE averaged over models, gradient clipped, weight decay and momentum added, times the rate."""
    head = TorchHead(hidden=8, dropout=0.0, lr=0.1, weight_decay=0.01, clip=0.5)
    requests = [
        (np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 0.0])),
        (np.array([1.5, 0.0, -2.0, 1.0]), np.array([0.0, 0.0])),
        (np.array([0.0, 1.0, 1.0, -1.0]), np.array([1.0, 0.5])),
    ]
    state = head.init(2, 4)
    weights = [p.detach().clone() for p in state.network.parameters()]
    speeds = [torch.zeros_like(w) for w in weights]
    norms = []
    for x, s in requests:
        w1, b1, gain, shift, w2, b2 = leaves = [w.clone().requires_grad_() for w in weights]
        hidden = torch.as_tensor(x, dtype=torch.float32) @ w1.T + b1
        scaled = (hidden - hidden.mean()) / (hidden.var(unbiased=False) + 1e-5).sqrt()
        p = torch.sigmoid(torch.relu(scaled * gain + shift) @ w2.T + b2)
        y = torch.as_tensor(s, dtype=torch.float32)
        loss = -(y * torch.log(p) + (1.0 - y) * torch.log(1.0 - p)).sum() / 2.0
        gradients = torch.autograd.grad(loss, leaves)
        norms.append(float(sum((g**2).sum() for g in gradients)) ** 0.5)
        shrunk = min(1.0, head.clip / norms[-1])
        steps = zip(speeds, gradients, weights, strict=True)
        speeds = [head.momentum * v + g * shrunk + head.weight_decay * w for v, g, w in steps]
        weights = [w - head.lr * v for w, v in zip(weights, speeds, strict=True)]
        state = head.update(state, x, s, BOTH)
    assert max(norms) > head.clip  # so that clipping is part of what is tested
    for got, want in zip(state.network.parameters(), weights, strict=True):
        torch.testing.assert_close(got, want)


def test_prediction_is_within_zero_and_one_and_draws_nothing() -> None:
    mlp = TorchHead(hidden=8, dropout=0.5)
    state = _learned(mlp, 20)
    one, other = mlp.predict(state, np.ones(4)), mlp.predict(state, np.ones(4))
    assert (one == other).all()
    assert one.dtype == np.float64
    assert ((one >= 0.0) & (one <= 1.0)).all()


def test_the_seed_decides_and_nothing_else() -> None:
    def after(seed: int) -> Floats:
        mlp = TorchHead(hidden=8, seed=seed)
        return mlp.predict(_learned(mlp, 20), np.ones(4))

    torch.manual_seed(1)
    first = after(seed=3)
    torch.manual_seed(2)
    assert (after(seed=3) == first).all()
    assert (after(seed=4) != first).any()


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    _learned(TorchHead(hidden=8), 5)
    assert torch.equal(before, torch.get_rng_state())


def test_more_steps_learn_more_from_one_request() -> None:
    x, s = np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 0.0])
    moved = []
    for steps in (1, 5):
        mlp = TorchHead(hidden=8, lr=0.01, dropout=0.0, steps=steps)
        moved.append(mlp.predict(mlp.update(mlp.init(2, 4), x, s, BOTH), x))
    assert moved[1][0] > moved[0][0]
    assert moved[1][1] < moved[0][1]


def test_before_any_verdict_no_model_is_preferred() -> None:
    head = TorchHead(hidden=8)
    assert (head.predict(head.init(3, 4), np.ones(4)) == 0.5).all()


def test_the_network_is_the_papers() -> None:
    network = TorchHead().init(3, 768).network
    assert [type(layer) for layer in network] == [nn.Linear, nn.LayerNorm, nn.ReLU, nn.Linear]
    assert [tuple(p.shape) for p in network.parameters()] == [
        (768, 768),
        (768,),
        (768,),
        (768,),
        (3, 768),
        (3,),
    ]


def test_a_spec_names_it() -> None:
    assert predictor_from_spec("mlp:lr=0.05,clip=1") == TorchHead(lr=0.05, clip=1.0)


@pytest.mark.parametrize(
    "setting",
    [{"lr": 0.0}, {"momentum": 1.0}, {"weight_decay": -1.0}, {"dropout": 1.0}, {"clip": 0.0}],
)
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=next(iter(setting))):
        TorchHead(**setting)  # type: ignore[arg-type]  # hidden, steps and seed are not among them


def test_features_that_must_not_be_written_to_are_only_read() -> None:
    # A parallel replay hands out its streams as read-only memory maps; warnings are errors here.
    mlp = TorchHead(hidden=8)
    x, satisfied = np.ones(4), np.ones(2)
    x.flags.writeable = satisfied.flags.writeable = False
    state = mlp.update(mlp.init(2, 4), x, satisfied, BOTH)
    assert (mlp.predict(state, x) > 0.5).all()
