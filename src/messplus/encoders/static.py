"""Static token embeddings: the mean of one table row per token. No network, no model to run.

The table is the one inside the `wordllama` wheel (MIT): token embeddings of a Llama 2 vocabulary
trained so that a vector's first 64 or 128 numbers work on their own (Matryoshka representation
learning, arXiv:2205.13147). The table is read from the package's files without importing the
package, which on import would configure the root logger of the whole process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from messplus.encoders.base import Vectors, readable, unit_length
from messplus.errors import EncoderError, require_range

_TABLE = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
_DIMS = (64, 128, 256)
_BATCH = 64  # texts whose token rows are in memory at once: at most a few hundred MB


class _Model(NamedTuple):
    table: Vectors  # (vocabulary, 256)
    tokenizer: Tokenizer
    digest: str


@dataclass(frozen=True)
class StaticEmbedding:
    """Mean of the text's token embeddings, scaled to length 1 (0 for a text without tokens).

    Attributes:
        dims: How many leading numbers of the 256 are used: 64, 128 or 256. A policy's time per
            request grows with its square, and 64 tell nearly as much (docs/decisions/0003).
        max_chars: Text beyond this many characters is not read, which bounds the time per request.

    Raises:
        EncoderError: The installed `wordllama` does not hold the table.
    """

    dims: int = 64
    max_chars: int = 20_000

    def __post_init__(self) -> None:
        require_range("dims", self.dims, "64, 128 or 256", ok=self.dims in _DIMS)
        require_range("max_chars", self.max_chars, "at least 1", ok=self.max_chars >= 1)
        _ = self._model  # what is missing is said now, not at the first request

    def __reduce__(self) -> tuple[type["StaticEmbedding"], tuple[int, int]]:
        """Travel to a worker as settings; the worker reads the table itself."""
        return StaticEmbedding, (self.dims, self.max_chars)

    @property
    def identity(self) -> str:
        """Settings and a digest of table and tokenizer."""
        return f"static/1 dims={self.dims} max_chars={self.max_chars} files={self._model.digest}"

    @property
    def n_features(self) -> int:
        """The setting `dims`."""
        return self.dims

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, shape (n, dims); zeros for a text without a token."""
        out = np.zeros((len(texts), self.dims), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            block = [readable(text, self.max_chars) for text in texts[start : start + _BATCH]]
            encodings = self._model.tokenizer.encode_batch_fast(block, add_special_tokens=False)
            for row, encoding in enumerate(encodings, start):
                if encoding.ids:
                    out[row] = self._model.table[encoding.ids, : self.dims].mean(axis=0)
        return unit_length(out)

    @cached_property
    def _model(self) -> _Model:
        """Table and tokenizer, read once."""
        found = find_spec("wordllama")
        folders = (found.submodule_search_locations if found else None) or [""]
        table, tokenizer = Path(folders[0], _TABLE), Path(folders[0], _TOKENIZER)
        try:
            digest = sha256(table.read_bytes() + tokenizer.read_bytes()).hexdigest()
            rows = load_file(table)["embedding.weight"].astype(np.float32)
        except (OSError, KeyError) as error:
            raise EncoderError(
                f"the installed wordllama does not hold the table that the encoder 'static' reads "
                f"({_TABLE}, {_TOKENIZER}): pip install 'wordllama==0.4.0.post1'"
            ) from error
        reader = Tokenizer.from_file(str(tokenizer))
        reader.no_padding()
        reader.no_truncation()
        return _Model(rows, reader, digest)
