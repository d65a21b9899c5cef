"""How RouteLLM learns that one model beats another: two of the four ways of arXiv:2406.18665, section 4.

mf    Matrix factorisation. A model has an embedding v_M (of norm 1, as in the code), and its score on
      request q is delta(M, q) = w2 . (v_M * (W1 q + b)); s beats w with probability
      sigmoid(delta(s, q) - delta(w, q)). Trained on every pair of the zoo, as theirs is on every pair of the
      arena: W1, b and w2 are shared.
bert  A classifier on the encoding: sigmoid(w . q + b). Trained on the routed pair.

Ties: for `bert` a tie says that the weak model is good enough, as in its code. For `mf` it counts half for
either, as in the Elo scores of the paper's third router. Their code for `mf` leaves ties out; then a request
that both satisfy looks like one that needs the strong model, and the router is markedly worse (an area of
0.8 in place of 1.2 between its curve and a blind mix, in points, mean over 21 streams). Also differs: Adam
takes 500 steps of 3e-3 in place of 100 epochs of 3e-4, and adds no noise to the encodings, which changed
nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats
from messplus.predictors.logistic import sigmoid
from messplus.replay.baselines.adam import descend
from messplus.replay.baselines.trained import Past

Rows = NDArray[np.intp]

WIDTH = 128
BATCH = 64
STEPS = 500
RATE = 3e-3
DECAY = 1e-5

RIDGE = 3.0
"""Penalty of the classifier on half its squared weights; the log-likelihood of a request weighs 1."""

NEWTON_STEPS = 15


@dataclass(frozen=True, slots=True, eq=False)
class WinScore:
    """Log-odds that the strong model wins: linear in the features, for either head.

    Attributes:
        weight: Shape (d,).
        bias: For every request.
    """

    weight: Floats
    bias: float

    def log_odds(self, features: Floats) -> Floats:
        """On requests with these features, (n, d); shape (n,)."""
        return features @ self.weight + self.bias


def undecided(n_features: int) -> WinScore:
    """Of a model against itself."""
    return WinScore(np.zeros(n_features), 0.0)


def classify(features: Floats, wins: Bools) -> WinScore:
    """Ridge logistic regression, by Newton's method.

    Args:
        features: Shape (n, d).
        wins: Whether the strong model won, shape (n,).
    """
    x = np.column_stack((features, np.ones(len(features))))
    ridge = np.full(x.shape[1], RIDGE)
    ridge[-1] = 1e-2  # of the bias: next to none, but enough where one side always wins
    weight = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = sigmoid(x @ weight)
        curvature = (x.T * (p * (1.0 - p))) @ x + np.diag(ridge)
        weight += np.linalg.solve(curvature, x.T @ (wins - p) - ridge * weight)
    return WinScore(weight[:-1], float(weight[-1]))


class Factors(NamedTuple):
    """The parameters of the factorisation.

    Attributes:
        models: v, before it is scaled to norm 1, shape (M, k).
        projection: W1, shape (d, k).
        shift: b, shape (k,).
        classifier: w2, shape (k,).
    """

    models: Floats
    projection: Floats
    shift: Floats
    classifier: Floats

    def between(self, one: int, other: int) -> WinScore:
        """Of one model against another: delta(one, q) - delta(other, q)."""
        unit = self.models / np.linalg.norm(self.models, axis=1, keepdims=True)
        along = (unit[one] - unit[other]) * self.classifier
        return WinScore(self.projection @ along, float(self.shift @ along))


class Battles(NamedTuple):
    """Pairs of models that answered the same request.

    Attributes:
        features: Of the requests, shape (n, d).
        one: The first model of each pair, shape (n,).
        other: The second, shape (n,).
        won: 1 if the first won, 0 if the second, 1/2 if it is a tie, shape (n,).
    """

    features: Floats
    one: Rows
    other: Rows
    won: Floats


def loss(factors: Factors, battles: Battles) -> tuple[float, Factors]:
    """Mean cross-entropy of the win probability, and its gradient."""
    models, projection, shift, classifier = factors
    norm = np.linalg.norm(models, axis=1, keepdims=True)
    unit = models / norm
    apart = unit[battles.one] - unit[battles.other]
    request = battles.features @ projection + shift
    odds = (apart * request) @ classifier

    error = (sigmoid(odds) - battles.won) / len(odds)
    to_apart = error[:, None] * request * classifier
    to_request = error[:, None] * apart * classifier
    to_unit = np.zeros_like(models)
    np.add.at(to_unit, battles.one, to_apart)
    np.subtract.at(to_unit, battles.other, to_apart)
    gradient = Factors(
        models=(to_unit - unit * (unit * to_unit).sum(axis=1, keepdims=True)) / norm,
        projection=battles.features.T @ to_request,
        shift=to_request.sum(axis=0),
        classifier=error @ (apart * request),
    )
    return float(np.mean(np.logaddexp(0.0, odds) - battles.won * odds)), gradient


def draw(past: Past, rng: np.random.Generator) -> Battles:
    """A batch: requests drawn at random, and of each a pair of different models."""
    rows = rng.integers(len(past), size=BATCH)
    one = rng.integers(past.n_models, size=BATCH)
    other = (one + rng.integers(1, past.n_models, size=BATCH)) % past.n_models
    won = (1.0 + np.sign(past.score[rows, one] - past.score[rows, other])) / 2.0
    return Battles(past.features[rows], one, other, won)


def factorise(past: Past, rng: np.random.Generator) -> Factors:
    """The factorisation of every pair of at least two models."""
    d = past.features.shape[1]
    start = Factors(
        models=rng.normal(size=(past.n_models, WIDTH)),
        projection=rng.normal(size=(d, WIDTH)) / np.sqrt(d),
        shift=np.zeros(WIDTH),
        classifier=rng.normal(size=WIDTH) / np.sqrt(WIDTH),
    )
    return descend(lambda f: loss(f, draw(past, rng))[1], start, STEPS, RATE, DECAY)
