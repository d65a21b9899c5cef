"""The paper's encoder: a frozen ModernBERT, first token's vector of the last layer (App. B)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from messplus.encoders.base import Vectors, readable, unit_length
from messplus.errors import EncoderError, require_range

_BATCH = 16
_CHARS_PER_TOKEN = 32  # no text needs more to fill `max_length`, and a huge one is cut early


class _Model(NamedTuple):
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    digest: str


@dataclass(frozen=True)
class ModernBert:
    """What a frozen transformer makes of a text's first ([CLS]) token.

    Attributes:
        model: A name on the Hugging Face hub, downloaded on first use, or a local folder with
            `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json`.
        max_length: Text beyond this many tokens is not read; the paper has 64 to 256.
        unit_length: Scale vectors to length 1. The paper's head, which normalises inside, takes
            them as they are (the default); a linear predictor wants 1, as other encoders give it.

    Raises:
        EncoderError: The model cannot be loaded.
    """

    model: str = "answerdotai/ModernBERT-base"
    max_length: int = 256
    unit_length: bool = False

    def __post_init__(self) -> None:
        require_range("max_length", self.max_length, "at least 2", ok=self.max_length >= 2)
        _ = self._model  # what is missing is said now, not at the first request

    def __reduce__(self) -> tuple[type["ModernBert"], tuple[str, int, bool]]:
        """Travel to a worker as settings; the worker loads the model itself."""
        return ModernBert, (self.model, self.max_length, self.unit_length)

    @property
    def identity(self) -> str:
        """Settings and a digest of weights and tokenizer; where they came from is no part of it."""
        return (
            f"modernbert/1 max_length={self.max_length} unit_length={self.unit_length} "
            f"weights={self._model.digest}"
        )

    @property
    def n_features(self) -> int:
        """Hidden size of the model: 768 for ModernBERT-base."""
        return int(self._model.network.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """First-token vectors, shape (n, n_features)."""
        out = np.zeros((len(texts), self.n_features), dtype=np.float32)
        # Texts of like length go together, so that little is spent on padding.
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(by_length), _BATCH):
            rows = by_length[start : start + _BATCH]
            tokens = self._model.tokenizer(
                [readable(texts[row], self.max_length * _CHARS_PER_TOKEN) for row in rows],
                truncation=True,
                max_length=self.max_length,
                padding=True,
                return_tensors="pt",
            )
            with torch.inference_mode():
                last = self._model.network(
                    input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
                ).last_hidden_state
            out[rows] = last[:, 0].numpy()
        return unit_length(out) if self.unit_length else out

    @cached_property
    def _model(self) -> _Model:
        """Network (float32, evaluation mode) and tokenizer, loaded once."""
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model)
            network = AutoModel.from_pretrained(self.model)
        except (OSError, ValueError) as error:
            raise EncoderError(
                f"the encoder 'modernbert' cannot load {self.model!r}: {error}\n"
                "Without a network: copy config.json, model.safetensors, tokenizer.json and "
                "tokenizer_config.json of https://huggingface.co/answerdotai/ModernBERT-base into "
                "a folder and give modernbert:model=FOLDER, or set HF_HOME to a cache that holds it"
            ) from error
        tokenizer.padding_side = "right"  # the first token has to be first
        network = network.float().eval().requires_grad_(requires_grad=False)
        digest = sha256(tokenizer.backend_tokenizer.to_str().encode())
        for name, weights in sorted(network.state_dict().items()):
            digest.update(name.encode())
            digest.update(weights.numpy().tobytes())
        return _Model(network, tokenizer, digest.hexdigest())
