"""A sentence encoder on ONNX Runtime: any small transformer that was exported to a graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors
from tokenizers import Encoding, Tokenizer

from messplus.encoders.base import Vectors, readable, unit_length
from messplus.errors import EncoderError, require_range

_FIX = (
    "export one, for example: pip install 'optimum[onnxruntime]' && optimum-cli export onnx "
    "--model sentence-transformers/all-MiniLM-L6-v2 FOLDER"
)
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_BATCH = 32
_CHARS_PER_TOKEN = 32  # no text needs more to fill `max_length`, and a huge one is cut early

# ONNX Runtime has no common class for the errors that it raises.
_RUNTIME_ERRORS = (
    onnx_errors.Fail,
    onnx_errors.InvalidArgument,
    onnx_errors.InvalidGraph,
    onnx_errors.InvalidProtobuf,
    onnx_errors.NoSuchFile,
    onnx_errors.NotImplemented,
    onnx_errors.RuntimeException,
)


class _Model(NamedTuple):
    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer
    inputs: tuple[str, ...]  # those of `_INPUTS` that the graph declares
    output: str  # one vector per token: (texts, tokens, width)
    batch: int  # texts per run of the graph
    digest: str


@dataclass(frozen=True)
class OnnxSentence:
    """Mean of the token vectors that a transformer gives a text, scaled to length 1.

    Runs on one CPU thread. A graph that quantises activations as it runs scales them by the
    largest value in the batch, so such a graph is given one text at a time: its vectors would
    otherwise depend on what else is encoded.

    Attributes:
        path: Folder with `model.onnx` and `tokenizer.json`.
        max_length: Text beyond this many tokens is not read; at most what the model was built for.

    Raises:
        EncoderError: A file is missing or not what it should be.
    """

    path: str
    max_length: int = 256

    def __post_init__(self) -> None:
        require_range("max_length", self.max_length, "at least 2", ok=self.max_length >= 2)
        _ = self._model  # what is missing is said now, not at the first request

    def __reduce__(self) -> tuple[type["OnnxSentence"], tuple[str, int]]:
        """Travel to a worker as settings; the worker loads the model itself."""
        return OnnxSentence, (self.path, self.max_length)

    @property
    def identity(self) -> str:
        """Settings and a digest of graph, weights and tokenizer; the folder's name is none."""
        return f"sentence/1 max_length={self.max_length} files={self._model.digest}"

    @cached_property
    def n_features(self) -> int:
        """Width of the model's token vectors."""
        return int(self._run(self._tokens(["width"])).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, shape (n, n_features).

        Raises:
            EncoderError: The graph does not run on these inputs.
        """
        out = np.zeros((len(texts), self.n_features), dtype=np.float32)
        tokens = self._tokens(texts)
        # Texts of like length go together, so that little is spent on padding.
        by_length = sorted(range(len(tokens)), key=lambda row: len(tokens[row].ids))
        for start in range(0, len(by_length), self._model.batch):
            rows = by_length[start : start + self._model.batch]
            out[rows] = self._run([tokens[row] for row in rows])
        return out

    def _tokens(self, texts: Sequence[str]) -> list[Encoding]:
        """The tokens of each text, cut to `max_length`."""
        tokens: list[Encoding] = self._model.tokenizer.encode_batch(
            [readable(text, self.max_length * _CHARS_PER_TOKEN) for text in texts]
        )
        return tokens

    def _run(self, tokens: Sequence[Encoding]) -> Vectors:
        """Pooled vectors of one batch, shape (n, width)."""
        shape = (len(tokens), max(1, *(len(text.ids) for text in tokens)))
        feeds = {name: np.zeros(shape, dtype=np.int64) for name in _INPUTS}
        for row, text in enumerate(tokens):
            feeds["input_ids"][row, : len(text.ids)] = text.ids
            feeds["attention_mask"][row, : len(text.ids)] = text.attention_mask
            feeds["token_type_ids"][row, : len(text.ids)] = text.type_ids
        model = self._model
        try:
            vectors: NDArray[np.float32] = model.session.run(
                [model.output], {name: feeds[name] for name in model.inputs}
            )[0]
        except _RUNTIME_ERRORS as error:
            raise EncoderError(
                f"{self.path}/model.onnx does not run on {shape[1]} tokens (is max_length="
                f"{self.max_length} more than it was built for?): {error}"
            ) from error
        mask = feeds["attention_mask"][:, :, np.newaxis].astype(np.float32)
        mean = (vectors * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1.0)
        return unit_length(mean)

    @cached_property
    def _model(self) -> _Model:
        """Graph and tokenizer, loaded once."""
        folder = Path(self.path).expanduser()
        graph, vocabulary = folder / "model.onnx", folder / "tokenizer.json"
        missing = [file.name for file in (graph, vocabulary) if not file.is_file()]
        if missing:
            raise EncoderError(
                f"the encoder 'sentence' needs {' and '.join(missing)} in {self.path}: {_FIX}"
            )
        # Weights of a large model lie beside the graph (model.onnx.data, model.onnx_data).
        files = [vocabulary, *sorted(folder.glob("model.onnx*"))]
        digest = sha256()
        for file in files:
            digest.update(sha256(file.read_bytes()).digest())
        session = _session(graph)
        tokenizer = _tokenizer(vocabulary, self.max_length)

        declared = {given.name for given in session.get_inputs()}
        if "input_ids" not in declared or declared - set(_INPUTS):
            raise EncoderError(
                f"{graph} takes {sorted(declared)}; the encoder 'sentence' feeds {list(_INPUTS)}"
            )
        outputs = [out.name for out in session.get_outputs() if len(out.shape) == 3]
        if not outputs:
            raise EncoderError(
                f"{graph} has no output with one vector per token (texts, tokens, width): {_FIX}"
            )
        # The names of the operators that quantise at run time: DynamicQuantizeLinear, -MatMul, ...
        one_by_one = b"DynamicQuantize" in graph.read_bytes()
        return _Model(
            session=session,
            tokenizer=tokenizer,
            inputs=tuple(name for name in _INPUTS if name in declared),
            output=outputs[0],
            batch=1 if one_by_one else _BATCH,
            digest=digest.hexdigest(),
        )


def _session(graph: Path) -> onnxruntime.InferenceSession:
    """The graph on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            str(graph), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except _RUNTIME_ERRORS as error:
        raise EncoderError(f"{graph} is not a graph that ONNX Runtime loads: {error}") from error


def _tokenizer(file: Path, max_length: int) -> Tokenizer:
    """The tokenizer, cutting at `max_length`; padding is ours."""
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises just this
        raise EncoderError(
            f"{file} is not a tokenizer of the tokenizers library: {error}"
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer
