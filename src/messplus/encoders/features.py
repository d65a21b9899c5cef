"""What a predictor sees of a request: the encoded text, how long it is, and who sent it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from messplus.core.types import Floats
from messplus.encoders.base import Encoder, Vectors
from messplus.errors import SettingError, require_range

# log(1 + characters) of common requests is 6 +- 1 (150 to 1,100 characters). Constants, not
# statistics of a data set: live traffic has none, and a replay has to see the same vector.
_LOG_LENGTH_CENTRE = 6.0
_LOG_LENGTH_CLIP = 3.0
_LOG_LENGTH_SCALE = 0.5


@dataclass(frozen=True, slots=True)
class Features:
    """Encoder block, scaled log length, and one hashed one-hot block per named attribute.

    What a gateway knows of a request (its task, route, client) often tells more about who can
    answer it than its words do. Name such an attribute only if it varies within a stream.

    Attributes:
        encoder: Makes the first `encoder.n_features` columns.
        attribute_keys: Attributes of a request that get a block each, in this order.
        attribute_dims: Width of such a block; two values share a column with chance 1 in so many.
    """

    encoder: Encoder
    attribute_keys: tuple[str, ...] = ()
    attribute_dims: int = 16

    def __post_init__(self) -> None:
        require_range("attribute_dims", self.attribute_dims, ">= 1", ok=self.attribute_dims >= 1)
        if len(set(self.attribute_keys)) < len(self.attribute_keys):
            raise SettingError(f"attribute_keys must differ, got {self.attribute_keys}")

    @property
    def identity(self) -> str:
        """The encoder's identity and what is added to it."""
        keys = ",".join(repr(key) for key in self.attribute_keys)
        return f"features/1 attributes=[{keys}]x{self.attribute_dims} encoder=({self.encoder.identity})"

    @property
    def n_features(self) -> int:
        """Width of a vector."""
        return self.encoder.n_features + 1 + len(self.attribute_keys) * self.attribute_dims

    def transform(
        self, texts: Sequence[str], attributes: Sequence[Mapping[str, str]] = ()
    ) -> Floats:
        """Feature vectors of requests, shape (n, n_features).

        Args:
            texts: One per request.
            attributes: One mapping per request; it may hold more keys than are used, and a
                request that lacks one has zeros in its block. Not needed without `attribute_keys`.

        Raises:
            EncoderError: The encoder failed.
            ValueError: `attributes` is not as long as `texts`.
        """
        return self.assemble(self.encoder.encode(texts), texts, attributes)

    def assemble(
        self,
        encoded: Vectors,
        texts: Sequence[str],
        attributes: Sequence[Mapping[str, str]] = (),
    ) -> Floats:
        """Like `transform`, for texts that are encoded already: `encoded` (n, encoder width)."""
        if self.attribute_keys and len(attributes) != len(texts):
            raise ValueError(
                f"{len(texts)} texts, but the attributes of {len(attributes)} requests"
            )
        width = self.encoder.n_features
        out = np.zeros((len(texts), self.n_features))
        out[:, :width] = encoded
        out[:, width] = [_scaled_log_length(text) for text in texts]
        for block, key in enumerate(self.attribute_keys):
            first = width + 1 + block * self.attribute_dims
            for row, values in enumerate(attributes):
                if key in values:
                    out[row, first + _bucket(key, values[key], self.attribute_dims)] = 1.0
        return out


def _scaled_log_length(text: str) -> float:
    """Log length around 0, within [-1.5, 1.5]."""
    z = math.log1p(len(text)) - _LOG_LENGTH_CENTRE
    return _LOG_LENGTH_SCALE * min(max(z, -_LOG_LENGTH_CLIP), _LOG_LENGTH_CLIP)


def _bucket(key: str, value: str, n_buckets: int) -> int:
    """The same column for the same `key=value` in every process."""
    digest = blake2b(f"{key}={value}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest) % n_buckets
