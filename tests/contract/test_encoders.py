"""What every encoder promises, whatever it is made of (those that need models: see their tests)."""

import pickle
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messplus.encoders import Encoder, Features, encoder_from_spec

SPECS = ["hashed", "hashed:dims=7,ngrams=2"]
if find_spec("wordllama") is not None:
    SPECS += ["static", "static:dims=256"]

TEXTS = [
    "What is the capital of France?",
    "",
    "def f(x):\n    return x ** 2  # 123",
    "ein Satz, 一个句子, одно предложение \U0001f600",
    "word " * 5000,
    "\x00 control \ud800 surrogate",
]
TOLERANCE = 1e-6


@pytest.fixture(scope="module", params=SPECS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return encoder_from_spec(request.param)


def test_vectors_are_float32_finite_and_of_the_stated_width(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.n_features)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_no_text_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.n_features)


@settings(max_examples=25)
@given(texts=st.lists(st.text(max_size=40) | st.sampled_from(TEXTS), min_size=1, max_size=5))
def test_a_vector_depends_on_its_own_text_alone(encoder: Encoder, texts: list[str]) -> None:
    """Replay = live: a stream encoded at once gives what its requests give one by one."""
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), alone, atol=TOLERANCE)


def test_a_vector_has_length_one_or_zero(encoder: Encoder) -> None:
    norms = np.linalg.norm(encoder.encode(TEXTS), axis=1)
    assert norms[[0, 2, 3, 4, 5]] == pytest.approx(np.ones(5), abs=1e-5)
    assert norms[1] == 0.0


def test_a_copy_of_an_encoder_has_its_identity_and_vectors(encoder: Encoder) -> None:
    copy: Encoder = pickle.loads(pickle.dumps(encoder))
    assert copy.identity == encoder.identity
    assert (copy.encode(TEXTS) == encoder.encode(TEXTS)).all()


def test_features_hold_it(encoder: Encoder) -> None:
    features = Features(encoder, attribute_keys=("task",))
    x = features.transform(TEXTS, [{"task": "t"}] * len(TEXTS))
    assert x.shape == (len(TEXTS), features.n_features)
    assert encoder.identity in features.identity


def test_identities_differ() -> None:
    identities = [encoder_from_spec(spec).identity for spec in SPECS]
    assert len(set(identities)) == len(SPECS)
