from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from messplus.encoders import EncodingCache, HashedNgrams, Vectors, encode_cached

TEXTS = ["one text", "another text", "a third"]


@dataclass
class Counting:
    """Encodes with hashed n-grams and counts how many texts it was asked for."""

    identity: str = "counting"
    n_features: int = 8
    asked: list[int] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(len(texts))
        return HashedNgrams(dims=8).encode(texts)


def test_the_second_time_is_read_from_disk(tmp_path: Path) -> None:
    first = encode_cached(Counting(), TEXTS, tmp_path / "cache")
    counting = Counting()
    again = encode_cached(counting, TEXTS, tmp_path / "cache")
    assert (again.vectors == first.vectors).all()
    assert again.seconds == first.seconds > 0  # what it took when it was made
    assert counting.asked == []


def test_without_a_folder_nothing_is_stored() -> None:
    encoder = Counting()
    encode_cached(encoder, TEXTS, None)
    encode_cached(encoder, TEXTS, None)
    assert encoder.asked == [3, 3]


@pytest.mark.parametrize(
    ("identity", "texts"),
    [
        ("other", TEXTS),
        ("counting", TEXTS[::-1]),
        ("counting", TEXTS[:2]),
        ("counting", ["one tex", "tanother text", "a third"]),
    ],
)
def test_another_identity_or_text_is_another_file(
    tmp_path: Path, identity: str, texts: list[str]
) -> None:
    cache = EncodingCache(tmp_path)
    assert cache.path(Counting(), TEXTS) != cache.path(Counting(identity=identity), texts)


@pytest.mark.parametrize(
    "damage", ["empty", "short", "garbage", "pickle", "shape", "array", "names"]
)
def test_a_damaged_file_is_encoded_anew(tmp_path: Path, damage: str) -> None:
    cache, encoder = EncodingCache(tmp_path), Counting()
    whole = cache.encode(encoder, TEXTS).vectors
    path = cache.path(encoder, TEXTS)
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "short":
            path.write_bytes(path.read_bytes()[:-4])
        case "garbage":
            path.write_bytes(b"not an array at all")
        case "pickle":
            objects = np.array([{"an": "object"}], dtype=object)
            np.savez(path, vectors=objects, seconds=1.0)
        case "shape":
            np.savez(path, vectors=np.zeros((1, 8), dtype=np.float32), seconds=1.0)
        case "array":
            with path.open("wb") as file:
                np.save(file, whole)
        case "names":
            np.savez(path, other=whole)
    assert (cache.encode(encoder, TEXTS).vectors == whole).all()
    assert encoder.asked == [3, 3]
    assert (cache.encode(encoder, TEXTS).vectors == whole).all()  # and stored again
    assert encoder.asked == [3, 3]


def test_progress_is_reported_per_chunk_and_not_on_a_hit(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(1030)]
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        encode_cached(HashedNgrams(), texts, tmp_path, lambda done, n: seen.append((done, n)))
    assert seen == [(1024, 1030), (1030, 1030)]


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    encode_cached(Counting(), TEXTS, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


def test_a_folder_that_cannot_be_written_costs_no_encoding(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    vectors = encode_cached(Counting(), TEXTS, tmp_path / "file").vectors
    assert (vectors == HashedNgrams(dims=8).encode(TEXTS)).all()
