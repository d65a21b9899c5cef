"""Encodings of a data set on disk, so that a slow encoder reads every data set once."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import process_time
from zipfile import BadZipFile

import numpy as np

from messplus.encoders.base import Encoder, Vectors
from messplus.files import write_whole

_LOG = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # (texts encoded so far, all texts)

_CHUNK = 1024  # texts per call of the encoder, and so per report of progress


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Encodings of some texts, and what they took when they were made.

    Attributes:
        vectors: One row per text, shape (n, n_features).
        seconds: CPU time of this process for all of them, whenever that was.
    """

    vectors: Vectors
    seconds: float


@dataclass(frozen=True, slots=True)
class EncodingCache:
    """A folder of encodings, each under a hash of the encoder's identity and of all texts.

    A file that cannot be read or does not fit is encoded anew. Files may be deleted at any time.

    Attributes:
        folder: Made when the first encoding is stored.
    """

    folder: Path

    def encode(
        self, encoder: Encoder, texts: Sequence[str], on_progress: Progress | None = None
    ) -> Encoded:
        """What `encoder.encode(texts)` gives, read from disk if it was encoded before.

        Args:
            encoder: Asked only if there is no usable file.
            texts: All texts of the data set, in order.
            on_progress: Called after every chunk of texts that is encoded; never on a hit.

        Raises:
            EncoderError: The encoder failed.
        """
        path = self.path(encoder, texts)
        stored = _read(path, (len(texts), encoder.n_features))
        if stored is not None:
            return stored
        encoded = _encode(encoder, texts, on_progress)
        try:
            write_whole(
                path,
                lambda file: np.savez(file, vectors=encoded.vectors, seconds=encoded.seconds),
            )
        except OSError as error:
            # A full disk must not cost an hour of encoding: the caller gets what was computed.
            _LOG.warning("encodings not stored in %s: %s", self.folder, error)
        return encoded

    def path(self, encoder: Encoder, texts: Sequence[str]) -> Path:
        """Where the encodings of these texts are, or would be."""
        digest = sha256()
        for text in (encoder.identity, *texts):
            data = text.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8))  # so that ["ab", "c"] differs from ["a", "bc"]
            digest.update(data)
        return self.folder / f"{digest.hexdigest()}.npz"


def encode_cached(
    encoder: Encoder,
    texts: Sequence[str],
    folder: str | Path | None,
    on_progress: Progress | None = None,
) -> Encoded:
    """`EncodingCache(folder).encode(...)`, or the encoder alone if there is no folder."""
    if folder is None:
        return _encode(encoder, texts, on_progress)
    return EncodingCache(Path(folder)).encode(encoder, texts, on_progress)


def _encode(encoder: Encoder, texts: Sequence[str], on_progress: Progress | None) -> Encoded:
    """Encode in chunks."""
    started = process_time()
    out = np.empty((len(texts), encoder.n_features), dtype=np.float32)
    for start in range(0, len(texts), _CHUNK):
        done = min(start + _CHUNK, len(texts))
        out[start:done] = encoder.encode(texts[start:done])
        if on_progress is not None:
            on_progress(done, len(texts))
    return Encoded(out, process_time() - started)


def _read(path: Path, shape: tuple[int, int]) -> Encoded | None:
    """The stored encodings, or None if there is no whole file with vectors of this shape."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            vectors, seconds = stored["vectors"], float(stored["seconds"])
    except FileNotFoundError:
        return None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        AttributeError,
        BadZipFile,
    ) as error:
        _LOG.warning("encoding anew: %s is not readable (%s)", path, error)
        return None
    if vectors.dtype != np.float32 or vectors.shape != shape:
        _LOG.warning("encoding anew: %s does not hold float32 of shape %s", path, shape)
        return None
    return Encoded(vectors, seconds)
