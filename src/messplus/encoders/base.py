"""What an encoder is: text in, a vector of fixed width out, and nothing learned on the way."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns request texts into feature vectors; frozen, so that a vector never changes.

    A row depends on its own text alone: encoding one request as it arrives gives what encoding a
    recorded stream at once gives (to rounding, where a model does the work). That is what lets a
    replay take the decisions that the live router took.
    """

    @property
    def identity(self) -> str:
        """The name and every setting or file digest that may change a vector; a cache key."""
        ...

    @property
    def n_features(self) -> int:
        """Width of a vector, >= 1."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One vector per text, shape (n, n_features), finite; n may be 0.

        Raises:
            EncoderError: The model or the endpoint behind the encoder failed.
        """
        ...


def readable(text: str, max_chars: int) -> str:
    """At most `max_chars` characters that tokenizers take: JSON may hold half of a character pair."""
    return text[:max_chars].encode("utf-8", "replace").decode()


def unit_length(vectors: NDArray[np.floating[Any]]) -> Vectors:
    """The rows scaled to Euclidean length 1, shape (n, d); a row of zeros stays as it is."""
    wide = np.asarray(vectors, dtype=np.float64)
    norms = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    scaled: Vectors = (wide / np.where(norms > 0.0, norms, 1.0)).astype(np.float32)
    return scaled
