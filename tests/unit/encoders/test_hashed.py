import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.encoders import HashedNgrams
from messplus.errors import SettingError


@given(st.lists(st.text(), max_size=6), st.sampled_from([1, 2]))
def test_a_vector_has_length_one_unless_the_text_is_blank(texts: list[str], ngrams: int) -> None:
    norms = np.linalg.norm(HashedNgrams(dims=8, ngrams=ngrams).encode(texts), axis=1)
    for text, norm in zip(texts, norms, strict=True):
        # Signs may cancel in a bucket, so a text with tokens may also have the zero vector.
        assert norm == pytest.approx(1.0, abs=1e-6) or norm == 0.0
        assert text.strip() or norm == 0.0


def test_a_text_has_the_length_one_vector_of_its_counts() -> None:
    one, three = HashedNgrams(dims=4096).encode(["dog", "dog dog dog cat"])
    bucket = int(np.argmax(np.abs(one)))
    cat = HashedNgrams(dims=4096).encode(["cat"])[0]
    count = 1.0 + np.log(3.0)
    assert three == pytest.approx((count * one + cat) / np.hypot(count, 1.0), abs=1e-6)
    assert abs(one[bucket]) == 1.0


def test_case_and_white_space_do_not_matter() -> None:
    one, other = HashedNgrams().encode(["What  is\nlove", "what is LOVE"])
    assert (one == other).all()


def test_words_alone_forget_their_order_and_pairs_keep_it() -> None:
    texts = ["dog bites man", "man bites dog"]
    words = HashedNgrams(ngrams=1).encode(texts)
    pairs = HashedNgrams(dims=256, ngrams=2).encode(texts)
    assert (words[0] == words[1]).all()
    assert (pairs[0] != pairs[1]).any()


def test_pairs_do_not_reach_from_one_text_into_the_next() -> None:
    encoder = HashedNgrams(dims=256, ngrams=2)
    together = encoder.encode(["a b", "c d"])
    assert (together == np.concatenate([encoder.encode(["a b"]), encoder.encode(["c d"])])).all()


def test_a_number_is_read_digit_by_digit() -> None:
    spaced, joined = HashedNgrams().encode(["1 2 3", "123"])
    assert (spaced == joined).all()


def test_vectors_do_not_depend_on_the_block_they_are_made_in() -> None:
    texts = [f"text number {i} of many" for i in range(4100)]
    assert (HashedNgrams().encode(texts)[-1] == HashedNgrams().encode(texts[-1:])[0]).all()


def test_vectors_are_the_same_in_every_process() -> None:
    code = (
        "from messplus.encoders import HashedNgrams;"
        "print(HashedNgrams(dims=8).encode(['the same everywhere']).tobytes().hex())"
    )
    # Two hash seeds: Python's own hash of a string would differ between the two.
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_text_beyond_max_chars_is_not_read() -> None:
    encoder = HashedNgrams(max_chars=5)
    assert (encoder.encode(["hello world"]) == encoder.encode(["hello"])).all()


def test_text_that_is_no_valid_unicode_is_encoded() -> None:
    assert np.isfinite(HashedNgrams().encode(["lone surrogate \ud800 here"])).all()


@pytest.mark.parametrize("setting", [{"dims": 0}, {"dims": 5000}, {"ngrams": 3}, {"max_chars": 0}])
def test_settings_out_of_range_are_refused(setting: dict[str, int]) -> None:
    with pytest.raises(SettingError, match=next(iter(setting))):
        HashedNgrams(**setting)
