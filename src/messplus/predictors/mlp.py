"""The paper's predictor head, trained online: one hidden layer over a frozen encoder (App. B).

Dropout 0.1, Linear(d -> 768), LayerNorm, ReLU, dropout 0.1, Linear(768 -> M), sigmoid; binary cross
entropy, SGD with momentum, weight decay in place of the paper's (mu / 2) ||z||^2. Departures:

- The loss averages over the models that were *observed*, so one verdict is enough to learn from.
- A step is taken per request, as in Algorithm 1, not per batch of 32 to 128. The learning rate that
  suits such steps is far smaller than the paper's, and its clip of the gradient's norm at 1 would
  cut large surprises down to the size of small ones: one request's gradient has a norm of about 5.
  Probabilities then come out too near 0 and 1. The defaults are measured (docs/decisions/0003-encoders.md); the paper's own
  are `lr=0.05, clip=1`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from messplus.core.types import Bools, Floats
from messplus.errors import require_range


@dataclass(frozen=True, slots=True)
class HeadState:
    """What was learned; `TorchHead.update` changes it in place."""

    network: nn.Sequential  # Linear, LayerNorm, ReLU, Linear: d -> M logits
    optimizer: torch.optim.SGD  # holds the momentum
    generator: torch.Generator  # draws the dropout masks


@dataclass(frozen=True, slots=True)
class TorchHead:
    """Online multi-label classifier; implements `messplus.core.types.Predictor`.

    Attributes:
        hidden: Width of the hidden layer.
        lr: Learning rate, > 0; the paper's sweep chose 0.027 to 0.083, for batches.
        momentum: Of SGD, in [0, 1); the paper has 0.90 and 0.95.
        weight_decay: Of SGD, on all weights, >= 0.
        dropout: Share of inputs, and of hidden units, left out of a training step, in [0, 1).
        clip: Largest norm of the gradient, > 0; the default is a guard that does not bind.
        steps: SGD steps per update. The paper takes one; its code repeats a sample up to 5 times.
        seed: Draws the initial weights and the dropout masks.
    """

    hidden: int = 768
    lr: float = 2e-4
    momentum: float = 0.9
    weight_decay: float = 0.01
    dropout: float = 0.1
    clip: float = 100.0
    steps: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("hidden", self.hidden, "at least 1", ok=self.hidden >= 1)
        require_range("lr", self.lr, "above 0", ok=self.lr > 0)
        require_range("momentum", self.momentum, "in [0, 1)", ok=0 <= self.momentum < 1)
        require_range("weight_decay", self.weight_decay, "at least 0", ok=self.weight_decay >= 0)
        require_range("dropout", self.dropout, "in [0, 1)", ok=0 <= self.dropout < 1)
        require_range("clip", self.clip, "above 0", ok=self.clip > 0)
        require_range("steps", self.steps, "at least 1", ok=self.steps >= 1)

    def init(self, n_models: int, n_features: int) -> HeadState:
        """Fresh weights, drawn from `seed` alone, that give every model 1/2.

        The global generator is as it was before.
        """
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed)
            network = nn.Sequential(
                nn.Linear(n_features, self.hidden),
                nn.LayerNorm(self.hidden),
                nn.ReLU(),
                nn.Linear(self.hidden, n_models),
            )
            # Random weights here would prefer some model before the first verdict.
            nn.init.zeros_(network[3].weight)
            nn.init.zeros_(network[3].bias)
        optimizer = torch.optim.SGD(
            network.parameters(),
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )
        return HeadState(network, optimizer, torch.Generator().manual_seed(self.seed))

    def predict(self, state: HeadState, x: Floats) -> Floats:
        """P(satisfied) per model, shape (M,); without dropout."""
        with torch.no_grad():
            logits = state.network(_tensor(x))
            return np.asarray(torch.sigmoid(logits).numpy(), dtype=np.float64)

    def update(self, state: HeadState, x: Floats, satisfied: Floats, observed: Bools) -> HeadState:
        """Take `steps` SGD steps on the observed verdicts; none if nothing was observed."""
        models = np.flatnonzero(observed)
        if not len(models):
            return state
        inputs, labels = _tensor(x), _tensor(satisfied[models])
        body, head = state.network[:3], state.network[3]
        for _ in range(self.steps):
            hidden = self._dropped(body(self._dropped(inputs, state.generator)), state.generator)
            loss = nn.functional.binary_cross_entropy_with_logits(head(hidden)[models], labels)
            state.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(state.network.parameters(), self.clip)
            state.optimizer.step()
        return state

    def _dropped(self, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Dropout by hand: `nn.Dropout` would draw from the global generator."""
        kept = torch.empty_like(values).bernoulli_(1.0 - self.dropout, generator=generator)
        return values * kept / (1.0 - self.dropout)


def _tensor(values: Floats) -> torch.Tensor:
    """A copy in single precision: torch warns of arrays that must not be written to."""
    return torch.from_numpy(values.astype(np.float32))
