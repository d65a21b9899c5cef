"""The ONNX sentence encoder, on a graph of a few nodes that can be worked out by hand."""

import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="builds its graphs with onnx")
pytest.importorskip("onnxruntime", reason="needs the encoders extra")

import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from messplus.encoders import Vectors, encoder_from_spec
from messplus.encoders.sentence import OnnxSentence
from messplus.errors import EncoderError, SettingError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "what", "is", "two", "plus", "a", "dog"]
TABLE = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
TEXTS = ["what is two plus two", "a dog \ud800", "", "is a dog two dog plus a dog is what a dog is"]


def _save(
    folder: Path,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    *,
    quantised: bool = False,
) -> Path:
    """Each token's row of TABLE plus the masked mean of all: it sees its neighbours, as attention does."""
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["own"])]
    if quantised:
        nodes += [
            helper.make_node("DynamicQuantizeLinear", ["own"], ["q", "scale", "zero"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["rows"]),
        ]
    else:
        nodes += [helper.make_node("Identity", ["own"], ["rows"])]
    nodes += [
        helper.make_node("Cast", ["attention_mask"], ["flat"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["flat", "last"], ["mask"]),
        helper.make_node("Mul", ["rows", "mask"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "second"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["mask", "second"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("Add", ["rows", "mean"], ["last_hidden_state"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in inputs],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["n", "t", 4])],
        [
            numpy_helper.from_array(TABLE, "table"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "second"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir()
    onnx.save(model, folder / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(length=32)  # as exported tokenizers often do; to be overruled
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _save(tmp_path / "model")


def _by_hand(ids: list[int]) -> Vectors:
    """Pooling of rows + their mean is twice the mean, so the direction is that of the mean."""
    mean = TABLE[ids].mean(axis=0)
    unit: Vectors = mean / np.linalg.norm(mean)
    return unit


def test_a_vector_is_the_mean_of_the_token_vectors(folder: Path) -> None:
    vectors = OnnxSentence(str(folder)).encode(["a dog", "what is love"])
    assert vectors[0] == pytest.approx(_by_hand([2, 8, 9, 3]), abs=1e-6)
    assert vectors[1] == pytest.approx(_by_hand([2, 4, 5, 1, 3]), abs=1e-6)


@pytest.mark.parametrize("quantised", [False, True])
def test_a_vector_does_not_depend_on_its_batch(tmp_path: Path, quantised: bool) -> None:
    encoder = OnnxSentence(str(_save(tmp_path / "model", quantised=quantised)))
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert encoder.encode(TEXTS) == pytest.approx(alone, abs=1e-6)


def test_many_texts_keep_their_order(folder: Path) -> None:
    encoder = OnnxSentence(str(folder))
    texts = TEXTS * 20  # more than one batch
    assert encoder.encode(texts) == pytest.approx(np.tile(encoder.encode(TEXTS), (20, 1)), abs=1e-6)


def test_no_text_no_vectors(folder: Path) -> None:
    assert OnnxSentence(str(folder)).encode([]).shape == (0, 4)


def test_text_beyond_max_length_is_not_read(folder: Path) -> None:
    vector = OnnxSentence(str(folder), max_length=4).encode(["a dog is what"])[0]
    assert vector == pytest.approx(_by_hand([2, 8, 9, 3]), abs=1e-6)


def test_only_inputs_that_the_graph_declares_are_fed(folder: Path, tmp_path: Path) -> None:
    three = _save(tmp_path / "three", ("input_ids", "attention_mask", "token_type_ids"))
    assert (OnnxSentence(str(three)).encode(TEXTS) == OnnxSentence(str(folder)).encode(TEXTS)).all()


def test_a_graph_with_other_inputs_is_refused(tmp_path: Path) -> None:
    other = _save(tmp_path / "other", ("input_ids", "attention_mask", "pixel_values"))
    with pytest.raises(EncoderError, match="pixel_values"):
        OnnxSentence(str(other))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_told_with_the_fix(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=rf"needs {name} in .*optimum-cli export onnx"):
        OnnxSentence(str(folder))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"broken")
    with pytest.raises(EncoderError, match=name):
        OnnxSentence(str(folder))


def test_a_graph_that_fails_on_a_text_is_told(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["beyond"])  # id 10: no row in the table
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(EncoderError, match="does not run on 3 tokens"):
        OnnxSentence(str(folder)).encode(["beyond"])


def test_identity_follows_files_and_settings_but_not_the_place(
    folder: Path, tmp_path: Path
) -> None:
    identity = OnnxSentence(str(folder)).identity
    assert OnnxSentence(str(_save(tmp_path / "same"))).identity == identity
    other = OnnxSentence(str(_save(tmp_path / "other", quantised=True))).identity
    (folder / "model.onnx.data").write_bytes(b"weights beside the graph")
    beside = OnnxSentence(str(folder)).identity
    shorter = OnnxSentence(str(tmp_path / "same"), max_length=8).identity
    assert len({identity, other, beside, shorter}) == 4


def test_it_travels_as_settings(folder: Path) -> None:
    encoder = OnnxSentence(str(folder), max_length=8)
    assert pickle.loads(pickle.dumps(encoder)) == encoder


def test_settings_out_of_range_are_refused(folder: Path) -> None:
    with pytest.raises(SettingError, match="max_length"):
        OnnxSentence(str(folder), max_length=1)


def test_a_spec_names_it(folder: Path) -> None:
    assert encoder_from_spec(f"sentence:path={folder}") == OnnxSentence(str(folder))
