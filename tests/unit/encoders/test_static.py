import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("wordllama", reason="needs the encoders extra")

from messplus.encoders import encoder_from_spec
from messplus.encoders.static import StaticEmbedding
from messplus.errors import EncoderError, SettingError


def test_a_vector_is_the_mean_of_its_tokens_vectors() -> None:
    encoder = StaticEmbedding(dims=256)
    both = encoder.encode(["hello there"])[0]
    table, tokenizer = encoder._model.table, encoder._model.tokenizer
    ids = [tokenizer.encode(word, add_special_tokens=False).ids for word in ("hello", "there")]
    assert [len(of_word) for of_word in ids] == [1, 1]
    mean = table[ids[0] + ids[1]].mean(axis=0)
    assert both == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_what_means_the_same_is_closer() -> None:
    dog, puppy, integral = StaticEmbedding(dims=256).encode(
        ["a dog runs in the park", "puppies play outside", "integrate x squared over the line"]
    )
    assert dog @ puppy > dog @ integral + 0.1


def test_fewer_dims_are_the_first_of_all() -> None:
    texts = ["a dog runs in the park", "puppies play outside"]
    cut = StaticEmbedding(dims=256).encode(texts)[:, :64]
    few = StaticEmbedding(dims=64)
    assert few.n_features == 64
    assert few.encode(texts) == pytest.approx(
        cut / np.linalg.norm(cut, axis=1, keepdims=True), abs=1e-6
    )


def test_text_beyond_max_chars_is_not_read() -> None:
    encoder = StaticEmbedding(max_chars=5)
    assert (encoder.encode(["hello world"]) == encoder.encode(["hello"])).all()


def test_identity_differs_with_every_setting() -> None:
    variants = [StaticEmbedding(), StaticEmbedding(dims=128), StaticEmbedding(max_chars=5)]
    assert len({encoder.identity for encoder in variants}) == 3


def test_a_package_without_the_table_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("messplus.encoders.static.find_spec", lambda name: None)
    with pytest.raises(EncoderError, match="pip install 'wordllama"):
        StaticEmbedding()


def test_it_travels_as_settings() -> None:
    sent = pickle.dumps(StaticEmbedding(dims=128))
    assert len(sent) < 200  # and not a table of 32 MB
    assert pickle.loads(sent) == StaticEmbedding(dims=128)


def test_the_root_logger_is_left_alone() -> None:
    code = (
        "import logging;"
        "from messplus.encoders import encoder_from_spec;"
        "encoder_from_spec('static').encode(['a']);"
        "print(logging.getLogger().handlers, logging.getLogger().level)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[] 30"


@pytest.mark.parametrize("setting", [{"dims": 100}, {"max_chars": 0}])
def test_settings_out_of_range_are_refused(setting: dict[str, int]) -> None:
    with pytest.raises(SettingError, match=next(iter(setting))):
        StaticEmbedding(**setting)


def test_a_spec_names_it() -> None:
    assert encoder_from_spec("static:dims=128") == StaticEmbedding(dims=128)
