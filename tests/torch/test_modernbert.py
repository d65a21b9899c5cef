"""The paper's encoder, on a tiny random ModernBERT that the test writes to disk."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the torch extra")
pytest.importorskip("transformers", reason="needs the torch extra")

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, ModernBertConfig, ModernBertModel

from messplus.encoders import encoder_from_spec
from messplus.encoders.modernbert import ModernBert
from messplus.errors import EncoderError

pytestmark = pytest.mark.torch

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "what", "is", "two", "plus", "a", "dog"]
TEXTS = ["what is two plus two", "a dog \ud800", "", "is a dog two dog plus a dog is what a dog is"]


def _save(folder: Path, seed: int = 0) -> Path:
    """A ModernBERT of two layers with random weights, and a tokenizer of ten words."""
    torch.manual_seed(seed)
    model = ModernBertModel(
        ModernBertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            initializer_range=0.5,  # large enough that attention tells texts apart
            local_attention=4,
            pad_token_id=0,
            cls_token_id=2,
            sep_token_id=3,
            bos_token_id=2,
            eos_token_id=3,
        )
    )
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "model_input_names": ["input_ids", "attention_mask"],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save(tmp_path_factory.mktemp("modernbert"))


def test_a_vector_is_the_first_token_of_the_last_layer(folder: Path) -> None:
    encoder = ModernBert(str(folder))
    ids = torch.tensor([[2, 4, 5, 6, 7, 6, 3]])  # [CLS] what is two plus two [SEP]
    with torch.no_grad():
        own = AutoModel.from_pretrained(folder).eval()(ids, torch.ones_like(ids))
    assert encoder.n_features == 16
    assert encoder.encode(TEXTS[:1])[0] == pytest.approx(
        own.last_hidden_state[0, 0].numpy(), abs=1e-5
    )


def test_a_vector_does_not_depend_on_its_batch(folder: Path) -> None:
    encoder = ModernBert(str(folder))
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert encoder.encode(TEXTS) == pytest.approx(alone, abs=1e-5)
    assert np.ptp(alone, axis=0).max() > 0.1  # texts do differ


def test_no_text_no_vectors(folder: Path) -> None:
    assert ModernBert(str(folder)).encode([]).shape == (0, 16)


def test_text_beyond_max_length_is_not_read(folder: Path) -> None:
    encoder = ModernBert(str(folder), max_length=5)  # three words between [CLS] and [SEP]
    one, other = encoder.encode(["what is two plus", "what is two dog a"])
    assert one == pytest.approx(other, abs=1e-6)


def test_unit_length_scales_the_same_vectors(folder: Path) -> None:
    raw = ModernBert(str(folder)).encode(TEXTS)
    scaled = ModernBert(str(folder), unit_length=True).encode(TEXTS)
    assert scaled == pytest.approx(raw / np.linalg.norm(raw, axis=1, keepdims=True), abs=1e-6)


def test_identity_follows_weights_and_settings_but_not_the_place(
    folder: Path, tmp_path: Path
) -> None:
    same, other = _save(tmp_path / "same"), _save(tmp_path / "other", seed=1)
    identity = ModernBert(str(folder)).identity
    assert ModernBert(str(same)).identity == identity
    variants = {
        identity,
        ModernBert(str(other)).identity,
        ModernBert(str(folder), max_length=8).identity,
        ModernBert(str(folder), unit_length=True).identity,
    }
    assert len(variants) == 4


def test_the_global_generator_is_left_alone(folder: Path) -> None:
    before = torch.get_rng_state()
    ModernBert(str(folder)).encode(TEXTS)
    assert torch.equal(before, torch.get_rng_state())


def test_it_travels_as_settings(folder: Path) -> None:
    encoder = ModernBert(str(folder), max_length=8)
    sent = pickle.dumps(encoder)
    assert len(sent) < 500
    assert pickle.loads(sent) == encoder


def test_a_missing_model_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="HF_HOME") as caught:
        ModernBert(str(tmp_path / "empty"))
    assert "model.safetensors" in str(caught.value)


def test_a_spec_names_it(folder: Path) -> None:
    assert encoder_from_spec(f"modernbert:model={folder},max_length=8").n_features == 16
