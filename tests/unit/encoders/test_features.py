import math

import numpy as np
import pytest

from messplus.encoders import Features, HashedNgrams
from messplus.errors import SettingError

ENCODER = HashedNgrams(dims=8)


def test_without_attribute_keys_there_is_the_text_and_its_length() -> None:
    features = Features(ENCODER)
    x = features.transform(["hello there"])
    assert x.shape == (1, features.n_features) == (1, 9)
    assert x.dtype == np.float64
    assert (x[0, :8] == ENCODER.encode(["hello there"])[0]).all()


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, -1.5), (round(math.exp(6.0)) - 1, 0.0), (round(math.exp(7.0)) - 1, 0.5), (10**6, 1.5)],
)
def test_the_length_is_scaled_by_constants(length: int, expected: float) -> None:
    assert Features(ENCODER).transform(["x" * length])[0, 8] == pytest.approx(expected, abs=2e-3)


def test_an_attribute_is_one_column_of_its_own_block() -> None:
    features = Features(ENCODER, attribute_keys=("task", "client"), attribute_dims=16)
    x = features.transform(
        ["a", "b", "c"],
        [{"task": "arc", "client": "one"}, {"task": "boolq", "client": "one"}, {"other": "y"}],
    )
    task, client = x[:, 9:25], x[:, 25:]
    assert task.sum(axis=1).tolist() == client.sum(axis=1).tolist() == [1.0, 1.0, 0.0]
    assert (task[0] != task[1]).any()
    assert (client[0] == client[1]).all()


def test_the_same_value_of_another_key_is_another_column() -> None:
    x = Features(ENCODER, ("task", "route"), attribute_dims=64).transform(
        ["a"], [{"task": "v", "route": "v"}]
    )
    assert x[0, 9:73].argmax() != x[0, 73:].argmax()


def test_attributes_have_to_come_with_every_text() -> None:
    with pytest.raises(ValueError, match="2 texts, but the attributes of 1"):
        Features(ENCODER, ("task",)).transform(["a", "b"], [{"task": "v"}])


def test_assembling_what_was_encoded_before_gives_the_same() -> None:
    features, texts = Features(ENCODER, ("task",)), ["a b c", "d"]
    attributes = [{"task": "one"}, {"task": "two"}]
    assembled = features.assemble(ENCODER.encode(texts), texts, attributes)
    assert (assembled == features.transform(texts, attributes)).all()


def test_identity_differs_with_every_setting() -> None:
    variants = [
        Features(ENCODER),
        Features(HashedNgrams(dims=16)),
        Features(ENCODER, ("task",)),
        Features(ENCODER, ("task", "route")),
        Features(ENCODER, ("task,route",)),
        Features(ENCODER, ("task",), attribute_dims=8),
    ]
    assert len({features.identity for features in variants}) == len(variants)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="attribute_dims"):
        Features(ENCODER, ("task",), attribute_dims=0)
    with pytest.raises(SettingError, match="must differ"):
        Features(ENCODER, ("task", "task"))
