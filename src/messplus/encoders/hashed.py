"""Hashed word n-grams: numpy alone, no download, microseconds per request. The default.

Feature hashing of Weinberger et al. (2009), arXiv:0902.2206: an n-gram adds to one of `dims`
buckets, with a sign of its own, so that collisions cancel on average and inner products of the
hashed vectors estimate those of the full ones.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from messplus.encoders.base import Vectors, unit_length
from messplus.errors import require_range

_Ids = NDArray[np.uint64]

# A token is a run of letters, one digit or one other sign. Digits, operators and brackets tell code
# and mathematics from prose; whole numbers are too rare to learn from. The bound keeps a pasted
# blob from filling the cache with one long "word".
_TOKENS = re.compile(r"[^\W\d_]{1,32}|\S")

# Odd constants with well mixed bits: 2^64 / golden ratio, and the finaliser of splitmix64.
_LEFT = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)

# Texts are sorted together in blocks: the row takes the upper bits of a sort key, the n-gram's id
# the other 52. The split is fixed, so that a vector is the same in whichever block it is made.
_BLOCK = 4096
_ID_BITS = np.uint64(52)
_ID_MASK = np.uint64(2**52 - 1)


def _hashed(token: str) -> int:
    """A 64-bit id that is the same in every process, unlike `hash`."""
    return int.from_bytes(blake2b(token.encode("utf-8", "replace"), digest_size=8).digest())


_token_id: Final = lru_cache(maxsize=1 << 17)(_hashed)


def _mixed(ids: _Ids) -> _Ids:
    """Spread every bit of an id over all bits (the finaliser of splitmix64)."""
    ids = (ids ^ (ids >> np.uint64(30))) * _MIX_1
    ids = (ids ^ (ids >> np.uint64(27))) * _MIX_2
    return ids ^ (ids >> np.uint64(31))


@lru_cache(maxsize=1 << 16)
def _gram(token: str) -> int:
    """What a token is sorted by, as in a block of texts."""
    with np.errstate(over="ignore"):  # multiplication of 64 bits is meant to wrap around
        return int(_mixed(np.array([_hashed(token)], dtype=np.uint64))[0] & _ID_MASK)


_WEIGHTS: Final = tuple((1.0 + np.log(np.arange(1, 257))).tolist())
"""Of what occurs once, twice, ...: numpy's logarithms, to the last bit."""


@dataclass(frozen=True, slots=True)
class HashedNgrams:
    """Signed hashed counts of lower-cased words, digits and signs, scaled to length 1.

    What occurs k times counts 1 + log(k). Every text without a token has the zero vector.

    Attributes:
        dims: Width of the vector, 1 to 4096. A policy's time per request grows with its square.
        ngrams: 1 for tokens alone, 2 for tokens and pairs of neighbours. Pairs crowd a small table:
            measured, they cost accuracy on most data sets (docs/decisions/0003-encoders.md).
        max_chars: Text beyond this many characters is not read, which bounds the time per request.
    """

    dims: int = 64
    ngrams: int = 1
    max_chars: int = 20_000

    def __post_init__(self) -> None:
        require_range("dims", self.dims, "within 1 to 4096", ok=1 <= self.dims <= 4096)
        require_range("ngrams", self.ngrams, "1 or 2", ok=self.ngrams in (1, 2))
        require_range("max_chars", self.max_chars, "at least 1", ok=self.max_chars >= 1)

    @property
    def identity(self) -> str:
        """All settings; the number is raised when the same settings give other vectors."""
        return f"hashed/1 dims={self.dims} ngrams={self.ngrams} max_chars={self.max_chars}"

    @property
    def n_features(self) -> int:
        """The setting `dims`."""
        return self.dims

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, shape (n, dims); zeros for a text without a token."""
        if len(texts) == 1 and self.ngrams == 1:
            return self._encode_one(texts[0])
        out = np.zeros((len(texts), self.dims), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            out[start : start + len(block)] = self._encode_block(block)
        return out

    def _encode_one(self, text: str) -> Vectors:
        """The vector of one text, bit for bit as in a block: a gateway has one at a time, and no time."""
        counts = Counter(map(_gram, _TOKENS.findall(text[: self.max_chars].lower())))
        sums = [0.0] * self.dims
        for gram in sorted(counts):
            count = counts[gram]
            weight = _WEIGHTS[count - 1] if count <= len(_WEIGHTS) else float(1.0 + np.log(count))
            sums[(gram >> 1) % self.dims] += weight if gram & 1 else -weight
        return unit_length(np.array([sums]))

    def _encode_block(self, texts: Sequence[str]) -> Vectors:
        """Vectors of at most `_BLOCK` texts."""
        tokens = [_TOKENS.findall(text[: self.max_chars].lower()) for text in texts]
        lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
        words = np.fromiter(
            map(_token_id, chain.from_iterable(tokens)),
            dtype=np.uint64,
            count=int(lengths.sum()),
        )
        rows = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
        ids = _mixed(words)
        if self.ngrams == 2:
            neighbours = rows[1:] == rows[:-1]
            # Not symmetric: "dog bites" and "bites dog" are two different pairs.
            pairs = _mixed(words[:-1] * _LEFT + words[1:])[neighbours]
            ids = np.concatenate([ids, pairs])
            rows = np.concatenate([rows, rows[1:][neighbours]])

        keys, counts = np.unique((rows << _ID_BITS) | (ids & _ID_MASK), return_counts=True)
        row, gram = (keys >> _ID_BITS).astype(np.int64), keys & _ID_MASK
        sign = np.where(gram & np.uint64(1), 1.0, -1.0)
        bucket = ((gram >> np.uint64(1)) % np.uint64(self.dims)).astype(np.int64)
        sums = np.bincount(
            row * self.dims + bucket,
            weights=sign * (1.0 + np.log(counts)),
            minlength=len(texts) * self.dims,
        ).reshape(len(texts), self.dims)
        return unit_length(sums.astype(np.float64, copy=False))
