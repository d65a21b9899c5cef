"""The two contrastive losses of RouterDC (arXiv:2409.19886, section 3), and their gradients.

Both ask that the exponential of one cosine similarity be large beside a few others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Bools, Floats

Rows = NDArray[np.intp]


class Slope(NamedTuple):
    """A loss, and its gradient by the similarities it was made of."""

    loss: float
    gradient: Floats


def sample_llm(similarity: Floats, positive: Bools, negative: Bools) -> Slope:
    """Mean over requests of sum over i of -log(e^{s_i} / (e^{s_i} + sum over j of e^{s_j})).

    i runs over the models that a request should be near, j over those that it should be far from.

    Args:
        similarity: s, of each request to each model, shape (n, M).
        positive: Which models are i, shape (n, M).
        negative: Which are j, shape (n, M); no model is both.
    """
    n = len(similarity)
    raised = np.exp(similarity)
    total = raised + (raised * negative).sum(axis=1, keepdims=True)  # below each i
    loss = (positive * (np.log(total) - similarity)).sum() / n
    per_total = positive / total
    gradient = raised * per_total - positive
    gradient += negative * raised * per_total.sum(axis=1, keepdims=True)
    return Slope(float(loss), gradient / n)


class Company(NamedTuple):
    """Which requests of a batch each of them is compared with.

    Attributes:
        others: Row of one of its own cluster, then rows of other clusters, shape (n, 1 + H).
        counted: Whether its cluster, and the others, have as many; shape (n,).
    """

    others: Rows
    counted: Bools


def company(cluster: Rows, n_strangers: int, rng: np.random.Generator) -> Company:
    """One of its own cluster and so many of others for each request, drawn at random.

    Args:
        cluster: Of each request, shape (n,); n > n_strangers.
        n_strangers: H, >= 1.
        rng: Draws.
    """
    same = cluster[:, None] == cluster[None, :]
    kin = same & ~np.eye(len(cluster), dtype=np.bool_)
    luck = rng.random(same.shape)
    partner = np.argmax(np.where(kin, luck, -1.0), axis=1)
    strangers = np.argpartition(np.where(same, 2.0, luck), n_strangers - 1, axis=1)
    enough = kin.any(axis=1) & ((~same).sum(axis=1) >= n_strangers)
    return Company(np.column_stack((partner, strangers[:, :n_strangers])), enough)


def sample_sample(similarity: Floats, chosen: Company) -> Slope:
    """Mean over requests of -log(e^{s_0} / sum over k of e^{s_k}); 0 for those not counted.

    Args:
        similarity: Of each request to each, shape (n, n).
        chosen: Whom each is compared with; s_0 is the one of its own cluster.
    """
    n = len(similarity)
    raised = np.exp(np.take_along_axis(similarity, chosen.others, axis=1))
    share = raised / raised.sum(axis=1, keepdims=True)
    loss = -(np.log(share[:, 0]) * chosen.counted).sum() / n
    share[:, 0] -= 1.0
    gradient = np.zeros_like(similarity)
    np.put_along_axis(gradient, chosen.others, share * chosen.counted[:, None] / n, axis=1)
    return Slope(float(loss), gradient)


class Unit(NamedTuple):
    """Rows of norm 1, and the norms that they had.

    Attributes:
        rows: Shape (n, k).
        norm: Shape (n, 1).
    """

    rows: Floats
    norm: Floats

    def back(self, gradient: Floats) -> Floats:
        """The gradient by the rows as they were, from that by the rows of norm 1."""
        along = (self.rows * gradient).sum(axis=1, keepdims=True)
        return np.asarray((gradient - self.rows * along) / self.norm)


def unit(rows: Floats) -> Unit:
    """Rows (n, k) scaled to norm 1; a row of zeros stays one."""
    norm = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return Unit(rows / norm, norm)
